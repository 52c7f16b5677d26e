#ifndef LOCKSTEP_RUN_EPOCH_H
#define LOCKSTEP_RUN_EPOCH_H

#include "store/runlog.h"
#include "train/evaluate.h"
#include "train/session.h"

/*
 * The figures of an epoch, from its first step to its row of the log. They are part of the training state, so an epoch
 * that was broken off ends with the row of one that was not.
 */

/* Before the first step. watched: the kernel whose first weights go to the log. */
void epoch_open(checkpoint_epoch *now, const state *s, const tensor_info *watched);

/* Add a step's. */
void epoch_add(checkpoint_epoch *now, const step_metrics *m);

/* Validations of the weights an epoch ends with, and of their averages. */
typedef struct epoch_validation {
    evaluation weights, averages;
    double score; /* of the epoch (store/metric.h); NaN: none */
} epoch_validation;

/* There was none. */
epoch_validation epoch_no_validation(void);

/* After the last step and the validation, the epoch counted as completed. */
runlog_epoch_row epoch_row(const checkpoint_epoch *now, const state *s, const epoch_validation *val);

/* The row as a line for people. */
void epoch_print(const runlog_epoch_row *row, uint64_t epochs);

#endif
