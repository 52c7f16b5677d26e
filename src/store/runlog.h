#ifndef LOCKSTEP_STORE_RUNLOG_H
#define LOCKSTEP_STORE_RUNLOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"
#include "instrument/instrument.h"
#include "store/spent.h"
#include "tensor/histogram.h"
#include "tensor/state.h"

/*
 * The log of a run, log.h5: one growing array a column under /steps and /epochs, statistics by tensor and epoch under
 * /tensors (norm, mean_abs: rows are epochs, columns the tensors of the weights in table order, named in
 * /tensors/names), what the instrument measured under /instrument (store/runlog_samples.h), and the histogram of the
 * weights that the run began with under /histogram_start, where the log begins there. Other processes may read it while
 * it is written. One rank writes.
 */
typedef struct runlog runlog;

enum { RUNLOG_FIRST_WEIGHTS = 10 };

/* A row of /steps. */
typedef struct runlog_step_row {
    uint64_t step;
    double loss; /* cross-entropy + penalty */
    double cross_entropy;
    double accuracy;
    double learning_rate; /* of the update; NaN in rows of programs that did not log it */
} runlog_step_row;

/* A row of /epochs. Validation columns are NaN where there was none. */
typedef struct runlog_epoch_row {
    uint64_t epoch;
    double train_loss, train_cross_entropy, train_accuracy;
    double val_loss, val_cross_entropy, val_accuracy;
    double val_top5; /* NaN too with five classes or fewer, as are all three of programs that did not log them */
    double val_macro_recall, val_calibration_error;
    double ema_val_cross_entropy, ema_val_accuracy; /* of the averages of the weights; NaN too where there are none */
    double images_per_second;
    double mean_abs_weight;           /* tensor_table_mean_abs */
    double histogram[HISTOGRAM_BINS]; /* histogram_of; NaN in rows of programs that did not log it */
    double seconds;                   /* of the epoch's steps */
    double spent[SPENT_KINDS]; /* where rank 0's time went since the row before, since the run began or was resumed, or
                                  since before an interruption; seconds. NaN in rows of programs that did not log it */
    /* Before the epoch's first step: */
    uint64_t start_step;                        /* steps behind it */
    double start_mean_abs_weight;               /* tensor_table_mean_abs */
    double first_weights[RUNLOG_FIRST_WEIGHTS]; /* of the watched kernel */
} runlog_epoch_row;

/*
 * Open a log for writing, of a run that stands at this state, whose origin it records in /origin. It takes over as many
 * rows of an earlier one of that name as the state has steps and epochs behind it; with none it begins afresh. Whatever
 * happens on the way, path is either the earlier log or the whole new one. Rows that are missing are warned of. A log
 * that cannot be read is set aside under the name path.damaged, one of a run that begins afresh under path.aside, with
 * a number where that is taken, and with a warning. One that a program has open for writing is waited for, then refused
 * by that program's name (LS_EIO), as is what is no file. The state's table: not owned, must outlive the log. LS_EUSAGE
 * when the log is of another network.
 */
int runlog_open(runlog **out, const char *path, const state *s);

/* Owned by the log. */
const char *runlog_path(const runlog *log);

/* Add a row; kept in memory until 64 have gathered, or an epoch's row, runlog_flush or runlog_close. */
int runlog_step(runlog *log, const runlog_step_row *row);

/* Add a measurement; kept in memory as rows of steps are. The log is of a network with layers to measure. */
int runlog_sample(runlog *log, const instrument_row *row);

/* Add a row, and a row of weight statistics, and flush. weights: [weights_size]. */
int runlog_epoch(runlog *log, const runlog_epoch_row *row, const real *weights);

/* Put everything in the file; call it before a checkpoint, so that a resume finds the rows it keeps. */
int runlog_flush(runlog *log);

/* Flush and close; NULL is fine. Returns LS_EIO when the last rows could not be written; the log is freed anyway. */
int runlog_close(runlog *log);

#endif
