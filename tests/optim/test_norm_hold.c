#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "state_over.h"
#include "suite.h"

#include "optim/norm_hold.h"

static pool *threads;

enum { WEIGHTS = 6 + 2 + 2 + 6, DENSE = 10 };

/* A kernel that a BatchNorm follows, its gamma and beta, and a dense one. */
static void make_table(tensor_table *t)
{
    const size_t kernel[] = {1, 1, 3, 2}, channels[] = {2}, dense[] = {2, 3};
    tensor_table_init(t);
    ck_assert_int_eq(tensor_table_add_layer(t, "conv2d"), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_CONV_KERNEL, 4, kernel, 1), LS_OK);
    ck_assert_int_eq(tensor_table_add_layer(t, "batch_normalization"), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_GAMMA, 1, channels, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_BETA, 1, channels, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add_layer(t, "dense"), LS_OK);
    ck_assert_int_eq(tensor_table_add(t, TENSOR_DENSE_KERNEL, 2, dense, 0), LS_OK);
    ck_assert_uint_eq(t->weights_size, WEIGHTS);
}

static norm_hold three_rows(const tensor_table *t)
{
    norm_hold h;
    ck_assert_int_eq(norm_hold_rows(&h, t, 3), LS_OK);
    ck_assert_uint_eq(h.kernels, 1);
    const uint64_t steps[] = {0, 4, 14};
    const double norms[] = {1, 3, 2};
    for (size_t i = 0; i < 3; i++) {
        h.steps[i] = steps[i];
        h.norms[i] = norms[i];
    }
    return h;
}

START_TEST(between_rows_norms_are_on_a_line)
{
    tensor_table t;
    make_table(&t);
    norm_hold h = three_rows(&t);
    const struct {
        uint64_t step;
        double norm;
    } expected[] = {{0, 1}, {1, 1.5}, {4, 3}, {5, 2.9}, {13, 2.1}, {14, 2}, {15, 2}, {1000, 2}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        ck_assert_double_eq_tol(norm_hold_at(&h, 0, expected[i].step), expected[i].norm, 1e-12);
    }
    norm_hold_release(&h);
    tensor_table_release(&t);
}
END_TEST

START_TEST(only_scale_invariant_kernels_get_norms)
{
    tensor_table t;
    make_table(&t);
    real weights[WEIGHTS], before[WEIGHTS];
    for (size_t i = 0; i < WEIGHTS; i++) {
        before[i] = weights[i] = (real)(sin((double)i) + 0.1);
    }
    norm_hold h = three_rows(&t);
    state s = state_over(&t, weights, NULL);
    const double was = norm_hold_measure(&s, &t.tensors[0]);
    s.step = 1;
    norm_hold_apply(&h, &s, threads);
    ck_assert_double_eq_tol(norm_hold_measure(&s, &t.tensors[0]), 1.5, 1e-6);
    for (size_t i = 0; i < WEIGHTS; i++) {
        const double expected = (double)before[i] * (i < 6 ? 1.5 / was : 1);
        ck_assert_double_eq_tol((double)weights[i], expected, 1e-6);
    }
    norm_hold_release(&h);
    tensor_table_release(&t);
}
END_TEST

/* Weights of a filter are two elements apart. */
static double norm_of_filter(const real *weights, size_t filter)
{
    double square = 0;
    for (size_t i = filter; i < 6; i += 2) {
        square += (double)weights[i] * (double)weights[i];
    }
    return sqrt(square);
}

START_TEST(filters_keep_the_norms_of_the_start)
{
    tensor_table t;
    make_table(&t);
    real start[WEIGHTS], weights[WEIGHTS];
    for (size_t i = 0; i < WEIGHTS; i++) {
        start[i] = (real)(0.5 + cos((double)i));
        weights[i] = (real)(sin((double)i) + 0.1);
    }
    norm_hold h;
    const state began = state_over(&t, start, NULL);
    state s = state_over(&t, weights, NULL);
    const double direction = (double)weights[2] / (double)weights[0];
    s.step = 17;
    ck_assert_int_eq(norm_hold_start(&h, &began), LS_OK);
    norm_hold_apply(&h, &s, threads);
    for (size_t f = 0; f < 2; f++) {
        ck_assert_double_eq_tol(norm_of_filter(weights, f), norm_of_filter(start, f), 1e-6);
    }
    ck_assert_double_eq_tol((double)weights[2] / (double)weights[0], direction, 1e-6);
    for (size_t i = 6; i < WEIGHTS; i++) {
        ck_assert(weights[i] == (real)(sin((double)i) + 0.1));
    }
    norm_hold_release(&h);
    tensor_table_release(&t);
}
END_TEST

START_TEST(a_frozen_kernel_and_one_of_zeros_stay)
{
    tensor_table t;
    make_table(&t);
    real weights[WEIGHTS] = {0};
    norm_hold h = three_rows(&t);
    state s = state_over(&t, weights, NULL);
    norm_hold_apply(&h, &s, threads);
    for (size_t i = 0; i < WEIGHTS; i++) {
        ck_assert(weights[i] == 0);
    }
    norm_hold_release(&h);
    tensor_table_freeze(&t, 0);
    ck_assert_int_eq(norm_hold_rows(&h, &t, 1), LS_OK);
    ck_assert_uint_eq(h.kernels, 0);
    norm_hold_release(&h);
    tensor_table_release(&t);
}
END_TEST

int main(void)
{
    if (pool_create(&threads, 2) != LS_OK) {
        return EXIT_FAILURE;
    }
    TCase *cases = tcase_create("norm_hold");
    tcase_add_test(cases, between_rows_norms_are_on_a_line);
    tcase_add_test(cases, only_scale_invariant_kernels_get_norms);
    tcase_add_test(cases, filters_keep_the_norms_of_the_start);
    tcase_add_test(cases, a_frozen_kernel_and_one_of_zeros_stay);
    const int result = suite_run("norm_hold", cases);
    pool_free(threads);
    return result;
}
