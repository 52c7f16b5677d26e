/* Series with known answers. */
#include "instrument/verdict.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "instrument/theory.h"
#include "suite.h"

enum { POINTS = 200, EVERY = 50 };

static const rate_run run = {.steps_per_epoch = 100, .batch = 32};

/* A run by the law: |w|⁴ from `from` times its balance, the force falling by `fade` a step, some noise in the angles.
 */
typedef struct course {
    optimizer_options o;
    double from, fade;
    uint64_t jump_every; /* steps; 0: none */
} course;

static void follow(verdict_point *p, const course *c)
{
    double y = c->from; /* |w|⁴ over its first balance */
    double force = 1;
    for (size_t i = 0; i < POINTS; i++) {
        const uint64_t step = 1 + EVERY * (i + 1);
        const rate_now now = rate_at(&c->o, &run, step - 1);
        const theory t = theory_of(&c->o, now.rate, 1);
        const double noise = 1 + 0.3 * (random_unit(1, random_stream(RANDOM_TEST, 9, 0), i) - 0.5);
        force *= exp(-c->fade * EVERY);
        y = t.clock > 0 ? force + (y - force) * exp(-t.clock * EVERY) : y + 0.01;
        if (c->jump_every > 0 && step / c->jump_every != (step - EVERY) / c->jump_every) {
            y *= 2;
        }
        p[i] = (verdict_point){.step = step,
                               .turn = t.angle > 0 ? sqrt(force / y) * noise : 0,
                               .angle = 0.01,
                               .log_norm = 0.25 * log(y),
                               .shrink = t.shrink,
                               .growth = t.shrink * (force / y - 1)};
    }
}

static verdict judge(const course *c, size_t count)
{
    verdict_point p[POINTS];
    follow(p, c);
    return verdict_of(p, count, &c->o, &run);
}

/* τ is 250 steps, so the series lasts 40 of them. */
static const optimizer_options decayed = {.learning_rate = 0.1, .l2 = 0.005};

START_TEST(in_equilibrium)
{
    const verdict v = judge(&(course){.o = decayed, .from = 30}, POINTS);
    ck_assert_int_eq(v.kind, VERDICT_EQUILIBRIUM);
    ck_assert_double_eq_tol(v.clock, 40, 0.5);
    ck_assert_double_eq_tol(v.turn, 1, 0.05);
}
END_TEST

START_TEST(relaxing)
{
    for (int side = 0; side < 2; side++) {
        const course c = {.o = {.learning_rate = 0.1, .l2 = 0.0001}, .from = side == 0 ? 20 : 0.3};
        const verdict v = judge(&c, 40); /* 0.16 of a time constant of 12,500 steps */
        const double y = 1 + (c.from - 1) * exp(-2000.0 / 12500);
        ck_assert_int_eq(v.kind, VERDICT_RELAXING);
        ck_assert_double_eq_tol(v.steps / (12500 * log(fabs(y - 1) / 0.2)), 1, 0.15);
    }
}
END_TEST

START_TEST(growing)
{
    const verdict v = judge(&(course){.o = {.learning_rate = 0.1}, .from = 1}, POINTS);
    ck_assert_int_eq(v.kind, VERDICT_GROWING);
    ck_assert(v.clock == 0);
}
END_TEST

START_TEST(decaying)
{
    const verdict v = judge(&(course){.o = decayed, .from = 3, .fade = 0.02}, POINTS);
    ck_assert_int_eq(v.kind, VERDICT_DECAYING);
}
END_TEST

/* Without any gradient: what is left of an angle is rounding, in which the shares of the balance may rise. */
START_TEST(rounding_is_no_push)
{
    verdict_point p[POINTS];
    follow(p, &(course){.o = decayed, .from = 3});
    for (size_t i = 0; i < POINTS; i++) {
        p[i].angle = 2e-8;
        p[i].turn = 4.5e-7 * (1 + 1e-3 * (double)i);
        p[i].log_norm = -p[i].shrink * (double)p[i].step;
    }
    ck_assert_int_eq(verdict_of(p, POINTS, &decayed, &run).kind, VERDICT_DECAYING);
}
END_TEST

