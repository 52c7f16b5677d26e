/* Which rank is the slowest, from made-up reports. */
#include "suite.h"

#include "comm/pace.h"

enum { RANKS = 4 };

static pace_rank ranks[RANKS];

/* So many seconds of reports, once a second; shares of each rank. */
static void report(double from, int seconds, const double *waiting, const double *pictures)
{
    for (int s = 0; s < seconds; s++) {
        for (int r = 0; r < RANKS; r++) {
            watch_spent spent = ranks[r].spent;
            spent.waiting += (uint64_t)(waiting[r] * 1e6);
            spent.pictures += (uint64_t)(pictures[r] * 1e6);
            pace_note(&ranks[r], from + s, &spent);
        }
    }
}

static void begin(void)
{
    for (int r = 0; r < RANKS; r++) {
        ranks[r] = (pace_rank){0};
    }
}

START_TEST(who_waits_least_is_slowest)
{
    const double waiting[RANKS] = {0.2, 0.3, 0.01, 0.25};
    const double pictures[RANKS] = {0, 0, 0.4, 0};
    begin();
    ck_assert_int_eq(pace_of(ranks, RANKS).rank, -1);
    report(100, 1, waiting, pictures);
    ck_assert_int_eq(pace_of(ranks, RANKS).rank, -1); /* one report makes no share */
    report(101, 20, waiting, pictures);
    const pace p = pace_of(ranks, RANKS);
    ck_assert_int_eq(p.rank, 2);
    ck_assert_double_eq_tol(p.waiting, 0.01, 1e-6);
    ck_assert_double_eq_tol(p.pictures, 0.4, 1e-6);
    ck_assert_double_eq_tol(p.others, 0.25, 1e-6);
    ck_assert_int_eq(pace_of(ranks, 1).rank, -1); /* alone there is nobody to wait for */
}
END_TEST

/* What was long ago does not count any more. */
START_TEST(the_past_is_forgotten)
{
    const double first[RANKS] = {0, 0.5, 0.5, 0.5};
    const double then[RANKS] = {0.5, 0, 0.5, 0.5};
    const double none[RANKS] = {0};
    begin();
    report(0, 1000, first, none);
    ck_assert_int_eq(pace_of(ranks, RANKS).rank, 0);
    report(1000, 60, then, none);
    const pace p = pace_of(ranks, RANKS);
    ck_assert_int_eq(p.rank, 1);
    ck_assert_double_lt(p.waiting, 0.02);
}
END_TEST

/* Reports of the same moment, a long wait that ends at once, a process that has started over. */
START_TEST(odd_reports_make_no_odd_shares)
{
    begin();
    for (int r = 0; r < RANKS; r++) {
        pace_note(&ranks[r], 10, &(watch_spent){0, 0});
        pace_note(&ranks[r], 10, &(watch_spent){1000000, 0});
        pace_note(&ranks[r], 11, &(watch_spent){UINT64_MAX, 500000});
        pace_note(&ranks[r], 12, &(watch_spent){0, 0});
        ck_assert(ranks[r].waiting >= 0 && ranks[r].waiting <= 1);
        ck_assert(ranks[r].pictures >= 0 && ranks[r].pictures <= 1);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("pace");
    tcase_add_test(cases, who_waits_least_is_slowest);
    tcase_add_test(cases, the_past_is_forgotten);
    tcase_add_test(cases, odd_reports_make_no_odd_shares);
    return suite_run("pace", cases);
}
