#ifndef LOCKSTEP_TRAIN_BENCH_RIG_H
#define LOCKSTEP_TRAIN_BENCH_RIG_H

#include "base/arena.h"
#include "data/batch.h"
#include "train/bench.h"
#include "train/step.h"

/* What a rank needs to run training steps without a data set: built together, freed together. */
typedef struct bench_rig {
    pool *threads;
    model *net;
    stepper *steps;
    arena memory;           /* owned; of the two below */
    real *weights, *moving; /* as model_table has them */
    batch samples;          /* its images and labels are the rig's */
} bench_rig;

/*
 * Network, fresh weights, one batch of random images in [0, 1) and labels; a sample does not depend on the number of
 * ranks. Not collective. *out starts with anything and is released with bench_rig_close, on failure too.
 */
int bench_rig_open(bench_rig *out, comm *c, const bench_options *options);
void bench_rig_close(bench_rig *r);

/* Bytes planned on this rank: activations, gradients and state, and the images. */
size_t bench_rig_memory(const bench_rig *r, const bench_options *options);

#endif
