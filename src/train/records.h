#ifndef LOCKSTEP_TRAIN_RECORDS_H
#define LOCKSTEP_TRAIN_RECORDS_H

#include "base/batch.h"
#include "comm/comm.h"
#include "train/metrics.h"

/*
 * What is kept of each sample while a split is evaluated: each rank has its own, then rank 0 has all of them, in the
 * order of the split. So figures are the same for any number of ranks.
 */

/* Starts as zeros, ends with records_release. */
typedef struct records {
    metrics_sample *samples; /* owned; [capacity] */
    size_t count, capacity;
} records;

/* Room for so many. Returns 0 or LS_ENOMEM. */
int records_reserve(records *r, size_t capacity);

/*
 * Add a rank's part of a batch. before: samples of the split before the batch; logits: [samples of the rank][classes].
 * As many as there is room for.
 */
void records_add(records *r, const batch *b, size_t before, const real *logits, size_t classes);

/*
 * On rank 0 all ranks' records, in order of position; `all` of them, at positions 0 to all - 1. Elsewhere none.
 * Collective; a failure is returned by all ranks.
 */
int records_gather(records *r, comm *c, size_t all);

void records_release(records *r);

#endif
