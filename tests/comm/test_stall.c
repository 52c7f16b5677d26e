#include <check.h>
#include <stdio.h>
#include <string.h>

#include "suite.h"

#include "comm/stall.h"

enum { RANKS = 5, MANY = 5000 };

static const double silence = 30;

/* All wait in collective 812 of step 40, and are heard. */
static void all_wait(stall_rank *ranks, int n)
{
    for (int r = 0; r < n; r++) {
        ranks[r] = (stall_rank){"node", 1000 + r, 1, r == 0 ? 0 : 0.5, 61, {WATCH_FORWARD, 1, 40, 812, 0}};
    }
}

static void judged(const stall_rank *ranks, int n, stall_cause cause, int rank, int others, const char *conclusion)
{
    char text[4096];
    const stall_verdict v = stall_find_cause(ranks, n, silence);
    ck_assert_msg(v.cause == cause && v.rank == rank && v.others == others, "cause %d, rank %d, others %d",
                  (int)v.cause, v.rank, v.others);
    const size_t length = stall_describe(text, sizeof text, "> ", ranks, n, silence);
    ck_assert(length == strlen(text) && length > 0 && text[length - 1] == '\n');
    const char *last = text + length - 1;
    while (last > text && last[-1] != '\n') {
        last--;
    }
    ck_assert_msg(strncmp(last, "> ", 2) == 0 && strstr(last, conclusion) != NULL, "'%s' is not in: %s", conclusion,
                  last);
}

START_TEST(a_silent_rank_is_waited_for)
{
    stall_rank ranks[RANKS];
    all_wait(ranks, RANKS);
    ranks[2].host = "node3";
    ranks[2].pid = 4711;
    ranks[2].silent = 62;
    judged(ranks, RANKS, STALL_SILENT, 2, 0,
           "rank 2 on node3 (pid 4711) has not been heard from for 62 s: stopped, dead or cut off");
    ranks[4].silent = 61;
    judged(ranks, RANKS, STALL_SILENT, 2, 1, "(so it is with 1 more)");
    /* Its silence counts for more than what another does, as that one may wait for it in a way of its own. */
    ranks[1].state.waits = 0;
    judged(ranks, RANKS, STALL_SILENT, 2, 1, "rank 2 on node3");
}
END_TEST

START_TEST(a_rank_outside_is_waited_for)
{
    stall_rank ranks[RANKS];
    all_wait(ranks, RANKS);
    ranks[1].state = (watch_state){WATCH_PICTURES, 0, 40, 811, 0};
    ranks[1].idle = 65;
    judged(
        ranks, RANKS, STALL_BUSY, 1, 0,
        "rank 1 on node (pid 1001) has been in 'waiting for pictures' for 65 s; the others wait for it in collective "
        "812");
    ranks[0].state = (watch_state){WATCH_SAVING, 0, 40, 810, 0};
    judged(ranks, RANKS, STALL_BUSY, 0, 1, "'writing a checkpoint' for 61 s (so it is with 1 more)");
}
END_TEST

START_TEST(one_process_waits_for_itself)
{
    const stall_rank alone = {"node", 1, 1, 0, 65, {WATCH_OPENING, 0, 0, 0, 0}};
    char text[4096];
    judged(&alone, 1, STALL_BUSY, 0, 0, "has been in 'opening the data set' for 65 s\n");
    (void)stall_describe(text, sizeof text, "", &alone, 1, silence);
    ck_assert(strstr(text, "others") == NULL);
}
END_TEST

START_TEST(a_rank_behind_is_waited_for)
{
    stall_rank ranks[RANKS];
    all_wait(ranks, RANKS);
    judged(ranks, RANKS, STALL_ALL, 0, 4, "all ranks wait in collective 812");
    ranks[3].state.collective = 811;
    judged(ranks, RANKS, STALL_BEHIND, 3, 0, "rank 3 on node (pid 1003) waits in collective 811, others in 812");
    ranks[1].state.collective = 811;
    judged(ranks, RANKS, STALL_BEHIND, 1, 1, "rank 1");
}
END_TEST

START_TEST(a_rank_never_heard_is_the_last_guess)
{
    stall_rank ranks[RANKS];
    all_wait(ranks, RANKS);
    ranks[1].reported = 0;
    ranks[4].reported = 0;
    judged(ranks, RANKS, STALL_NO_REPORT, 1, 1, "rank 1 on node (pid 1001) was never heard from");
    ranks[2].state.waits = 0;
    judged(ranks, RANKS, STALL_BUSY, 2, 0, "rank 2");
    ranks[0].state.waits = ranks[3].state.waits = 0; /* nobody is known to wait */
    judged(ranks, RANKS, STALL_BUSY, 0, 2, "so it is with 2 more)\n");
}
END_TEST

START_TEST(large_jobs_are_cut_short)
{
    static stall_rank ranks[MANY];
    char text[4096];
    all_wait(ranks, MANY);
    ranks[4321].silent = 60;
    ranks[17].state.waits = 0;
    const size_t length = stall_describe(text, sizeof text, "", ranks, MANY, silence);
    int lines = 0;
    for (size_t i = 0; i < length; i++) {
        lines += text[i] == '\n';
    }
    ck_assert_int_eq(lines, 10);
    ck_assert(strstr(text, "and 4992 more\n") != NULL);
    /* Those waited for come first. */
    ck_assert(strncmp(text,
                      "  rank 4321 on node (pid 5321): step 40, forward, waits in collective 812, no progress for "
                      "61 s, last heard from 60 s ago\n  rank 17 on",
                      120) == 0);
}
END_TEST

/* Texts of any length in a buffer of any size. */
START_TEST(never_writes_past_the_end)
{
    enum { MOST = 3000 };
    static char text[MOST + 16];
    static char host[65];
    stall_rank ranks[12];
    memset(host, 'h', sizeof host - 1);
    all_wait(ranks, 12);
    for (int r = 0; r < 12; r++) {
        ranks[r].host = host;
        ranks[r].state.step = ranks[r].state.collective = UINT64_MAX;
        ranks[r].idle = 1e9;
    }
    for (size_t size = 1; size <= MOST; size++) {
        memset(text, '#', sizeof text);
        const size_t length = stall_describe(text, size, "lockstep[0]: stall: ", ranks, 12, silence);
        ck_assert(length < size && text[length] == '\0' && strlen(text) == length);
        size_t touched = 0;
        for (size_t i = size; i < sizeof text; i++) {
            touched += text[i] != '#';
        }
        ck_assert(touched == 0);
    }
}
END_TEST

START_TEST(silence_is_half_a_stall)
{
    ck_assert(stall_silence(60) == 30 && stall_silence(8) == 4 && stall_silence(1) == 3);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stall");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_silent_rank_is_waited_for);
    tcase_add_test(cases, a_rank_outside_is_waited_for);
    tcase_add_test(cases, one_process_waits_for_itself);
    tcase_add_test(cases, a_rank_behind_is_waited_for);
    tcase_add_test(cases, a_rank_never_heard_is_the_last_guess);
    tcase_add_test(cases, large_jobs_are_cut_short);
    tcase_add_test(cases, never_writes_past_the_end);
    tcase_add_test(cases, silence_is_half_a_stall);
    return suite_run("stall", cases);
}
