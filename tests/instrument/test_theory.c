/* The laws against simulations: random gradients at right angles to the weights and in proportion to 1/|w|. */
#include "instrument/theory.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "suite.h"

enum { SIZE = 64, FILTERS = 24 };

/* Sum of uniform numbers: close to normal, of variance 1. */
static double normal(uint64_t *counter)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        sum += random_unit(7, random_stream(RANDOM_TEST, 1, 0), (*counter)++);
    }
    return sum;
}

typedef struct filter {
    double w[SIZE], v[SIZE], u[SIZE];
} filter;

static double square(const double *x)
{
    double sum = 0;
    for (size_t i = 0; i < SIZE; i++) {
        sum += x[i] * x[i];
    }
    return sum;
}

static void draw_gradient(double *g, const double *w, uint64_t *counter)
{
    const double ww = square(w);
    double gw = 0;
    for (size_t i = 0; i < SIZE; i++) {
        g[i] = normal(counter);
        gw += g[i] * w[i];
    }
    for (size_t i = 0; i < SIZE; i++) {
        g[i] = (g[i] - gw / ww * w[i]) / sqrt(ww);
    }
}

/* A step of an optimizer, written down by its definition. */
static void take_step(filter *f, const double *g, const optimizer_options *o, double number)
{
    for (size_t i = 0; i < SIZE; i++) {
        const double gradient = g[i] + 2 * o->l2 * f->w[i];
        double step = 0;
        if (o->kind == OPTIMIZER_ADAMW) {
            f->v[i] = o->beta_1 * f->v[i] + (1 - o->beta_1) * gradient;
            f->u[i] = o->beta_2 * f->u[i] + (1 - o->beta_2) * gradient * gradient;
            step = f->v[i] / (1 - pow(o->beta_1, number)) / sqrt(f->u[i] / (1 - pow(o->beta_2, number)));
        } else {
            f->v[i] = o->momentum * f->v[i] + gradient;
            step = o->nesterov ? gradient + o->momentum * f->v[i] : f->v[i];
        }
        f->w[i] -= o->learning_rate * (step + o->decay.decoupled * f->w[i]);
    }
}

static double angle_between(const double *a, const double *b)
{
    double sum = 0;
    const double na = sqrt(square(a));
    const double nb = sqrt(square(b));
    for (size_t i = 0; i < SIZE; i++) {
        sum += (a[i] / na - b[i] / nb) * (a[i] / na - b[i] / nb);
    }
    return 2 * asin(sqrt(sum) / 2);
}

/* Means over filters and the steps after the first `wait`. */
typedef struct means {
    double angle2, power, force, ratio2;
} means;

static means simulate(const optimizer_options *o, double norm, size_t wait, size_t steps)
{
    means m = {0};
    const int power = theory_of(o, o->learning_rate, 1).power;
    uint64_t counter = 0;
    for (size_t k = 0; k < FILTERS; k++) {
        filter f = {{0}, {0}, {0}};
        for (size_t i = 0; i < SIZE; i++) {
            f.w[i] = norm / sqrt(SIZE) * (i % 2 == 0 ? 1 : -1);
        }
        for (size_t t = 0; t < wait + steps; t++) {
            double g[SIZE];
            const filter before = f;
            draw_gradient(g, f.w, &counter);
            take_step(&f, g, o, (double)t + 1);
            if (t >= wait) {
                const double angle = angle_between(before.w, f.w);
                const double ww = square(before.w);
                const double share = 1.0 / FILTERS / (double)steps;
                m.angle2 += share * angle * angle;
                m.power += share * (power == 4 ? ww * ww : ww);
                m.force += share * (power == 4 ? square(g) * ww : SIZE);
                m.ratio2 += share * square(g) / ww;
            }
        }
    }
    return m;
}

static void expect_balance(const optimizer_options *o, double tolerance)
{
    const theory t = theory_of(o, o->learning_rate, 1);
    const double start = theory_norm(&t, t.power == 4 ? SIZE - 1 : SIZE);
    const means m = simulate(o, start, 600, 2000);
    const double norm = t.power == 4 ? sqrt(sqrt(m.power)) : sqrt(m.power);
    ck_assert(t.known);
    ck_assert_double_eq_tol(sqrt(m.angle2) / t.angle, 1, tolerance);
    ck_assert_double_eq_tol(norm / theory_norm(&t, m.force), 1, tolerance);
    ck_assert_double_eq_tol(theory_angle_at(&t, m.force, theory_norm(&t, m.force)), t.angle, 1e-12);
    if (t.power == 4) {
        ck_assert_double_eq_tol(sqrt(m.ratio2) / theory_gradient_ratio(&t), 1, tolerance);
    }
}

