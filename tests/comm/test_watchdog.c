#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "comm/comm_private.h"
#include "comm/guard.h"
#include "comm/watchdog_private.h"

enum { RANKS = 3, MOST_MS = 600000 };

/* What is written to standard error from listen_in() on: so far, and when it is over. */
static int saved = -1, captured = -1;
static char heard[8192];

static void listen_in(void)
{
    (void)fflush(stderr);
    saved = dup(STDERR_FILENO);
    captured = memfd_create("standard error", MFD_CLOEXEC);
    ck_assert(saved >= 0 && captured >= 0);
    ck_assert(dup2(captured, STDERR_FILENO) >= 0);
}

static const char *said_so_far(void)
{
    const ssize_t n = pread(captured, heard, sizeof heard - 1, 0);
    heard[n > 0 ? n : 0] = '\0';
    return heard;
}

static const char *said(void)
{
    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
    (void)said_so_far();
    (void)close(captured);
    return heard;
}

/* Three ranks in one process, whose threads are not started, and whose clocks the test moves. */
static watchdog dogs[RANKS];
static watchdog_peer peers[RANKS][RANKS];
static stall_rank table[RANKS];
static pace_rank paces[RANKS][RANKS];
static uint32_t reachable; /* the one of rank 0's addresses that leads to it */

static void make_job(double stall, double abort)
{
    const comm_timeouts t = {stall, abort};
    for (int r = 0; r < RANKS; r++) {
        watchdog *w = &dogs[r];
        *w = (watchdog){
            .rank = r, .size = RANKS, .socket = post_open(), .peers = peers[r], .table = table, .paces = paces[r]};
        ck_assert(w->socket >= 0);
        memset(peers[r], 0, sizeof peers[r]);
        memset(paces[r], 0, sizeof paces[r]);
        (void)snprintf(w->name.host, sizeof w->name.host, "here");
        w->name.pid = 100 + r;
        watchdog_set(w, &t);
    }
    post_describe(&dogs[0].place, dogs[0].socket);
    dogs[0].place.count = 1; /* whatever networks this machine has */
    reachable = 0;
    for (int r = 0; r < RANKS; r++) {
        dogs[r].place = dogs[0].place;
        peers[r][0].name = dogs[0].name;
        peers[0][r].name = dogs[r].name;
    }
}

static void end_job(void)
{
    for (int r = 0; r < RANKS; r++) {
        (void)close(dogs[r].socket);
    }
}

/* Until rank r knows what `from` has sent: the system may hand a datagram over some time after it was sent. */
static void receive(int r, int from, uint64_t sequence)
{
    struct pollfd events = {.fd = dogs[r].socket, .events = POLLIN};
    while (peers[r][from].sequence < sequence) {
        ck_assert_int_eq(poll(&events, 1, MOST_MS), 1);
        watchdog_receive(&dogs[r]);
    }
}

/* A second passes; ranks whose bit is in `alive` talk, which takes no time; the bit in `busy`: makes progress. */
static void second(unsigned alive, unsigned busy)
{
    for (int r = 0; r < RANKS; r++) {
        dogs[r].now += 1;
        if (busy >> r & 1) {
            dogs[r].progressed = dogs[r].latest = dogs[r].now;
        }
    }
    unsigned answered = 0;
    for (int r = 1; r < RANKS; r++) {
        if (alive >> r & 1) {
            watchdog_send(&dogs[r]);
            answered |= (unsigned)(alive & 1 && dogs[r].address == reachable) << r;
        }
    }
    for (int r = 1; r < RANKS; r++) {
        if (answered >> r & 1) {
            receive(0, r, dogs[r].sequence);
        }
    }
    for (int r = 1; r < RANKS; r++) {
        if (answered >> r & 1) {
            receive(r, 0, dogs[r].sequence);
        }
    }
}

static double idle(int r)
{
    return dogs[r].now - dogs[r].latest;
}

