#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "state_over.h"
#include "suite.h"

#include "base/error.h"
#include "optim/growth.h"
#include "optim/optimizer.h"

/* A run with decay and its twin without, whose rate grows, on a loss of directions alone. */

static pool *threads;

enum { INPUTS = 4, FILTERS = 2, KERNEL = INPUTS * FILTERS, WEIGHTS = KERNEL + 2 * FILTERS, MOVING = 2 * FILTERS };
enum { STEPS = 400 };

static void make_table(tensor_table *t)
{
    const size_t kernel[] = {1, 1, INPUTS, FILTERS}, channels[] = {FILTERS};
    tensor_table_init(t);
    ck_assert_int_eq(tensor_table_add_layer(t, "conv2d"), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_CONV_KERNEL, 4, kernel, 1), LS_OK);
    ck_assert_int_eq(tensor_table_add_layer(t, "batch_normalization"), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_GAMMA, 1, channels, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_BETA, 1, channels, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_MOVING_MEAN, 1, channels, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_MOVING_VARIANCE, 1, channels, 0), LS_OK);
}

typedef struct replica {
    real weights[WEIGHTS], moving[MOVING], velocity[WEIGHTS], grads[WEIGHTS];
    state s;
} replica;

static void begin(replica *r, const tensor_table *t)
{
    memset(r, 0, sizeof *r);
    for (size_t i = 0; i < WEIGHTS; i++) {
        r->weights[i] = (real)(0.3 * cos(1.7 * (double)i) + 0.1);
    }
    for (size_t i = 0; i < MOVING; i++) {
        r->moving[i] = 1;
    }
    r->s = state_over(t, r->weights, r->moving);
    r->s.vectors[STATE_SLOTS] =
        (state_vector){.name = "velocity", .values = r->velocity, .size = WEIGHTS, .layout = TENSOR_WEIGHTS};
    r->s.count = STATE_SLOTS + 1;
}

/* Of a loss whose pull on each filter changes with the steps: at right angles to w, in proportion to 1/|w|. */
static void gradient(replica *r, uint64_t step)
{
    for (size_t f = 0; f < FILTERS; f++) {
        double square = 0, along = 0, pull[INPUTS];
        for (size_t i = 0; i < INPUTS; i++) {
            const double w = (double)r->weights[i * FILTERS + f];
            pull[i] = sin((double)(i + 1) * 0.9 + 0.37 * (double)step + (double)f);
            square += w * w;
            along += w * pull[i];
        }
        for (size_t i = 0; i < INPUTS; i++) {
            const double w = (double)r->weights[i * FILTERS + f];
            r->grads[i * FILTERS + f] = (real)((pull[i] - w * along / square) / sqrt(square));
        }
    }
    for (size_t i = KERNEL; i < WEIGHTS; i++) {
        r->grads[i] = (real)(0.1 * cos((double)step + (double)i));
    }
}

static void run(replica *r, const tensor_table *t, const optimizer_options *o)
{
    const rate_run every = {.steps_per_epoch = 10};
    begin(r, t);
    for (uint64_t step = 0; step < STEPS; step++) {
        const rate_now rate = rate_at(o, &every, step);
        gradient(r, step);
        optimizer_update(&r->s, r->grads, &rate, o, threads);
        r->s.step++;
    }
}

static void expect_near(double a, double b)
{
    const double tolerance = sizeof(real) == sizeof(float) ? 2e-4 : 1e-11;
    ck_assert_msg(fabs(a - b) <= tolerance * fmax(1, fabs(b)), "%.15g is not %.15g", a, b);
}

