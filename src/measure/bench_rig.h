#ifndef LOCKSTEP_MEASURE_BENCH_RIG_H
#define LOCKSTEP_MEASURE_BENCH_RIG_H

#include "base/batch.h"
#include "measure/bench.h"
#include "train/replica.h"

/* What steps work on. */
typedef struct bench_state {
    state *state;  /* not owned */
    batch samples; /* its images are owned */
} bench_state;

/* What a rank needs to run training steps without a data set: built together, freed together. */
typedef struct bench_rig {
    replica replica;
    state shrunk; /* nothing until bench_rig_shrink */
    bench_state ordinary;
    bench_state small; /* nothing until bench_rig_shrink; its labels are the ordinary one's */
} bench_rig;

/*
 * Network, the ordinary state: fresh weights, one batch of random images in [0, 1) and labels; a sample does not depend
 * on the number of ranks. Not collective. *out starts with anything and is released with bench_rig_close, on failure
 * too.
 */
int bench_rig_open(bench_rig *out, comm *c, const bench_options *options);
void bench_rig_close(bench_rig *r);

/*
 * A second state, of weights and images so small that most numbers between the layers would be subnormal (base/fpu.h),
 * outputs and gradients, in all layers: about an eighth of the smallest normal number. No weight or pixel is subnormal
 * itself. Not collective. LS_ENOMEM.
 */
int bench_rig_shrink(bench_rig *r, const bench_options *options);

/* The network of these options, for shards of so many at most. */
model_options bench_network(const bench_options *options, size_t max_shards);

/* Bytes that a rank will plan at most, from the options alone. Pure. */
size_t bench_rig_plan(const bench_options *options, size_t ranks);

/* Bytes planned on this rank: activations, gradients, the ordinary state and its images. */
size_t bench_rig_memory(const bench_rig *r, const bench_options *options);

#endif
