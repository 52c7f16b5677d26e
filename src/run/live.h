#ifndef LOCKSTEP_RUN_LIVE_H
#define LOCKSTEP_RUN_LIVE_H

#include <stdint.h>

#include "comm/comm.h"
#include "store/checkpoint.h"
#include "store/runlog.h"
#include "tensor/state.h"
#include "train/step.h"

/*
 * What a run is doing, written into its folder about once a second (store/status_file.h) by a thread of its own, which
 * the training thread hands its figures without waiting: a disk that hangs holds up neither the training nor the
 * watchdog, and a training that hangs is still told of. Rank 0's business. A file that cannot be written is warned of
 * once, and ends no run.
 */
typedef struct live live;

typedef struct live_options {
    comm *c;             /* not owned, as the texts; all must outlive it */
    const char *run_dir; /* with the run's lock held */
    const char *run;     /* name of the run */
    uint64_t epochs;     /* to train */
    uint64_t batch;      /* samples a step */
    double limit;        /* second on the clock by which the run must have ended; 0: none */
} live_options;

/* Begin. Returns 0, LS_EIO, LS_ENOMEM or LS_ERROR; *out is ended with live_end. */
int live_start(live **out, const live_options *o);

/* From the training thread; they do nothing for NULL. Where training begins, or goes on; steps: of an epoch. */
void live_begin(live *l, const state *s, uint64_t steps);
/* A step was taken: its figures, and those of its epoch so far, this step included. */
void live_step(live *l, const state *s, const step_metrics *m, const checkpoint_epoch *now);
/* An epoch is complete. stand: where the run stands, or "". */
void live_epoch(live *l, const runlog_epoch_row *row, const char *stand);
/* The run was asked to stop, and why. */
void live_stopping(live *l, const char *why);

/* Write what came of it, or nothing where training failed before it began, with the calling thread's error message
 * where code is negative, which is kept; then free. */
void live_end(live *l, int code);

#endif
