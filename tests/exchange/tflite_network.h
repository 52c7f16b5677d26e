#ifndef LOCKSTEP_TESTS_TFLITE_NETWORK_H
#define LOCKSTEP_TESTS_TFLITE_NETWORK_H

/* A narrow network with random weights, statistics and pictures. */
#include <check.h>
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

static inline void random_network_make(random_network *r, size_t height, size_t width, network_options options)
{
    *r = (random_network){.m = {.spec = {.height = height, .width = width, .classes = 3, .options = options},
                                .epsilon = 1e-3,
                                .momentum = 0.99,
                                .classes = random_network_classes,
                                .program = "a test"}};
    ck_assert_int_eq(network_describe(&r->table, &r->m.spec), LS_OK);
    ck_assert_int_eq(state_create(&r->weights, &r->table, NULL, 0), LS_OK);
    exchange_set_pixels(&r->m, 0.5, 0.5);
    r->m.weights = &r->weights;
    for (size_t i = 0; i < r->table.count; i++) {
        const tensor_info *t = &r->table.tensors[i];
        const int positive = t->role == TENSOR_GAMMA || t->role == TENSOR_MOVING_VARIANCE;
        const size_t filters = t->role == TENSOR_DEPTHWISE_KERNEL ? t->shape[2] : t->shape[t->rank - 1];
        const double spread = t->rank == 1 ? 0.5 : sqrt(6.0 * (double)filters / (double)t->size);
        for (size_t k = 0; k < t->size; k++) {
            const double u = 2 * random_unit(1, random_stream(RANDOM_TEST, 1, i), k) - 1;
            state_values(&r->weights, t)[k] = (real)(positive + spread * u);
        }
    }
}

/* [n][height][width][3], from -1 to 1; the caller's to free. */
static inline real *random_network_images(const random_network *r, size_t n)
{
    const size_t size = n * r->m.spec.height * r->m.spec.width * 3;
    real *out = malloc(size * sizeof *out);
    ck_assert_ptr_nonnull(out);
    for (size_t i = 0; i < size; i++) {
        out[i] = (real)(2 * random_unit(2, random_stream(RANDOM_TEST, 2, 0), i) - 1);
    }
    return out;
}

static inline void random_network_release(random_network *r)
{
    state_release(&r->weights);
    tensor_table_release(&r->table);
}

#endif
