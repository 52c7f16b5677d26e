#include <check.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

#include "comm/post.h"

enum { RANKS = 4 };

static const beacon_token token = {{0x0123456789abcdef, 42}};
static const beacon report = {.kind = BEACON_REPORT,
                              .rank = 3,
                              .address = 2,
                              .sequence = 77,
                              .idle_ms = 61234,
                              .state = {.phase = WATCH_PICTURES, .waits = 1, .step = 812, .collective = 30211},
                              .spent = {.waiting = 123456789, .pictures = 7}};

static void same(const beacon *a, const beacon *b)
{
    ck_assert(a->kind == b->kind && a->rank == b->rank && a->address == b->address && a->sequence == b->sequence);
    ck_assert(a->idle_ms == b->idle_ms && a->state.phase == b->state.phase && a->state.waits == b->state.waits);
    ck_assert(a->state.step == b->state.step && a->state.collective == b->state.collective);
    ck_assert(a->spent.waiting == b->spent.waiting && a->spent.pictures == b->spent.pictures);
}

START_TEST(reads_back)
{
    uint8_t bytes[BEACON_SIZE];
    beacon b;
    beacon_write(bytes, &report, &token);
    ck_assert(beacon_read(&b, bytes, sizeof bytes, &token, RANKS));
    same(&b, &report);
    beacon most = report;
    most.kind = BEACON_ANSWER;
    most.sequence = most.state.step = most.state.collective = UINT64_MAX;
    most.spent = (watch_spent){UINT64_MAX, UINT64_MAX};
    most.state.phase = (watch_phase)(WATCH_PHASE_COUNT - 1);
    beacon_write(bytes, &most, &token);
    ck_assert(beacon_read(&b, bytes, sizeof bytes, &token, RANKS));
    same(&b, &most);
}
END_TEST

START_TEST(has_one_form_on_all_machines)
{
    static const uint8_t expected[] = {'L', 'S', 'W', 'D', 0, 2, 1, 1,  0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                       0,   0,   0,   0,   0, 0, 0, 42, 0,    0,    0,    3,    0,    0,    0,    2};
    uint8_t bytes[BEACON_SIZE];
    beacon_write(bytes, &report, &token);
    ck_assert(memcmp(bytes, expected, sizeof expected) == 0);
}
END_TEST

static void refused(const beacon *b, const beacon_token *by, int ranks)
{
    uint8_t bytes[BEACON_SIZE];
    beacon got;
    beacon_write(bytes, b, by);
    ck_assert(!beacon_read(&got, bytes, sizeof bytes, &token, ranks));
}

START_TEST(refuses_what_is_out_of_range)
{
    const beacon_token other = {{0x0123456789abcdef, 43}};
    refused(&report, &other, RANKS);
    refused(&report, &token, 3);
    beacon b = report;
    b.kind = (beacon_kind)3;
    refused(&b, &token, RANKS);
    b.kind = (beacon_kind)0;
    refused(&b, &token, RANKS);
    b = report;
    b.address = BEACON_MOST_ADDRESSES;
    refused(&b, &token, RANKS);
    b = report;
    b.state.phase = WATCH_PHASE_COUNT;
    refused(&b, &token, RANKS);
    b = report;
    b.idle_ms = UINT64_MAX;
    refused(&b, &token, RANKS);
}
END_TEST

/* Whatever comes from the network: cut, longer, or with any one byte changed. */
START_TEST(refuses_what_is_damaged)
{
    uint8_t bytes[BEACON_SIZE + 1] = {0};
    beacon b;
    beacon_write(bytes, &report, &token);
    for (size_t size = 0; size <= BEACON_SIZE + 1; size++) {
        ck_assert(beacon_read(&b, bytes, size, &token, RANKS) == (size == BEACON_SIZE));
    }
    const size_t header = 24; /* magic, version, kind, waits, token */
    for (size_t i = 0; i < header; i++) {
        for (int value = 0; value < 256; value++) {
            uint8_t changed[BEACON_SIZE];
            memcpy(changed, bytes, sizeof changed);
            changed[i] = (uint8_t)value;
            const int fine = value == bytes[i] || (i == 6 && value == BEACON_ANSWER) || (i == 7 && value <= 1);
            ck_assert_msg(beacon_read(&b, changed, sizeof changed, &token, RANKS) == fine, "byte %zu: %d", i, value);
        }
    }
}
END_TEST

/* One that was sent: the system may hand it over some time after that. */
static int take(int socket, beacon *b, struct sockaddr_in *from, const beacon_token *by)
{
    enum { MOST_MS = 600000 };
    struct pollfd events = {.fd = socket, .events = POLLIN};
    ck_assert_int_eq(poll(&events, 1, MOST_MS), 1);
    return post_take(socket, b, from, by, RANKS);
}

START_TEST(goes_over_a_socket)
{
    post_place place;
    beacon b;
    struct sockaddr_in from;
    const int here = post_open();
    const int there = post_open();
    ck_assert(here >= 0 && there >= 0);
    post_describe(&place, here);
    ck_assert(place.port != 0 && place.count >= 1 && place.count <= BEACON_MOST_ADDRESSES);
    ck_assert(place.token.words[0] != 0 || place.token.words[1] != 0);
    ck_assert(post_take(here, &b, &from, &place.token, RANKS) == -1);
    const struct sockaddr_in to = post_address(&place, 0);
    ck_assert(sendto(there, "noise", 5, 0, (const struct sockaddr *)&to, sizeof to) == 5);
    post_send(there, &report, &token, &to); /* of another job */
    post_send(there, &report, &place.token, &to);
    ck_assert(take(here, &b, &from, &place.token) == 0);
    ck_assert(take(here, &b, &from, &place.token) == 0);
    ck_assert(take(here, &b, &from, &place.token) == 1);
    same(&b, &report);
    post_send(here, &report, &place.token, &from); /* an answer finds its way back */
    ck_assert(take(there, &b, &from, &place.token) == 1);
    ck_assert(post_take(here, &b, &from, &place.token, RANKS) == -1);
    (void)close(here);
    (void)close(there);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("beacon");
    tcase_add_test(cases, reads_back);
    tcase_add_test(cases, has_one_form_on_all_machines);
    tcase_add_test(cases, refuses_what_is_out_of_range);
    tcase_add_test(cases, refuses_what_is_damaged);
    tcase_add_test(cases, goes_over_a_socket);
    return suite_run("beacon", cases);
}