START_TEST(in_balance)
{
    const optimizer_options sgd = {.learning_rate = 0.1, .l2 = 0.005};
    const optimizer_options momentum = {.learning_rate = 0.02, .l2 = 0.0025, .momentum = 0.9};
    const optimizer_options nesterov = {.learning_rate = 0.02, .l2 = 0.0025, .momentum = 0.9, .nesterov = true};
    const optimizer_options decoupled = {.learning_rate = 0.02, .momentum = 0.9, .decay.decoupled = 0.05};
    const optimizer_options both = {.learning_rate = 0.05, .l2 = 0.002, .momentum = 0.5, .decay.decoupled = 0.01};
    const optimizer_options adamw = {
        .kind = OPTIMIZER_ADAMW, .learning_rate = 0.001, .beta_1 = 0.9, .beta_2 = 0.999, .decay.decoupled = 1};
    expect_balance(&sgd, 0.01);
    expect_balance(&momentum, 0.01);
    expect_balance(&nesterov, 0.01);
    expect_balance(&decoupled, 0.01);
    expect_balance(&both, 0.01);
    expect_balance(&adamw, 0.02); /* its elements are not all of one size */
}
END_TEST

/* The table of docs/instrument.md, as the sources have it. */
START_TEST(formulas)
{
    const double eta = 0.1, lambda = 0.002, m = 0.9, force = 3;
    const double k = (1 + m) * (1 + m) * (1 - m * m) + m * m * m * m;
    const optimizer_options coupled = {.l2 = lambda / 2, .momentum = m};
    const optimizer_options nesterov = {.l2 = lambda / 2, .momentum = m, .nesterov = true};
    const optimizer_options decoupled = {.decay.decoupled = lambda, .momentum = m};
    const theory a = theory_of(&coupled, eta, 1);
    const theory b = theory_of(&nesterov, eta, 1);
    const theory c = theory_of(&decoupled, eta, 1);
    ck_assert_double_eq_tol(a.angle, sqrt(2 * eta * lambda / (1 + m)), 1e-15);
    ck_assert_double_eq_tol(b.angle, sqrt(2 * eta * lambda / (1 + m) * k), 1e-15);
    ck_assert_double_eq_tol(c.angle, sqrt(2 * eta * lambda * (1 - m) / (1 + m)), 1e-15);
    ck_assert_double_eq_tol(theory_norm(&a, force), pow(eta * force / (2 * lambda * (1 - m)), 0.25), 1e-12);
    ck_assert_double_eq_tol(theory_norm(&c, force), pow(eta * force / (2 * lambda * (1 - m) * (1 - m)), 0.25), 1e-12);
    ck_assert_double_eq_tol(1 / a.clock, (1 - m) / (4 * eta * lambda), 1e-9);
    ck_assert_double_eq_tol(1 / c.clock, 1 / (4 * eta * lambda), 1e-9);
    /* The article's run: 0.02 rad a step and 1,250 steps. */
    const optimizer_options article = {.l2 = 0.001};
    const theory d = theory_of(&article, 0.1, 1);
    ck_assert_double_eq_tol(d.angle, 0.02, 1e-12);
    ck_assert_double_eq_tol(1 / d.clock, 1250, 1e-9);
    ck_assert_double_eq_tol(theory_gradient_ratio(&d), sqrt(2 * 0.002 / 0.1), 1e-12);
    /* A decay that follows the rate. */
    ck_assert_double_eq_tol(theory_of(&article, 0.1, 0.5).shrink, d.shrink / 2, 1e-15);
}
END_TEST

/* The way to the balance, from both sides, and without decay. */
START_TEST(way)
{
    const optimizer_options o = {.learning_rate = 0.1, .l2 = 0.005};
    const optimizer_options none = {.learning_rate = 0.1};
    const theory t = theory_of(&o, 0.1, 1);
    const theory free_of_it = theory_of(&none, 0.1, 1);
    const double force = SIZE - 1;
    const double balance = theory_norm(&t, force);
    ck_assert_double_eq_tol(theory_power_after(&t, force, pow(balance, 4), 1e6), pow(balance, 4), 1e-6);
    for (int side = 0; side < 2; side++) {
        const double norm = balance * (side == 0 ? 0.7 : 1.5);
        const double from = pow(norm, 4);
        const double after = simulate(&o, norm, 250, 1).power;
        ck_assert_double_eq_tol(after / theory_power_after(&t, force, from, 250), 1, 0.02);
        ck_assert(fabs(after - pow(balance, 4)) < fabs(from - pow(balance, 4)));
    }
    ck_assert(isinf(theory_norm(&free_of_it, force)));
    ck_assert(free_of_it.angle == 0 && free_of_it.clock == 0 && free_of_it.known);
    const double grown = simulate(&none, 1.5, 250, 1).power;
    ck_assert_double_eq_tol(grown / theory_power_after(&free_of_it, force, pow(1.5, 4), 250), 1, 0.02);
}
END_TEST

START_TEST(where_there_is_no_law)
{
    const optimizer_options lars = {.kind = OPTIMIZER_LARS, .l2 = 0.001};
    const optimizer_options adam = {.kind = OPTIMIZER_ADAM, .l2 = 0.001, .beta_1 = 0.9};
    const optimizer_options rmsprop = {.kind = OPTIMIZER_RMSPROP, .decay.decoupled = 0.01, .momentum = 0.9};
    ck_assert(!theory_of(&lars, 0.1, 1).known);
    ck_assert(!theory_of(&adam, 0.1, 1).known);
    ck_assert(theory_of(&rmsprop, 0.1, 1).known && theory_of(&rmsprop, 0.1, 1).power == 2);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("theory");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, in_balance);
    tcase_add_test(cases, formulas);
    tcase_add_test(cases, way);
    tcase_add_test(cases, where_there_is_no_law);
    return suite_run("theory", cases);
}
