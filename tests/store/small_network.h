#ifndef LOCKSTEP_TESTS_SMALL_NETWORK_H
#define LOCKSTEP_TESTS_SMALL_NETWORK_H

/* A table with a layer of each kind, and numbers for it. */
#include <check.h>

#include "tensor/table.h"

enum { SMALL_CLASSES = 3, SMALL_WEIGHTS = 3 * 3 * 3 * 4 + 2 * 4 + 3 * 3 * 4 + 4 * SMALL_CLASSES + SMALL_CLASSES };
enum { SMALL_MOVING = 2 * 4 };

static inline void small_norm(tensor_table *t)
{
    const size_t channels = 4;
    ck_assert_int_eq(tensor_table_add_layer(t, "batch_normalization"), 0);
    for (int role = TENSOR_GAMMA; role <= TENSOR_MOVING_VARIANCE; role++) {
        ck_assert_int_ge(tensor_table_add(t, (tensor_role)role, 1, &channels, 0), 0);
    }
}

static inline void small_network(tensor_table *t)
{
    const size_t conv[4] = {3, 3, 3, 4};
    const size_t depthwise[4] = {3, 3, 4, 1};
    const size_t dense[2] = {4, SMALL_CLASSES};
    tensor_table_init(t);
    ck_assert_int_eq(tensor_table_add_layer(t, "input_layer"), 0);
    ck_assert_int_eq(tensor_table_add_layer(t, "conv2d"), 0);
    ck_assert_int_ge(tensor_table_add(t, TENSOR_CONV_KERNEL, 4, conv, 1), 0);
    small_norm(t);
    ck_assert_int_eq(tensor_table_add_layer(t, "re_lu"), 0);
    ck_assert_int_eq(tensor_table_add_layer(t, "depthwise_conv2d"), 0);
    ck_assert_int_ge(tensor_table_add(t, TENSOR_DEPTHWISE_KERNEL, 4, depthwise, 0), 0);
    ck_assert_int_eq(tensor_table_add_layer(t, "re_lu_1"), 0);
    ck_assert_int_eq(tensor_table_add_layer(t, "dense"), 0);
    ck_assert_int_ge(tensor_table_add(t, TENSOR_DENSE_KERNEL, 2, dense, 0), 0);
    ck_assert_int_ge(tensor_table_add(t, TENSOR_DENSE_BIAS, 1, dense + 1, 0), 0);
    ck_assert_uint_eq(t->weights_size, SMALL_WEIGHTS);
    ck_assert_uint_eq(t->moving_size, SMALL_MOVING);
}

static inline void small_numbers(real *out, size_t n, double start)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (real)(start + 0.37 * (double)i);
    }
}

#endif
