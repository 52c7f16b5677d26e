#ifndef LOCKSTEP_NN_DROPOUT_H
#define LOCKSTEP_NN_DROPOUT_H

#include <stdint.h>

#include "nn/run.h"

/*
 * Dropout (Srivastava et al. 2014) on features: each is 0 with a probability and else times 1/(1 - probability), drawn
 * by (seed, step, sample's place in the global batch, feature), so that backward draws the same again and ranks and
 * threads make no difference.
 */
typedef struct dropout {
    double probability; /* 0: nothing is done */
    uint64_t seed, step;
} dropout;

/* In place: [shards][features/8][samples][8] of this rank, features or their gradient. */
void dropout_apply(const dropout *d, const nn_run *run, real *values, size_t features, size_t stride);

#endif
