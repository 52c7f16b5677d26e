#ifndef LOCKSTEP_TESTS_RANDOM_NETWORK_H
#define LOCKSTEP_TESTS_RANDOM_NETWORK_H

/* Networks with weights and moving statistics as random as they can be and still answer with numbers of a usual size.
 */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/random.h"
#include "exchange/model.h"

typedef struct random_network {
    tensor_table table;
    state weights;
    exchange_model m;
} random_network;

static const char *const random_network_classes[] = {"ant", "bee\nfly", "wasp"};

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

/* *r stays where it is. classes: three have names, others need them. random_network_release in any case. */
static inline int random_network_make(random_network *r, size_t height, size_t width, size_t classes,
                                      network_options options)
{
    *r = (random_network){.m = {.spec = {.height = height, .width = width, .classes = classes, .options = options},
                                .epsilon = 1e-3,
                                .momentum = 0.99,
                                .weights = &r->weights,
                                .classes = random_network_classes,
                                .program = "lockstep 1.2"}};
    exchange_set_pixels(&r->m, 0.5, 0.5);
    tensor_table_init(&r->table);
    int code = network_describe(&r->table, &r->m.spec);
    if (code == LS_OK) {
        code = state_create(&r->weights, &r->table, NULL, 0);
    }
    for (size_t i = 0; code == LS_OK && i < r->table.count; i++) {
        const tensor_info *t = &r->table.tensors[i];
        real *values = state_values(&r->weights, t);
        for (size_t k = 0; k < t->size; k++) {
            values[k] = random_weight(t, random_unit(1, random_stream(RANDOM_TEST, i, 0), k));
        }
    }
    return code;
}

/*
 * Pictures [n][height][width][3], from -most to most, that a float32 holds in any build. For free(); NULL: out of
 * memory.
 */
static inline real *random_network_images(const random_network *r, size_t n, double most)
{
    const size_t size = n * r->m.spec.height * r->m.spec.width * 3;
    real *out = malloc(size * sizeof *out);
    for (size_t i = 0; out != NULL && i < size; i++) {
        out[i] = (real)(float)(most * (2 * random_unit(2, random_stream(RANDOM_TEST, 0, 0), i) - 1));
    }
    return out;
}

static inline void random_network_release(random_network *r)
{
    state_release(&r->weights);
    tensor_table_release(&r->table);
}

#endif