START_TEST(all_know_of_each_other_s_progress)
{
    make_job(10, 20);
    for (int i = 0; i < 4; i++) {
        second(7, 7);
    }
    ck_assert(peers[0][1].reported && peers[0][2].reported && peers[1][0].reported && peers[2][0].reported);
    ck_assert(peers[0][1].when == dogs[0].now && peers[1][0].when == dogs[1].now);
    /* Rank 2 works, and the others wait for it: nobody takes that for a stall. */
    for (int i = 0; i < 100; i++) {
        second(7, 4);
    }
    ck_assert(idle(2) == 0 && idle(0) <= 0.01 && idle(1) <= 2);
    end_job();
}
END_TEST

START_TEST(a_silent_rank_is_reported_once)
{
    make_job(10, 1000);
    second(7, 7);
    listen_in();
    for (int i = 0; i < 30; i++) {
        second(3, 0);
        watchdog_check(&dogs[0]);
        watchdog_check(&dogs[1]);
    }
    const char *text = said();
    ck_assert_msg(strncmp(text,
                          "lockstep[0]: stall: no progress for 10 s; after 1000 s (timeouts.abort) the job ends\n",
                          80) == 0,
                  "%s", text);
    ck_assert(strstr(text,
                     "lockstep[0]: stall: rank 2 on here (pid 102) has not been heard from for 10 s: stopped, dead "
                     "or cut off\n") != NULL);
    ck_assert(strstr(text, "no progress for 11 s;") == NULL && strstr(text, "lockstep[1]") == NULL);
    listen_in();
    second(7, 7);
    watchdog_check(&dogs[0]);
    second(7, 7);
    watchdog_check(&dogs[0]);
    ck_assert_str_eq(said(), "lockstep[0]: stall: over, it took 30 s\n");
    end_job();
}
END_TEST

START_TEST(other_threads_learn_who_is_waited_for)
{
    comm_standing s;
    make_job(1000, 0);
    ck_assert_int_eq(watchdog_standing(&dogs[0], &s), 0);
    for (int i = 0; i < 3; i++) {
        second(7, 7);
        watchdog_tell(&dogs[0]);
        watchdog_tell(&dogs[1]); /* which knows too little */
    }
    ck_assert_int_eq(watchdog_standing(&dogs[1], &s), 0);
    ck_assert_int_eq(watchdog_standing(&dogs[0], &s), 1);
    ck_assert(s.idle == 0 && s.slowest >= 0);
    ck_assert_str_eq(s.waited, "");
    ck_assert_str_eq(s.slowest_host, "here");
    for (int i = 0; i < 5; i++) {
        second(3, 0);
        watchdog_tell(&dogs[0]);
    }
    ck_assert_int_eq(watchdog_standing(&dogs[0], &s), 1);
    ck_assert(s.idle == 5);
    ck_assert_str_eq(s.waited, "rank 2 on here (pid 102) has not been heard from for 5 s: stopped, dead or cut off");
    end_job();
}
END_TEST

START_TEST(without_rank_0_each_reports_itself)
{
    make_job(10, 1000);
    second(7, 7);
    listen_in();
    for (int i = 0; i < 12; i++) {
        second(6, 0);
        watchdog_check(&dogs[1]);
    }
    const char *text = said();
    ck_assert_msg(
        strstr(text, "lockstep[1]: stall: no progress for 10 s; ") != NULL &&
            strstr(text, "rank 0 on here (pid 100) has not been heard from for 10 s: stopped, dead or cut off\n"),
        "%s", text);
    end_job();
}
END_TEST

START_TEST(foreign_datagrams_change_nothing)
{
    beacon b = {.kind = BEACON_REPORT, .rank = 1, .sequence = 1000};
    make_job(10, 20);
    second(7, 7);
    const struct sockaddr_in to = post_address(&dogs[0].place, 0);
    const beacon_token token = dogs[0].place.token;
    const watchdog_peer before = peers[0][1];
    const beacon_token wrong = {{token.words[0], token.words[1] + 1}};
    post_send(dogs[2].socket, &b, &wrong, &to);
    b.kind = BEACON_ANSWER; /* nobody answers rank 0 */
    post_send(dogs[2].socket, &b, &token, &to);
    b.kind = BEACON_REPORT;
    b.sequence = before.sequence; /* a late one */
    post_send(dogs[2].socket, &b, &token, &to);
    b.rank = 0;
    post_send(dogs[2].socket, &b, &token, &to);
    dogs[0].now += 5;
    watchdog_send(&dogs[2]); /* comes after all of these */
    receive(0, 2, dogs[2].sequence);
    ck_assert(memcmp(&before, &peers[0][1], sizeof before) == 0 && !peers[0][0].reported);
    end_job();
}
END_TEST

