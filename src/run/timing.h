#ifndef LOCKSTEP_RUN_TIMING_H
#define LOCKSTEP_RUN_TIMING_H

#include <stdbool.h>

#include "base/watch.h"
#include "store/checkpoint.h"
#include "store/spent.h"

/*
 * Where the time of the training thread goes, row by row of the log: from the row before to this one, nothing left out
 * and nothing counted twice. A few readings of the clock for each phase of a step (base/watch.h).
 */
typedef struct timing {
    watch_times times; /* since the last timing_take; the watch adds to it */
    bool runs;
    double spent[SPENT_KINDS]; /* seconds since the row before */
} timing;

/* From now on, going on from what a checkpoint within an epoch holds. *t stays where it is until timing_stop. */
void timing_start(timing *t, const checkpoint_epoch *now);
void timing_stop(timing *t);

/* Take what has passed since the last call, all of it as validation or by its phases. */
void timing_take(timing *t, bool validation);

/* For a checkpoint: what has been spent so far of an epoch that has begun, else nothing that is known. */
void timing_note(timing *t, checkpoint_epoch *now);

/* For a row of the log, after timing_take: what was spent; the next one's begins. NaN where nobody has counted. */
void timing_row(timing *t, double out[SPENT_KINDS]);

#endif
