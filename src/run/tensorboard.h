#ifndef LOCKSTEP_RUN_TENSORBOARD_H
#define LOCKSTEP_RUN_TENSORBOARD_H

#include "instrument/instrument.h"
#include "instrument/verdict.h"
#include "run/trainer.h"
#include "store/runlog.h"

/*
 * What TensorBoard gets to see of a run, as event files in its folder (store/event_file.h): the rows of the log, what
 * the instrument measures, and as texts the configuration and where the run stands. Steps count from the run's start.
 * Rank 0's business; failures are those of event_file.h.
 */
typedef struct tensorboard tensorboard;

/*
 * *out: NULL where log.tensorboard is off. The session stands where the run starts or goes on; both must outlive it.
 * Closed with tensorboard_close.
 */
int tensorboard_open(tensorboard **out, const session *s, const trainer_options *o);

enum { TENSORBOARD_FILES = 3 };
/* Paths of the files that it writes, owned by it; returns how many. 0 for NULL, for which all that follow do nothing.
 */
size_t tensorboard_paths(const char *out[TENSORBOARD_FILES], const tensorboard *t);

int tensorboard_step(tensorboard *t, const runlog_step_row *row);

/* What by measured around the update of the row's step, and its summary. */
int tensorboard_sample(tensorboard *t, const instrument_row *row, const verdict_point *p, const instrument *by);

/* stand: where the run stands, "" where that is not known. */
int tensorboard_epoch(tensorboard *t, const runlog_epoch_row *row, const char *stand);

/* Accuracy of this epoch's validation by re-estimated statistics, beside the one by moving ones. Before its row. */
int tensorboard_precise(tensorboard *t, double accuracy);

/* Write what still waits. */
int tensorboard_flush(tensorboard *t);
int tensorboard_close(tensorboard *t);

#endif