/* Rank 0 has other addresses than the one that leads there. */
START_TEST(addresses_are_tried_in_turn)
{
    make_job(10, 20);
    dogs[1].place.count = 3;
    dogs[1].place.addresses[2] = dogs[1].place.addresses[0];
    dogs[1].place.addresses[1] = htonl(0x7f000105); /* nobody listens there */
    dogs[1].place.addresses[0] = htonl(0x7f000106);
    dogs[0].place.count = 3;
    reachable = 2;
    (void)snprintf(dogs[1].name.host, sizeof dogs[1].name.host, "elsewhere");
    close(dogs[0].socket);
    dogs[0].socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in only = post_address(&dogs[1].place, 2);
    socklen_t size = sizeof only;
    only.sin_port = 0; /* another process may have taken the one that was given up */
    ck_assert(bind(dogs[0].socket, (const struct sockaddr *)&only, sizeof only) == 0);
    ck_assert(getsockname(dogs[0].socket, (struct sockaddr *)&only, &size) == 0);
    dogs[1].place.port = only.sin_port;
    for (int i = 0; i < 4; i++) {
        second(3, 3);
    }
    ck_assert(peers[0][1].reported && peers[1][0].reported && dogs[1].address == 2);
    end_job();
}
END_TEST

START_TEST(intervals_follow_timeouts)
{
    ck_assert(watchdog_interval(&(comm_timeouts){60, 300}, 2) == 1 &&
              watchdog_interval(&(comm_timeouts){0, 0}, 2) == 1);
    ck_assert(watchdog_interval(&(comm_timeouts){0, 4}, 2) == 0.5);
    ck_assert(watchdog_interval(&(comm_timeouts){2, 4}, 2) == 0.25);
    ck_assert(watchdog_interval(&(comm_timeouts){0.01, 4}, 2) == 0.1);
    ck_assert(watchdog_interval(&(comm_timeouts){60, 300}, 4096) == 4);
    ck_assert(watchdog_interval(&(comm_timeouts){60, 300}, 1 << 20) == 7.5);
}
END_TEST

