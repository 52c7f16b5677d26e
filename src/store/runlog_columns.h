#ifndef LOCKSTEP_STORE_RUNLOG_COLUMNS_H
#define LOCKSTEP_STORE_RUNLOG_COLUMNS_H

#include "io/h5.h"
#include "store/runlog.h"

/* The columns of a run's log: what writes, reads and checks it walks these tables. */

/* What a cell may hold. */
typedef enum runlog_rule {
    RUNLOG_COUNT,        /* 1, 2, 3, … */
    RUNLOG_START,        /* steps before an epoch: 0, then growing by an epoch's steps */
    RUNLOG_FIGURE,       /* finite, not negative */
    RUNLOG_SHARE,        /* 0 to 1 */
    RUNLOG_MAYBE_FIGURE, /* not negative, perhaps infinite, or NaN: validation */
    RUNLOG_MAYBE_SHARE,  /* 0 to 1, or NaN */
    RUNLOG_WEIGHT,       /* finite or NaN */
} runlog_rule;

/* An array of the file, and the field of the row's struct that it holds; both have 8 bytes a cell. */
typedef struct runlog_column {
    const char *name;
    h5_type type; /* H5_UINT64 or H5_FLOAT64 */
    size_t offset;
    runlog_rule rule;
} runlog_column;

enum { RUNLOG_STEP_COLUMNS = 4, RUNLOG_EPOCH_COLUMNS = 12, RUNLOG_TABLES = 3 };
extern const runlog_column runlog_step_columns[RUNLOG_STEP_COLUMNS];
extern const runlog_column runlog_epoch_columns[RUNLOG_EPOCH_COLUMNS];

/* Arrays of a row an epoch: RUNLOG_FIRST_WEIGHTS columns wide, then two with a column for each trainable tensor. */
enum { RUNLOG_WATCHED, RUNLOG_NORMS, RUNLOG_MEANS };
extern const runlog_column runlog_tables[RUNLOG_TABLES];

#define RUNLOG_TENSOR_NAMES "tensors/names"

#endif
