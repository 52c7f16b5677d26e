#include <check.h>
#include <math.h>

#include "suite.h"

#include "optim/rate.h"

static const rate_run run = {.steps_per_epoch = 10, .batch = 64};

static double at(const optimizer_options *o, uint64_t step)
{
    return rate_at(o, &run, step).rate;
}

START_TEST(without_keys_it_is_constant)
{
    const optimizer_options o = {.learning_rate = 0.1};
    ck_assert(at(&o, 0) == 0.1 && at(&o, 123456) == 0.1);
}
END_TEST

START_TEST(epochs_may_be_counted_by_step_or_whole)
{
    optimizer_options o = {.learning_rate = 1,
                           .rate = {.schedule = RATE_POLYNOMIAL, .length = 10, .power = 1, .changes = RATE_STEPS}};
    ck_assert_double_eq_tol(at(&o, 15), 0.85, 1e-12);
    o.rate.changes = RATE_EPOCHS;
    ck_assert_double_eq_tol(at(&o, 15), 0.9, 1e-12);
    ck_assert(at(&o, 100) == 0 && at(&o, 1000) == 0);
    o.rate.unit = RATE_STEPS; /* of steps, but those of the epoch's start */
    o.rate.length = 100;
    ck_assert_double_eq_tol(at(&o, 15), 0.9, 1e-12);
}
END_TEST

START_TEST(periods_that_are_no_binary_fractions_end_where_they_should)
{
    const optimizer_options o = {.learning_rate = 1,
                                 .rate = {.schedule = RATE_STEP, .every = 0.1, .factor = 0.5, .changes = RATE_STEPS}};
    for (uint64_t step = 0; step < 50; step++) {
        ck_assert_double_eq(at(&o, step), ldexp(1, -(int)step));
    }
}
END_TEST

START_TEST(a_warm_up_meets_its_schedule)
{
    const optimizer_options o = {.learning_rate = 2,
                                 .rate = {.schedule = RATE_COSINE,
                                          .unit = RATE_STEPS,
                                          .changes = RATE_STEPS,
                                          .length = 100,
                                          .floor = 0.5,
                                          .warm_up = 10,
                                          .warm_up_from = 0.1}};
    ck_assert_double_eq_tol(at(&o, 0), 0.2, 1e-15);
    ck_assert_double_eq_tol(at(&o, 5), 1.1, 1e-15);
    ck_assert_double_eq_tol(at(&o, 10), 2, 1e-15);
    ck_assert_double_eq_tol(at(&o, 60), 1.5, 1e-15);
    ck_assert_double_eq_tol(at(&o, 110), 1, 1e-15);
    ck_assert_double_eq_tol(at(&o, 111), 1, 1e-15);
    ck_assert_double_eq_tol(rate_at(&o, &run, 60).share, 0.75, 1e-15);
}
END_TEST

START_TEST(the_batch_scales_it)
{
    const optimizer_options o = {.learning_rate = 0.5, .rate = {.batch = 256}};
    ck_assert_double_eq(at(&o, 3), 0.125);
    ck_assert_double_eq(rate_at(&o, &run, 3).share, 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("rate");
    tcase_add_test(cases, without_keys_it_is_constant);
    tcase_add_test(cases, epochs_may_be_counted_by_step_or_whole);
    tcase_add_test(cases, periods_that_are_no_binary_fractions_end_where_they_should);
    tcase_add_test(cases, a_warm_up_meets_its_schedule);
    tcase_add_test(cases, the_batch_scales_it);
    return suite_run("rate", cases);
}
