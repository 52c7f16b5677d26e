#ifndef LOCKSTEP_TESTS_RANDOM_NETWORK_H
#define LOCKSTEP_TESTS_RANDOM_NETWORK_H

/* Weights and moving statistics as random as a network can have them and still answer with numbers of a usual size. */
#include <math.h>

#include "base/random.h"
#include "tensor/state.h"

static inline real random_weight(const tensor_info *t, double unit)
{
    const size_t fan_in = t->size / t->shape[t->rank - 1];
    switch (t->role) {
    case TENSOR_CONV_KERNEL: return (real)((2 * unit - 1) * sqrt(6 / (double)fan_in));
    case TENSOR_DEPTHWISE_KERNEL: return (real)((2 * unit - 1) * sqrt(6.0 / 9));
    case TENSOR_DENSE_KERNEL: return (real)((2 * unit - 1) * sqrt(3 / (double)fan_in));
    case TENSOR_GAMMA: return (real)(0.5 + unit);
    case TENSOR_MOVING_VARIANCE: return (real)(0.5 + 1.5 * unit);
    default: return (real)(unit - 0.5);
    }
}

static inline void random_state(state *s, uint64_t seed)
{
    for (size_t i = 0; i < s->table->count; i++) {
        const tensor_info *t = &s->table->tensors[i];
        real *values = state_values(s, t);
        for (size_t k = 0; k < t->size; k++) {
            values[k] = random_weight(t, random_unit(seed, random_stream(RANDOM_TEST, i, 0), k));
        }
    }
}

#endif
