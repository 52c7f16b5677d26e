/* The report's judgements on logs made up for the purpose. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "cli/findings.h"

enum { EPOCHS = 4, EPOCH_STEPS = 100 };

/* Epochs whose accuracy, mean |w| and watched weights change by constant amounts or factors. */
static void make_rows(runlog_epoch_row *rows, double accuracy, double rise, double weight, double factor)
{
    for (size_t i = 0; i < EPOCHS; i++) {
        rows[i] = (runlog_epoch_row){
            .epoch = i + 1,
            .train_accuracy = accuracy + rise * (double)i,
            .start_step = i * EPOCH_STEPS,
            .start_mean_abs_weight = weight * pow(factor, (double)i),
            .mean_abs_weight = weight * pow(factor, (double)i + 1),
        };
        for (size_t k = 0; k < RUNLOG_FIRST_WEIGHTS; k++) {
            rows[i].first_weights[k] = ((double)k - 4.5) * pow(factor, (double)i);
        }
    }
}

static finding_run make_run(const runlog_epoch_row *rows, double l2)
{
    static const optimizer_options with = {.learning_rate = 0.1, .l2 = 0.001}, without = {.learning_rate = 0.1};
    ck_assert(l2 == 0 || l2 == with.l2);
    return (finding_run){.optimizer = l2 > 0 ? &with : &without,
                         .run = {.steps_per_epoch = EPOCH_STEPS},
                         .epochs = rows,
                         .count = EPOCHS};
}

START_TEST(accuracy)
{
    runlog_epoch_row rows[EPOCHS];
    make_rows(rows, 0.1, 0.1, 1, 1);
    finding_run r = make_run(rows, 0);
    ck_assert_int_eq(finding_accuracy(&r, 1).verdict, FINDING_SHOWN);
    ck_assert_int_eq(finding_accuracy(&r, 0).verdict, FINDING_NOT_SHOWN);
    make_rows(rows, 0.1, 0.01, 1, 1);
    ck_assert_int_eq(finding_accuracy(&r, 1).verdict, FINDING_NOT_SHOWN);
    ck_assert_int_eq(finding_accuracy(&r, 0).verdict, FINDING_SHOWN);
    const finding f = finding_accuracy(&r, 0);
    ck_assert_msg(strstr(f.figures, "0.1000 -> 0.1300, +0.0300") != NULL, "%s", f.figures);
    make_rows(rows, 0.956, 0.01, 1, 1); /* a long first epoch leaves no room for more, but most errors go */
    ck_assert_int_eq(finding_accuracy(&r, 1).verdict, FINDING_SHOWN);
    make_rows(rows, 0.956, 0.001, 1, 1);
    ck_assert_int_eq(finding_accuracy(&r, 1).verdict, FINDING_NOT_SHOWN);
    make_rows(rows, 1, 0, 1, 1);
    ck_assert_int_eq(finding_accuracy(&r, 1).verdict, FINDING_NOT_SHOWN);
    r.count = 1;
    ck_assert_int_eq(finding_accuracy(&r, 1).verdict, FINDING_UNKNOWN);
}
END_TEST

START_TEST(growth)
{
    runlog_epoch_row rows[EPOCHS];
    const finding_run r = make_run(rows, 0);
    make_rows(rows, 0, 0, 0.04, 1.01);
    ck_assert_int_eq(finding_growth(&r).verdict, FINDING_SHOWN);
    make_rows(rows, 0, 0, 0.04, 1.001);
    ck_assert_int_eq(finding_growth(&r).verdict, FINDING_NOT_SHOWN);
    make_rows(rows, 0, 0, 0.04, 0.9);
    ck_assert_int_eq(finding_growth(&r).verdict, FINDING_NOT_SHOWN);
}
END_TEST

START_TEST(shrinking)
{
    runlog_epoch_row rows[EPOCHS];
    double smallest = 0;
    double largest = 0;
    const finding_run r = make_run(rows, 0.001);
    make_rows(rows, 0, 0, 1, pow(1 - 2 * 0.1 * 0.001, EPOCH_STEPS));
    ck_assert_int_eq(finding_shrinking(&r).verdict, FINDING_SHOWN);
    ck_assert_uint_eq(finding_ratios(&r, &smallest, &largest), RUNLOG_FIRST_WEIGHTS);
    ck_assert_double_eq_tol(smallest, finding_decay(&r), 1e-12);
    ck_assert_double_eq_tol(largest, pow(0.9998, 3 * EPOCH_STEPS), 1e-12);
    rows[EPOCHS - 1].first_weights[3] *= 0.5; /* one goes its own way */
    ck_assert_int_eq(finding_shrinking(&r).verdict, FINDING_NOT_SHOWN);
    make_rows(rows, 0, 0, 1, 1.1);
    ck_assert_int_eq(finding_shrinking(&r).verdict, FINDING_NOT_SHOWN);
}
END_TEST