/* What a child that does this writes to standard error, in *text; returns its status. */
static int child(void (*work)(void), const char **text)
{
    int status = 0;
    listen_in();
    const pid_t pid = fork();
    if (pid == 0) {
        work();
        _exit(EXIT_DONE);
    }
    ck_assert(pid > 0 && waitpid(pid, &status, 0) == pid);
    *text = said();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(beats_are_progress)
{
    const comm_timeouts t = {1.5, 3};
    double now = 1000;
    dogs[0] = (watchdog){.size = 1, .socket = -1, .peers = peers[0], .table = table, .paces = paces[0]};
    memset(peers[0], 0, sizeof peers[0]);
    watchdog_set(&dogs[0], &t);
    listen_in();
    for (int i = 0; i < 800; i++) {
        watch_beat();
        now += i < 400 ? 0.01 : 1;
        (void)watchdog_turn(&dogs[0], now);
    }
    ck_assert_str_eq(said(), "");
    listen_in();
    (void)watchdog_turn(&dogs[0], now + 1.4);
    ck_assert_str_eq(said_so_far(), "");
    (void)watchdog_turn(&dogs[0], now + 1.7);
    ck_assert_msg(strncmp(said_so_far(), "lockstep: stall: no progress for 2 s; after 3 s ", 48) == 0, "%s", heard);
    watch_beat();
    (void)watchdog_turn(&dogs[0], now + 2.9);
    (void)watchdog_turn(&dogs[0], now + 4.3);
    const char *over = strstr(said(), "lockstep: stall: over, ");
    ck_assert_msg(over != NULL && strcmp(over, "lockstep: stall: over, it took 2 s\n") == 0, "%s", heard);
}
END_TEST

/* In a child, whose limit for a stall has to be short, and the one for the end too long to come first by itself. */
static void wait_until_said(const char *text)
{
    while (strstr(said_so_far(), text) == NULL) {
        (void)poll(NULL, 0, 10);
    }
}

/* One process, no MPI: nothing of it is called for a single rank. */
static watchdog *start_alone(void)
{
    static comm c = {.size = 1, .host = "here"};
    const comm_timeouts t = {0.3, 1000};
    watchdog *w = NULL;
    watch_this_thread();
    (void)watch_enter(WATCH_LOADING);
    if (watchdog_start(&w, &c) != LS_OK) {
        _exit(EXIT_FAILED);
    }
    watchdog_set(w, &t);
    return w;
}

static void hang(void)
{
    const comm_timeouts t = {0.3, 3};
    watchdog *w = start_alone();
    wait_until_said(" (timeouts.abort) the job ends\n");
    watchdog_set(w, &t);
    for (;;) {
        (void)pause();
    }
}

START_TEST(a_hanging_process_ends)
{
    const char *text = NULL;
    const int status = child(hang, &text);
    ck_assert_msg(status == EXIT_STALLED && strstr(text, "Sanitizer") == NULL, "%d %s", status, text);
    ck_assert_msg(strncmp(text, "lockstep: stall: no progress for ", 33) == 0 &&
                      strstr(text, " s; after 1000 s (timeouts.abort) the job ends\n") &&
                      strstr(text, "has been in 'reading a checkpoint' for ") &&
                      strstr(text, "(timeouts.abort is 3); exit status 76\n"),
                  "%s", text);
}
END_TEST

/* However late its beats come and are seen: sooner or later they end the stall. */
static void work_on(void)
{
    watchdog *w = start_alone();
    wait_until_said(" (timeouts.abort) the job ends\n");
    while (strstr(said_so_far(), "lockstep: stall: over, it took ") == NULL) {
        watch_beat();
        (void)poll(NULL, 0, 10);
    }
    watchdog_stop(w);
}

START_TEST(a_working_process_goes_on)
{
    const char *text = NULL;
    ck_assert_msg(child(work_on, &text) == EXIT_DONE && strstr(text, "Sanitizer") == NULL, "%s", text);
}
END_TEST

static void start_late(void)
{
    guard *g = NULL;
    (void)setenv("LOCKSTEP_START_TIMEOUT", "1", 1);
    (void)guard_begin(&g);
    for (;;) {
        (void)pause();
    }
}

static void start_in_time(void)
{
    guard *g = NULL;
    (void)setenv("LOCKSTEP_START_TIMEOUT", "1000", 1);
    if (guard_begin(&g) != LS_OK || g == NULL) {
        _exit(EXIT_FAILED);
    }
    guard_end(g);
    (void)setenv("LOCKSTEP_START_TIMEOUT", "0", 1);
    if (guard_begin(&g) != LS_OK || g != NULL) {
        _exit(EXIT_FAILED);
    }
    const char *const wrong[] = {"", "soon", "-1", "1000001", "3 s", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        (void)setenv("LOCKSTEP_START_TIMEOUT", wrong[i], 1);
        if (guard_begin(&g) != LS_EUSAGE || g != NULL || strstr(error_message(), "LOCKSTEP_START_TIMEOUT") == NULL) {
            _exit(EXIT_FAILED);
        }
    }
}

START_TEST(the_start_is_limited)
{
    const char *text = NULL;
    ck_assert_int_eq(child(start_late, &text), EXIT_STALLED);
    ck_assert_msg(strstr(text, "MPI has not started in 1 s (LOCKSTEP_START_TIMEOUT)") != NULL, "%s", text);
    ck_assert_int_eq(child(start_in_time, &text), EXIT_DONE);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("watchdog");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, all_know_of_each_other_s_progress);
    tcase_add_test(cases, a_silent_rank_is_reported_once);
    tcase_add_test(cases, other_threads_learn_who_is_waited_for);
    tcase_add_test(cases, without_rank_0_each_reports_itself);
    tcase_add_test(cases, foreign_datagrams_change_nothing);
    tcase_add_test(cases, addresses_are_tried_in_turn);
    tcase_add_test(cases, intervals_follow_timeouts);
    tcase_add_test(cases, beats_are_progress);
    tcase_add_test(cases, a_hanging_process_ends);
    tcase_add_test(cases, a_working_process_goes_on);
    tcase_add_test(cases, the_start_is_limited);
    return suite_run("watchdog", cases);
}