START_TEST(destabilized)
{
    const verdict v = judge(&(course){.o = decayed, .from = 3, .fade = 0, .jump_every = 1000}, POINTS);
    ck_assert_int_eq(v.kind, VERDICT_DESTABILIZED);
    ck_assert_double_eq_tol(v.steps, 1000, 60);
}
END_TEST

START_TEST(too_short)
{
    const course c = {.o = decayed, .from = 1};
    ck_assert_int_eq(judge(&c, 0).kind, VERDICT_TOO_SHORT);
    ck_assert_int_eq(judge(&c, 7).kind, VERDICT_TOO_SHORT);
    /* In balance by chance, before a time constant is over. */
    const course slow = {.o = {.learning_rate = 0.1, .l2 = 0.0001}, .from = 1};
    ck_assert_int_eq(judge(&slow, 40).kind, VERDICT_TOO_SHORT);
}
END_TEST

START_TEST(unknown)
{
    const course c = {.o = {.kind = OPTIMIZER_LAMB, .learning_rate = 0.1, .decay.decoupled = 0.1}, .from = 1};
    ck_assert_int_eq(judge(&c, POINTS).kind, VERDICT_UNKNOWN);
}
END_TEST

/* The clock follows the schedule; updates of several batches count once. */
START_TEST(clock_of_a_schedule)
{
    optimizer_options o = decayed;
    ck_assert_double_eq_tol(verdict_clock(&o, &run, 0, 1000), 4, 1e-9);
    o.accumulate = 4;
    ck_assert_double_eq_tol(verdict_clock(&o, &run, 0, 1000), 1, 1e-9);
    o.accumulate = 1;
    o.rate = (rate_options){.schedule = RATE_COSINE, .unit = RATE_STEPS, .changes = RATE_STEPS, .length = 1000};
    ck_assert_double_eq_tol(verdict_clock(&o, &run, 0, 1000), 2, 0.01); /* half, on average */
}
END_TEST

START_TEST(layers_are_summed_up)
{
    const filters_row rows[3] = {{.angle2 = 4e-4, .norm2 = 1, .growth = -0.1},
                                 {.angle2 = 9e-4, .norm2 = exp(2), .growth = 0.2},
                                 {.angle2 = 1e-6, .norm2 = exp(4), .growth = 0.3}};
    const rate_now now = {.rate = 0.1, .share = 1};
    const verdict_point p = verdict_point_of(rows, 3, 51, &now, &decayed);
    ck_assert_uint_eq(p.step, 51);
    ck_assert_double_eq_tol(p.angle, 0.02, 1e-15);
    ck_assert_double_eq_tol(p.turn, 0.02 / sqrt(2 * 0.1 * 0.01), 1e-12);
    ck_assert_double_eq_tol(p.log_norm, 1, 1e-15);
    ck_assert_double_eq_tol(p.growth, 0.2, 1e-15);
    ck_assert_double_eq_tol(p.shrink, 0.001, 1e-15);
}
END_TEST

START_TEST(in_words)
{
    char text[80];
    const verdict v = {.kind = VERDICT_RELAXING, .steps = 5200};
    ck_assert_str_eq(verdict_text(text, sizeof text, &v), "relaxing, 5200 steps to go");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("verdict");
    tcase_add_test(cases, in_equilibrium);
    tcase_add_test(cases, relaxing);
    tcase_add_test(cases, growing);
    tcase_add_test(cases, decaying);
    tcase_add_test(cases, rounding_is_no_push);
    tcase_add_test(cases, destabilized);
    tcase_add_test(cases, too_short);
    tcase_add_test(cases, unknown);
    tcase_add_test(cases, clock_of_a_schedule);
    tcase_add_test(cases, layers_are_summed_up);
    tcase_add_test(cases, in_words);
    return suite_run("verdict", cases);
}