static void expect_one_function(const optimizer_options *with_decay)
{
    tensor_table t;
    replica a, b;
    optimizer_options grown = *with_decay;
    grown.decay.as_rate = true;
    make_table(&t);
    run(&a, &t, with_decay);
    run(&b, &t, &grown);
    const double left = b.s.shrink.left;
    ck_assert(a.s.shrink.left == 1);
    ck_assert(left > 0.01 && left < 0.7);
    for (size_t i = 0; i < WEIGHTS; i++) {
        expect_near(i < KERNEL ? left * (double)b.weights[i] : (double)b.weights[i], (double)a.weights[i]);
    }
    for (size_t i = 0; i < FILTERS; i++) {
        expect_near(left * (double)b.moving[i], 1);
        expect_near(left * left * (double)b.moving[FILTERS + i], 1);
    }
    tensor_table_release(&t);
}

/* All of plain, heavy ball and Nesterov's, in both forms, with either decay, at a constant and at a falling rate. */
START_TEST(a_run_and_its_twin_are_one_function)
{
    const double momenta[] = {0, 0.9, 0.9};
    for (int i = 0; i < 3 * 2 * 2 * 2; i++) {
        const int kind = i / 8;
        const bool plain = kind == 0;
        optimizer_options o = {
            .learning_rate = plain ? 0.05 : 0.005,
            .momentum = momenta[kind],
            .nesterov = kind == 2,
            .form = i / 4 % 2 == 0 ? OPTIMIZER_KERAS : OPTIMIZER_PYTORCH,
            .l2 = i / 2 % 2 == 0 ? 0.02 : 0.005,
        };
        if (i / 2 % 2 == 1) {
            o.decay.decoupled = plain ? 0.04 : 0.4;
        }
        if (i % 2 == 1) {
            o.rate = (rate_options){.schedule = RATE_COSINE, .length = 60, .unit = RATE_EPOCHS, .changes = RATE_STEPS};
            o.decay.follow_rate = true;
        }
        expect_one_function(&o);
    }
}
END_TEST

START_TEST(without_decay_nothing_grows)
{
    tensor_table t;
    replica a, b;
    const optimizer_options plain = {.learning_rate = 0.05};
    optimizer_options grown = plain;
    grown.decay.as_rate = true;
    make_table(&t);
    run(&a, &t, &plain);
    run(&b, &t, &grown);
    ck_assert(!growth_asked(&grown));
    ck_assert(b.s.shrink.left == 1);
    ck_assert_mem_eq(a.weights, b.weights, sizeof a.weights);
    tensor_table_release(&t);
}
END_TEST

/* Its rate is what an update without decay takes of a gradient: for SGD that of the weights' own. */
START_TEST(the_rate_grows_as_stated)
{
    tensor_table t;
    replica r;
    const optimizer_options o = {.learning_rate = 0.5, .l2 = 0.25, .decay.as_rate = true};
    const rate_now rate = {.rate = 0.5, .share = 1};
    make_table(&t);
    begin(&r, &t);
    ck_assert_double_eq(growth_rate(&r.s, &rate, &o).rate, 0.5 / 0.75); /* P = 1, P' = 1 - 0.5·0.5 */
    optimizer_update(&r.s, r.grads, &rate, &o, threads);
    ck_assert_double_eq(r.s.shrink.left, 0.75);
    ck_assert_double_eq(growth_rate(&r.s, &rate, &o).rate, 0.5 / (0.75 * 0.5625));
    tensor_table_release(&t);
}
END_TEST

START_TEST(ends_before_numbers_do)
{
    state s = {.shrink = {.left = 1e-11}};
    ck_assert_int_eq(growth_check(&s), LS_OK);
    s.shrink.left = 9e-13;
    ck_assert_int_eq(growth_check(&s), LS_EUSAGE);
}
END_TEST

int main(void)
{
    if (pool_create(&threads, 2) != LS_OK) {
        return EXIT_FAILURE;
    }
    TCase *cases = tcase_create("growth");
    tcase_add_test(cases, a_run_and_its_twin_are_one_function);
    tcase_add_test(cases, without_decay_nothing_grows);
    tcase_add_test(cases, the_rate_grows_as_stated);
    tcase_add_test(cases, ends_before_numbers_do);
    const int result = suite_run("growth", cases);
    pool_free(threads);
    return result;
}
