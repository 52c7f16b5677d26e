#ifndef LOCKSTEP_TRAIN_SCHEDULE_H
#define LOCKSTEP_TRAIN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "train/options.h"

/*
 * When to save and when to stop. Signals come to any rank, and clocks differ, so a rank only has wishes; they travel
 * with each step (step_news), and what all ranks got is done by all. Not collective.
 */
typedef struct schedule {
    checkpoint_options saving;
    double limit;    /* second on the clock by which rank 0 must have ended; 0: none */
    bool leads;      /* rank 0: its clock counts */
    double saved;    /* when a checkpoint was last due */
    double asked;    /* when it was last asked for wishes; 0: not yet */
    double longest;  /* seconds between two such moments, at most */
    const char *why; /* this rank's reason to stop, for people; NULL: none */
} schedule;

void schedule_start(schedule *w, const checkpoint_options *saving, double limit, bool leads);

/*
 * This rank's wishes now, STEP_WISH_STOP and STEP_WISH_SAVE; to be asked before each batch. saving: seconds that a
 * checkpoint has taken, at most, so far.
 */
unsigned schedule_wishes(schedule *w, double saving);

/* Whether a checkpoint is due after so many steps, and after so many epochs of a run of `last`. */
bool schedule_step_due(const schedule *w, uint64_t step);
bool schedule_epoch_due(const schedule *w, uint64_t epoch, uint64_t last);

/* A checkpoint is on its way. */
void schedule_saved(schedule *w);

#endif
