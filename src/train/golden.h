#ifndef LOCKSTEP_TRAIN_GOLDEN_H
#define LOCKSTEP_TRAIN_GOLDEN_H

#include "comm/comm.h"

/*
 * Check the training step against a file of reference results: load its weights, run its batches, compare logits,
 * losses, gradients, updated weights and moving statistics. Relative error of a tensor: norm of the difference over the
 * norm of the reference.
 */
typedef struct golden_options {
    double tolerance; /* largest relative error allowed */
    int threads;      /* per rank */
    size_t shard_size;
} golden_options;

/* Prints one line a quantity on rank 0. *worst: the largest relative error. Returns 0 also when that is past the
 * tolerance. Collective. */
int golden_verify(comm *c, const char *path, const golden_options *options, double *worst);

#endif
