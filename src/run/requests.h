#ifndef LOCKSTEP_RUN_REQUESTS_H
#define LOCKSTEP_RUN_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "train/options.h"

/*
 * When to save and when to stop. Signals come to any rank, and clocks differ, so a rank only has requests; they travel
 * with each step (step_agreement), and what all ranks got is done by all. Not collective.
 */
typedef struct requests {
    checkpoint_options saving;
    double limit;    /* second on the clock by which rank 0 must have ended; 0: none */
    bool leads;      /* rank 0: its clock counts */
    double saved;    /* when a checkpoint was last due */
    double asked;    /* when it was last asked for requests; 0: not yet */
    double longest;  /* seconds between two such moments, at most */
    const char *why; /* this rank's reason to stop, for people; NULL: none */
} requests;

void requests_start(requests *w, const checkpoint_options *saving, double limit, bool leads);

/*
 * This rank's requests now, STEP_REQUEST_STOP and STEP_REQUEST_SAVE; to be asked before each batch. saving: seconds
 * that a checkpoint has taken, at most, so far.
 */
unsigned requests_pending(requests *w, double saving);

/* Whether a checkpoint is due after so many steps, and after so many epochs of a run of `last`. */
bool requests_step_due(const requests *w, uint64_t step);
bool requests_epoch_due(const requests *w, uint64_t epoch, uint64_t last);

/* A checkpoint is on its way. */
void requests_saved(requests *w);

#endif
