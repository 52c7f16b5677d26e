#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "state_over.h"
#include "suite.h"

#include "base/error.h"
#include "optim/optimizer.h"

static pool *threads; /* two of them */

/* One convolution of ten weights, its BatchNorm, and a dense layer: every role that a network has. */
static void make_table(tensor_table *t)
{
    const size_t kernel[] = {1, 1, 1, 10}, channels[] = {2}, dense[] = {2, 3}, classes[] = {3};
    tensor_table_init(t);
    ck_assert_int_eq(tensor_table_add_layer(t, "conv2d"), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_CONV_KERNEL, 4, kernel, 1), LS_OK);
    ck_assert_int_eq(tensor_table_add_layer(t, "batch_normalization"), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_GAMMA, 1, channels, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_BETA, 1, channels, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_MOVING_MEAN, 1, channels, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_MOVING_VARIANCE, 1, channels, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add_layer(t, "dense"), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_DENSE_KERNEL, 2, dense, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_DENSE_BIAS, 1, classes, 0), LS_OK);
    ck_assert_uint_eq(t->weights_size, 23);
}

static double update(const tensor_table *t, real *weights, real *grads, double rate, double l2, pool *p)
{
    state s = state_over(t, weights, NULL);
    const optimizer_options o = {.l2 = l2};
    const rate_now now = {.rate = rate, .share = 1};
    return optimizer_update(&s, grads, &now, &o, p);
}

static double penalty_of(const tensor_table *t, real *weights, double l2, pool *p)
{
    const state s = state_over(t, weights, NULL);
    const optimizer_options o = {.l2 = l2};
    return optimizer_penalty(&s, &o, p);
}

enum { SIZE = 23, KERNEL = 10, GAMMA = 10, BETA = 12, DENSE = 14, BIAS = 20 };

/*
 * The article prints ten weights of its network with L2 and without BatchNorm at the first and at the tenth epoch:
 * nothing but the penalty moved them in the nine epochs of 1563 steps between.
 */
static const float article_before[KERNEL] = {0.13498078f,  -0.12406565f, 0.05617869f, 0.1112484f,   0.0101945f,
                                             -0.09676153f, 0.05650736f,  0.03752249f, -0.01030101f, 0.08091953f};
static const double article_after[KERNEL] = {0.00809666,  -0.00744193, 0.00336981, 0.00667309,  0.0006115,
                                             -0.00580412, 0.00338953,  0.00225074, -0.00061789, 0.00485385};
enum { ARTICLE_STEPS = 9 * 1563 };

/* How far apart two numbers are once printed with eight decimals, in units of the last. */
static long last_digits_apart(double value, double printed)
{
    return labs(lround(value * 1e8) - lround(printed * 1e8));
}

START_TEST(decay_alone_gives_the_article_s_numbers)
{
    tensor_table t;
    make_table(&t);
    real weights[SIZE] = {0};
    for (size_t i = 0; i < KERNEL; i++) {
        weights[i] = article_before[i];
    }
    for (int step = 0; step < ARTICLE_STEPS; step++) {
        real grads[SIZE] = {0};
        update(&t, weights, grads, 0.1, 0.001, threads);
    }
    for (size_t i = 0; i < KERNEL; i++) {
        /* Float32, the article's type, gives every digit; float64 rounds less. */
        const long apart = sizeof(real) == sizeof(float) ? 0 : 10;
        ck_assert_int_le(last_digits_apart((double)weights[i], article_after[i]), apart);
    }
    tensor_table_release(&t);
}
END_TEST

START_TEST(only_what_decays_is_decayed)
{
    tensor_table t;
    make_table(&t);
    real weights[SIZE], grads[SIZE] = {0};
    for (size_t i = 0; i < SIZE; i++) {
        weights[i] = 1;
    }
    update(&t, weights, grads, 0.5, 0.25, threads);
    for (size_t i = 0; i < SIZE; i++) {
        const int decays = i < GAMMA || i >= DENSE;
        ck_assert(weights[i] == (decays ? (real)0.75 : 1));
        ck_assert(grads[i] == (decays ? (real)0.5 : 0));
    }
    ck_assert_double_eq(penalty_of(&t, weights, 0.25, threads), 0.25 * 0.5625 * (10 + 6 + 3));
    tensor_table_release(&t);
}
END_TEST

