#ifndef LOCKSTEP_STORE_RUNLOG_SAMPLES_H
#define LOCKSTEP_STORE_RUNLOG_SAMPLES_H

#include "base/problems.h"
#include "instrument/instrument.h"
#include "instrument/series.h"
#include "io/h5.h"
#include "tensor/table.h"

/*
 * What the instrument measured, in a run's log: group /instrument. step, rate and share: one element a measurement;
 * each figure of filters_row a table, whose columns are the layers named in `layers`, with `filters` filters of
 * `filter_size` weights. A figure that an older program did not know is NaN. A network without scale-invariant filters
 * has no such group, nor has a log of an older program.
 */
typedef struct runlog_samples runlog_samples;

/* Make the group in a new file, of the table's layers. *out: NULL where there are none. file: not owned. */
int runlog_samples_create(runlog_samples **out, h5_file *file, const tensor_table *t);
void runlog_samples_free(runlog_samples *s);

/* Take over the measurements of the first `steps` steps from an older log, if it has some of the same layers. */
int runlog_samples_copy(runlog_samples *s, h5_file *old, uint64_t steps);

/* Add one; some stay in memory until runlog_samples_flush. */
int runlog_samples_add(runlog_samples *s, const instrument_row *row);
int runlog_samples_flush(runlog_samples *s);

/* All of a file's; none where it has no such group. *out: series_release, on failure too. */
int runlog_samples_read(series *out, h5_file *f);

/* Add what is wrong with them. */
void runlog_samples_check(h5_file *f, uint64_t steps, problems *found);

#endif