START_TEST(weights_that_say_nothing_are_left_out)
{
    runlog_epoch_row rows[EPOCHS];
    double smallest = 0;
    double largest = 0;
    const finding_run r = make_run(rows, 0.001);
    make_rows(rows, 0, 0, 1, 0.9);
    rows[0].first_weights[0] = 0;
    rows[0].first_weights[9] = rows[EPOCHS - 1].first_weights[9] = NAN;
    ck_assert_uint_eq(finding_ratios(&r, &smallest, &largest), RUNLOG_FIRST_WEIGHTS - 2);
    ck_assert_int_eq(finding_shrinking(&r).verdict, FINDING_SHOWN);
    for (size_t k = 0; k < RUNLOG_FIRST_WEIGHTS; k++) {
        rows[0].first_weights[k] = 0;
    }
    ck_assert_int_eq(finding_shrinking(&r).verdict, FINDING_UNKNOWN);
}
END_TEST

START_TEST(smaller)
{
    runlog_epoch_row with[EPOCHS];
    runlog_epoch_row without[EPOCHS];
    finding_run a = make_run(with, 0.001);
    const finding_run b = make_run(without, 0);
    make_rows(with, 0, 0, 0.04, 0.9);
    make_rows(without, 0, 0, 0.04, 1.1);
    ck_assert_int_eq(finding_smaller(&a, &b).verdict, FINDING_SHOWN);
    with[1].mean_abs_weight = 1;
    ck_assert_int_eq(finding_smaller(&a, &b).verdict, FINDING_NOT_SHOWN);
    a.count = 1; /* only what both have is compared */
    ck_assert_int_eq(finding_smaller(&a, &b).verdict, FINDING_SHOWN);
    a.count = 0;
    ck_assert_int_eq(finding_smaller(&a, &b).verdict, FINDING_UNKNOWN);
}
END_TEST

/* What decay alone gives follows the schedule; with an optimizer whose steps are no gradients it is not known. */
START_TEST(decay_follows_the_rate)
{
    runlog_epoch_row rows[EPOCHS];
    optimizer_options o = {
        .learning_rate = 0.1, .momentum = 0.5, .l2 = 0.001, .rate = {.schedule = RATE_STEP, .every = 1, .factor = 0.5}};
    finding_run r = make_run(rows, 0);
    make_rows(rows, 0, 0, 1, 0.9);
    r.optimizer = &o;
    const double expected = pow(1 - 0.0004, EPOCH_STEPS) * pow(1 - 0.0002, EPOCH_STEPS) * pow(1 - 0.0001, EPOCH_STEPS);
    ck_assert_int_eq(EPOCHS, 4);
    ck_assert_double_eq_tol(finding_decay(&r), expected, 1e-12);
    ck_assert_ptr_nonnull(strstr(finding_shrinking(&r).figures, "over these"));
    /* Two batches of 64 an update, at a rate for 32. */
    o = (optimizer_options){.learning_rate = 0.1, .l2 = 0.001, .accumulate = 2, .rate = {.batch = 32}};
    r.run.batch = 128;
    ck_assert_double_eq_tol(finding_decay(&r), pow(1 - 0.0008, 3 * EPOCH_STEPS / 2.0), 1e-12);
    ck_assert_ptr_nonnull(strstr(finding_shrinking(&r).figures, "over these"));
    o = (optimizer_options){.kind = OPTIMIZER_ADAM, .learning_rate = 0.1, .l2 = 0.001};
    ck_assert(isnan(finding_decay(&r)));
    ck_assert_ptr_null(strstr(finding_shrinking(&r).figures, "decay alone"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("findings");
    tcase_add_test(tests, accuracy);
    tcase_add_test(tests, growth);
    tcase_add_test(tests, shrinking);
    tcase_add_test(tests, weights_that_say_nothing_are_left_out);
    tcase_add_test(tests, smaller);
    tcase_add_test(tests, decay_follows_the_rate);
    return suite_run("findings", tests);
}
