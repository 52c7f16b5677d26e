#ifndef LOCKSTEP_RUN_OUTPUTS_H
#define LOCKSTEP_RUN_OUTPUTS_H

#include "run/epoch.h"
#include "run/observation.h"
#include "run/saver.h"
#include "run/tensorboard.h"
#include "run/trainer.h"
#include "store/runlog.h"
#include "train/session.h"

/*
 * What a run writes into its folder: train.log, log.h5, checkpoints, and event files for TensorBoard. Rank 0's
 * business; not collective. Where a disk is full, a failure says how much room is needed.
 */
typedef struct outputs {
    const session *s;         /* not owned, as the next */
    const trainer_options *o; /* the run's */
    runlog *log;              /* NULL: nothing is open */
    tensorboard *events;      /* NULL: not wanted */
    saver *saver;
    observation seen;     /* of the filters */
    const char **classes; /* owned; the texts are the data set's */
} outputs;

/* Both must outlive it. *out starts with anything and is released with outputs_release, on failure too. */
int outputs_open(outputs *out, const session *s, const trainer_options *o);
/* Keeps the calling thread's last error. */
void outputs_release(outputs *out);

/* A row of the log for the step just taken. now: its epoch so far. */
int outputs_step(outputs *out, const step_metrics *m, const checkpoint_epoch *now);
/* Accuracy of a validation by re-estimated statistics; before its epoch's row. */
int outputs_precise(outputs *out, double accuracy);
/* One for the epoch just completed. */
int outputs_epoch(outputs *out, const runlog_epoch_row *row);

/* Start to save the session's state. at: what goes with it; val: of these weights. Returns what became of the one
 * before. */
int outputs_save(outputs *out, const session_history *at, const epoch_validation *val);

/* Wait for the last checkpoint, say what all took of these seconds, and close. code: of the run; returned if it is a
 * failure. */
int outputs_finish(outputs *out, int code, double seconds);

#endif
