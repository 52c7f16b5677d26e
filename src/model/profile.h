#ifndef LOCKSTEP_MODEL_PROFILE_H
#define LOCKSTEP_MODEL_PROFILE_H

#include <stddef.h>

#include "base/clock.h"

/* Where a pass over the network spends its time, a row for each layer. For measurements; no result depends on it. */
typedef enum profile_phase {
    PROFILE_PACK,          /* all weights into the kernels' order, in the first row */
    PROFILE_FORWARD,       /* the kernel calls of all shards */
    PROFILE_MOMENTS,       /* BatchNorm's moments, summed over all ranks, and the lens */
    PROFILE_GRADIENT_SUMS, /* BatchNorm's gradient sums, summed over all ranks, and the gradient lens */
    PROFILE_BACKWARD,      /* the kernel calls of all shards */
    PROFILE_COLLECT,       /* the weight gradients of the rank's shards to one vector */
    PROFILE_PHASES
} profile_phase;

/* Of a row: seconds of this rank, on the clock of the thread that runs the pass. */
typedef double profile_row[PROFILE_PHASES];

typedef struct model_profile {
    profile_row *rows; /* not owned; one for each of model_costs, in that order. Start as zeros */
    double mark;       /* when the last lap ended */
} model_profile;

/* A pass begins; p may be NULL, here and below, and then nothing is measured. */
static inline void profile_start(model_profile *p)
{
    if (p != NULL) {
        p->mark = clock_seconds();
    }
}

/* Since the last lap, or the start, this phase of this row was at work. */
static inline void profile_lap(model_profile *p, size_t row, profile_phase phase)
{
    if (p != NULL) {
        const double now = clock_seconds();
        p->rows[row][phase] += now - p->mark;
        p->mark = now;
    }
}

#endif
