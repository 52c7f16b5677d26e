#include "train/step_times.h"

#include "suite.h"

/* A sum during which, by the books, `seconds` pass. */
typedef struct slow_sum {
    step_times *times;
    double seconds;
    int calls;
} slow_sum;

static int sum_slowly(void *context, double *out, double *partials, size_t n)
{
    slow_sum *s = context;
    s->times->seconds[STEP_WAITING] += s->seconds;
    s->calls++;
    out[0] = partials[0] + (double)n;
    return -3;
}

START_TEST(nothing_without_times)
{
    slow_sum s = {0};
    step_timed_sums context;
    const reducer plain = {sum_slowly, &s, 7};
    step_times_start(NULL);
    step_times_lap(NULL, STEP_LOSS);
    const reducer r = step_times_reducer(&context, NULL, plain);
    ck_assert_ptr_eq(r.context, &s);
    ck_assert_uint_eq(r.samples, 7);
}
END_TEST

/* Every moment is in one phase, and waiting is taken out of the phase that it interrupts. */
START_TEST(waiting_is_apart)
{
    step_times t = {0};
    slow_sum s = {&t, 1e6, 0};
    step_timed_sums context;
    const reducer r = step_times_reducer(&context, &t, (reducer){sum_slowly, &s, 7});
    double in = 1;
    double out = 0;
    ck_assert_uint_eq(r.samples, 7);
    step_times_start(&t);
    const double begin = t.mark;
    step_times_lap(&t, STEP_FORWARD);
    ck_assert_double_ge(t.seconds[STEP_FORWARD], 0);
    ck_assert_int_eq(r.sum(r.context, &out, &in, 2), -3);
    ck_assert_double_eq(out, 3);
    ck_assert_int_eq(s.calls, 1);
    step_times_lap(&t, STEP_BACKWARD);
    step_times_lap(&t, STEP_UPDATE);
    ck_assert_double_ge(t.seconds[STEP_WAITING], 1e6);
    ck_assert_double_lt(t.seconds[STEP_BACKWARD], 0); /* the million seconds did not pass on the clock */
    ck_assert_double_ge(t.seconds[STEP_UPDATE], 0);
    double all = 0;
    for (int i = 0; i < STEP_PHASES; i++) {
        all += t.seconds[i];
    }
    ck_assert_double_eq_tol(all, t.mark - begin, 1e-6);
}
END_TEST

static int be_ready(void *context, size_t first)
{
    step_times *t = context;
    t->seconds[STEP_REDUCTION] += 1e6;
    return (int)first;
}

/* Sending a gradient on its way is not backward's time. */
START_TEST(reduction_is_apart)
{
    step_times t = {0};
    step_timed_sink context;
    const gradient_sink plain = {be_ready, &t};
    ck_assert_ptr_eq(step_times_sink(&context, NULL, plain).context, &t);
    const gradient_sink sink = step_times_sink(&context, &t, plain);
    step_times_start(&t);
    ck_assert_int_eq(sink.ready(sink.context, 42), 42);
    step_times_lap(&t, STEP_BACKWARD);
    ck_assert_double_ge(t.seconds[STEP_REDUCTION], 1e6);
    ck_assert_double_lt(t.seconds[STEP_BACKWARD], 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("step_times");
    tcase_add_test(cases, nothing_without_times);
    tcase_add_test(cases, waiting_is_apart);
    tcase_add_test(cases, reduction_is_apart);
    return suite_run("step_times", cases);
}
