/* Where time went: nothing is left out, nothing is counted twice, and each phase goes where it belongs. */
#include "run/timing.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "suite.h"

static const double nap = 0.002; /* a sleep is never shorter than it was asked for */

static void spend(watch_phase phase)
{
    (void)watch_enter(phase);
    clock_sleep(nap);
}

static double sum(const double spent[SPENT_KINDS])
{
    double all = 0;
    for (int i = 0; i < SPENT_KINDS; i++) {
        all += spent[i];
    }
    return all;
}

START_TEST(kinds_of_time)
{
    timing t;
    double row[SPENT_KINDS];
    const checkpoint_epoch none = {0};
    watch_this_thread();
    const double began = clock_seconds();
    timing_start(&t, &none);
    spend(WATCH_PICTURES);
    spend(WATCH_FORWARD);
    watch_collective_begin();
    clock_sleep(nap);
    watch_collective_end();
    spend(WATCH_LOSS);
    spend(WATCH_BACKWARD);
    spend(WATCH_REDUCING);
    spend(WATCH_UPDATE);
    spend(WATCH_SAVING);
    spend(WATCH_BETWEEN);
    timing_take(&t, false);
    spend(WATCH_PICTURES); /* of a validation */
    spend(WATCH_VALIDATING);
    timing_take(&t, true);
    spend(WATCH_LOGGING);
    timing_take(&t, false);
    const double passed = clock_seconds() - began;
    timing_row(&t, row);
    ck_assert_double_ge(row[SPENT_COMPUTING], 4 * nap);
    ck_assert_double_ge(row[SPENT_PICTURES], nap);
    ck_assert_double_ge(row[SPENT_SUMS], 2 * nap);
    ck_assert_double_ge(row[SPENT_SAVING], nap);
    ck_assert_double_ge(row[SPENT_VALIDATING], 2 * nap);
    ck_assert_double_ge(row[SPENT_OTHER], 2 * nap);
    ck_assert_double_le(sum(row), passed);
    timing_take(&t, false);
    timing_row(&t, row); /* the next row has only what came after */
    ck_assert_double_eq(row[SPENT_COMPUTING], 0);
    ck_assert_double_eq(row[SPENT_VALIDATING], 0);
    timing_stop(&t);
}
END_TEST

START_TEST(goes_on_from_a_checkpoint)
{
    timing t;
    double row[SPENT_KINDS];
    checkpoint_epoch now = {.samples = 32, .spent = {[SPENT_COMPUTING] = 100, [SPENT_OTHER] = 7}};
    watch_this_thread();
    timing_start(&t, &now);
    spend(WATCH_UPDATE);
    timing_note(&t, &now);
    ck_assert_double_ge(now.spent[SPENT_COMPUTING], 100 + nap);
    timing_row(&t, row);
    ck_assert_double_ge(row[SPENT_COMPUTING], 100 + nap);
    ck_assert_double_ge(row[SPENT_OTHER], 7);
    now.samples = 0; /* between epochs a checkpoint is the same whatever time it took */
    timing_note(&t, &now);
    ck_assert(isnan(now.spent[SPENT_COMPUTING]) && isnan(now.spent[SPENT_OTHER]));
    timing_stop(&t);
    timing_start(&t, &now);
    timing_row(&t, row);
    ck_assert_double_eq(row[SPENT_COMPUTING], 0); /* not what is not known */
    timing_stop(&t);
    now = (checkpoint_epoch){.samples = 32};
    now.spent[SPENT_COMPUTING] = NAN; /* of an older program */
    timing_start(&t, &now);
    timing_take(&t, false);
    timing_row(&t, row);
    ck_assert(isnan(row[SPENT_COMPUTING]));
    timing_stop(&t);
}
END_TEST

START_TEST(nobody_counts)
{
    timing t = {0};
    double row[SPENT_KINDS];
    checkpoint_epoch now = {.samples = 32};
    timing_take(&t, true);
    timing_note(&t, &now);
    timing_row(&t, row);
    ck_assert(isnan(row[SPENT_COMPUTING]) && isnan(now.spent[SPENT_SUMS]));
    timing_stop(&t);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("timing");
    tcase_add_test(cases, kinds_of_time);
    tcase_add_test(cases, goes_on_from_a_checkpoint);
    tcase_add_test(cases, nobody_counts);
    return suite_run("timing", cases);
}
