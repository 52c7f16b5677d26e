#ifndef LOCKSTEP_TESTS_FUZZ_SMALL_TABLE_H
#define LOCKSTEP_TESTS_FUZZ_SMALL_TABLE_H

/* A network small enough to be written and read a thousand times a second. */
#include "fuzz.h"

#include "tensor/table.h"

static inline void small_table(tensor_table *t)
{
    const size_t conv[4] = {3, 3, 3, 4};
    const size_t dense[2] = {4, 2};
    tensor_table_init(t);
    FUZZ_CHECK(tensor_table_add_layer(t, "conv2d") == 0);
    FUZZ_CHECK(tensor_table_add(t, TENSOR_CONV_KERNEL, 4, conv, 1) >= 0);
    FUZZ_CHECK(tensor_table_add_layer(t, "batch_normalization") == 0);
    for (int role = TENSOR_GAMMA; role <= TENSOR_MOVING_VARIANCE; role++) {
        FUZZ_CHECK(tensor_table_add(t, (tensor_role)role, 1, conv + 3, 0) >= 0);
    }
    FUZZ_CHECK(tensor_table_add_layer(t, "dense") == 0);
    FUZZ_CHECK(tensor_table_add(t, TENSOR_DENSE_KERNEL, 2, dense, 0) >= 0);
    FUZZ_CHECK(tensor_table_add(t, TENSOR_DENSE_BIAS, 1, dense + 1, 0) >= 0);
}

#endif