/* Product and sum of the gradient are rounded each, the step down once, and grads holds the sum afterwards. */
START_TEST(update_rounds_as_stated)
{
    tensor_table t;
    make_table(&t);
    real weights[SIZE], grads[SIZE], old[SIZE], data[SIZE];
    for (size_t i = 0; i < SIZE; i++) {
        old[i] = weights[i] = (real)sin(1.0 + (double)i);
        data[i] = grads[i] = (real)cos(3.0 * (double)i);
    }
    const real decay = 2 * (real)0.001f, rate = (real)0.1;
    update(&t, weights, grads, 0.1, 0.001, threads);
    for (size_t i = 0; i < SIZE; i++) {
        const int decays = i < GAMMA || i >= DENSE;
        const volatile real product = decays ? decay * old[i] : 0;
        const volatile real total = data[i] + product;
        const volatile double moved = (double)old[i] - (double)rate * (double)total;
        ck_assert(grads[i] == total);
        ck_assert(weights[i] == (real)moved);
    }
    tensor_table_release(&t);
}
END_TEST

START_TEST(no_penalty_is_plain_descent)
{
    tensor_table t;
    make_table(&t);
    real weights[SIZE], grads[SIZE];
    for (size_t i = 0; i < SIZE; i++) {
        weights[i] = 2;
        grads[i] = 1;
    }
    update(&t, weights, grads, 0.5, 0, threads);
    for (size_t i = 0; i < SIZE; i++) {
        ck_assert(weights[i] == (real)1.5);
        ck_assert(grads[i] == 1);
    }
    ck_assert_double_eq(penalty_of(&t, weights, 0, threads), 0);
    tensor_table_release(&t);
}
END_TEST

/* A penalty whose sum rounds, by any number of threads and with or without an update, has the same bits. */
START_TEST(threads_leave_no_trace)
{
    enum { ROWS = 300, COLUMNS = 701 };
    static real weights[ROWS * COLUMNS], grads[ROWS * COLUMNS], first[ROWS * COLUMNS];
    const size_t shape[] = {1, 1, ROWS, COLUMNS};
    tensor_table t;
    tensor_table_init(&t);
    ck_assert_int_eq(tensor_table_add_layer(&t, "conv2d"), LS_OK);
    ck_assert_int_eq(tensor_table_add(&t, TENSOR_CONV_KERNEL, 4, shape, 1), LS_OK);
    double penalty = 0;
    for (int count = 1; count <= 3; count++) {
        pool *p = NULL;
        ck_assert_int_eq(pool_create(&p, count), LS_OK);
        for (size_t i = 0; i < t.weights_size; i++) {
            weights[i] = (real)sin((double)i);
            grads[i] = (real)cos(3 * (double)i);
        }
        const double before = penalty_of(&t, weights, 0.001, p);
        ck_assert(update(&t, weights, grads, 0.1, 0.001, p) == before);
        ck_assert(count == 1 || before == penalty);
        ck_assert(count == 1 || memcmp(weights, first, sizeof first) == 0);
        penalty = before;
        memcpy(first, weights, sizeof first);
        pool_free(p);
    }
    ck_assert_double_eq_tol(penalty, 0.001 * t.weights_size / 2.0, 1e-2);
    tensor_table_release(&t);
}
END_TEST

/* What is frozen is neither moved nor decayed, and its penalty is nobody's. */
START_TEST(frozen_stays)
{
    tensor_table t;
    make_table(&t);
    real weights[SIZE], grads[SIZE];
    for (size_t i = 0; i < SIZE; i++) {
        weights[i] = 2;
        grads[i] = 1;
    }
    tensor_table_freeze(&t, 0);
    const double penalty = penalty_of(&t, weights, 0.25, threads);
    ck_assert_double_eq(penalty, 0.25 * 4 * (6 + 3));
    ck_assert(update(&t, weights, grads, 0.5, 0.25, threads) == penalty);
    for (size_t i = 0; i < SIZE; i++) {
        ck_assert((weights[i] == 2) == (i < KERNEL));
    }
    tensor_table_release(&t);
}
END_TEST

int main(void)
{
    if (pool_create(&threads, 2) != LS_OK) {
        return EXIT_FAILURE;
    }
    TCase *cases = tcase_create("optimizer");
    tcase_add_test(cases, decay_alone_gives_the_article_s_numbers);
    tcase_add_test(cases, only_what_decays_is_decayed);
    tcase_add_test(cases, update_rounds_as_stated);
    tcase_add_test(cases, no_penalty_is_plain_descent);
    tcase_add_test(cases, threads_leave_no_trace);
    tcase_add_test(cases, frozen_stays);
    const int result = suite_run("optimizer", cases);
    pool_free(threads);
    return result;
}
