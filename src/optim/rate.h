#ifndef LOCKSTEP_OPTIM_RATE_H
#define LOCKSTEP_OPTIM_RATE_H

#include <stdint.h>

#include "optim/options.h"

/* What a schedule has to know of a run. */
typedef struct rate_run {
    uint64_t steps_per_epoch; /* 0: not known, then it counts as 1 */
    uint64_t batch;           /* samples an update, over all ranks; where rate.batch asks for it */
} rate_run;

typedef struct rate_now {
    double rate;
    double share; /* rate over the learning rate that the schedule starts from */
} rate_now;

/*
 * The learning rate of a step, the number of steps before it given. A pure function, so that a checkpoint needs nothing
 * of it and a resume goes on with the same; with base/elementary, so that all machines have the same bits.
 */
rate_now rate_at(const optimizer_options *o, const rate_run *run, uint64_t step);

#endif
