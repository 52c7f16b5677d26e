#ifndef LOCKSTEP_TRAIN_STEP_TIMES_H
#define LOCKSTEP_TRAIN_STEP_TIMES_H

#include "base/reducer.h"
#include "base/sink.h"

/* Where training steps spend their time on this rank. For measurements; no result depends on it. */
typedef enum step_phase {
    STEP_FORWARD,
    STEP_LOSS,
    STEP_BACKWARD,
    STEP_WAITING,   /* for the other ranks: inside sums over all ranks during the phases above, which are without it */
    STEP_REDUCTION, /* the weights' gradient on its way over all ranks: what of it holds up backward, and the wait after
                     */
    STEP_UPDATE,    /* the penalty too */
    STEP_PHASES
} step_phase;

/* Starts as zeros. */
typedef struct step_times {
    double seconds[STEP_PHASES];
    double mark;  /* when the last lap ended */
    double apart; /* STEP_WAITING and STEP_REDUCTION at the last lap */
} step_times;

/* A step begins. t may be NULL, here and below, and then nothing is measured. */
void step_times_start(step_times *t);

/* Since the last lap, or the start, this phase was at work, except while waiting. */
void step_times_lap(step_times *t, step_phase phase);

typedef struct step_timed_sums {
    reducer sums;
    step_times *times; /* not owned */
} step_timed_sums;

/* `sums`, which also counts as waiting; *context must outlive it. Collective as `sums` is. */
reducer step_times_reducer(step_timed_sums *context, step_times *t, reducer sums);

typedef struct step_timed_sink {
    gradient_sink sink;
    step_times *times; /* not owned */
} step_timed_sink;

/* `sink`, which also counts as reduction; *context must outlive it. */
gradient_sink step_times_sink(step_timed_sink *context, step_times *t, gradient_sink sink);

#endif
