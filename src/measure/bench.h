#ifndef LOCKSTEP_MEASURE_BENCH_H
#define LOCKSTEP_MEASURE_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "comm/comm.h"
#include "measure/peaks.h"
#include "model/cost.h"
#include "model/profile.h"
#include "nn/batch_norm.h"
#include "optim/options.h"

enum { BENCH_MAX_STEPS = 10000 };

/* The training step as train runs it, timed on images and labels made in memory from random numbers. */
typedef struct bench_options {
    size_t side;       /* rows and columns of an image, at least 32 */
    size_t batch;      /* samples a step and rank */
    size_t classes;    /* at least 2 */
    size_t shard_size; /* samples a shard */
    size_t steps;      /* timed, 1 to BENCH_MAX_STEPS */
    size_t warm_up;    /* steps before them */
    network_options network;
    batch_norm_mode mode;
    optimizer_options optimizer;
    int threads; /* a rank */
    bool small;  /* afterwards as many steps on small values (bench_rig_shrink), in turns with ordinary ones */
} bench_options;

/* What a step's time is divided into. */
typedef enum bench_phase {
    BENCH_FORWARD,
    BENCH_LOSS,
    BENCH_BACKWARD,
    BENCH_WAITING,   /* for other ranks: inside sums over all ranks during the phases above, which are without it */
    BENCH_REDUCTION, /* the weights' gradient: what of its sending holds up backward, and the wait after it */
    BENCH_UPDATE,    /* the penalty too */
    BENCH_PHASES
} bench_phase;

/* The same on all ranks. Times of phases and layers are means over ranks. */
typedef struct bench_result {
    size_t ranks;
    size_t samples;              /* of the global batch */
    size_t shards;               /* of the global batch */
    double *step_seconds;        /* [steps], owned: the slowest rank's */
    double *small_seconds;       /* [steps], owned: as step_seconds, on small values; NULL without */
    double *beside_seconds;      /* [steps], owned: of the ordinary step before each of these; NULL without */
    double outputs, subnormal;   /* numbers that the last small step left between the layers, and how many of them
                                    are subnormal: 0 where they are flushed */
    double *peak_resident;       /* [ranks], owned: bytes, after the steps */
    double plan_bytes;           /* planned on the rank that plans most */
    double step_mean;            /* seconds a step, mean over ranks and steps */
    double phases[BENCH_PHASES]; /* seconds a step, mean over steps */
    model_cost *layers;          /* [layer_count], owned */
    size_t layer_count;
    profile_row *layer_seconds; /* [layer_count], owned: a step's, each the median over steps */
    peaks peak;                 /* of a rank, all ranks at once */
} bench_result;

/*
 * Run it. Collective; a failure before the steps is returned by all ranks, one within a step ends the job. *out starts
 * with anything and is released with bench_release, on failure too.
 */
int bench_run(bench_result *out, comm *c, const bench_options *options);
void bench_release(bench_result *r);

/* Its layers, and room for their times; part of bench_run. 0 or a negative code. */
int bench_layers(bench_result *out, const bench_options *options);

#endif
