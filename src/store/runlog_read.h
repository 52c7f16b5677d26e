#ifndef LOCKSTEP_STORE_RUNLOG_READ_H
#define LOCKSTEP_STORE_RUNLOG_READ_H

#include "instrument/series.h"
#include "store/runlog.h"

/* Reading the log of a run, also while it is written. */

/* 1 when the file can be read and is the log of a run. */
int runlog_is_one(const char *path);

/* All measurements, none where there are none; *out: series_release, on failure too. LS_ENOTFOUND, LS_EFORMAT. */
int runlog_read_samples(const char *path, series *out);

/* Norms of the trained tensors after each epoch. */
typedef struct runlog_norms {
    size_t tensors, epochs;
    char **names;  /* owned, one block; [tensors]: "dense/kernel" */
    double *norms; /* owned; [epochs][tensors] */
} runlog_norms;

/* All of them; *out: runlog_norms_release, on failure too. LS_ENOTFOUND, LS_EFORMAT. */
int runlog_read_norms(const char *path, runlog_norms *out);
void runlog_norms_release(runlog_norms *n);

/*
 * Losses of the steps after the first `from`, also of a log that is being written; *out freed by the caller.
 * LS_ENOTFOUND, LS_EFORMAT.
 */
int runlog_read_losses(const char *path, size_t from, double **out, size_t *count);

/* The histogram of the weights that the run began with; NaN where the log has none. LS_ENOTFOUND, LS_EFORMAT. */
int runlog_read_start(const char *path, double out[HISTOGRAM_BINS]);

/* All rows of /epochs, also of a log that is being written; *out freed by the caller. LS_ENOTFOUND, LS_EFORMAT. */
int runlog_read_epochs(const char *path, runlog_epoch_row **out, size_t *count);

#endif
