#ifndef LOCKSTEP_TRAIN_EPOCH_H
#define LOCKSTEP_TRAIN_EPOCH_H

#include "store/runlog.h"
#include "train/evaluate.h"
#include "train/session.h"

/*
 * The figures of an epoch, from its first step to its row of the log. They are part of the training state, so an epoch
 * that was broken off ends with the row of one that was not.
 */

/* Before the first step. watched: the kernel whose first weights go to the log. */
void epoch_open(checkpoint_epoch *now, const session *s, const tensor_info *watched, uint64_t step);

/* Add a step's. */
void epoch_add(checkpoint_epoch *now, const step_metrics *m);

/* After the last step and the validation; number: from 1. */
runlog_epoch_row epoch_row(const checkpoint_epoch *now, const session *s, const evaluation *val, uint64_t number);

/* The row as a line for people. */
void epoch_print(const runlog_epoch_row *row, uint64_t epochs);

#endif
