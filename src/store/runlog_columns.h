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

/* What has a row in an array. */
typedef enum runlog_per { RUNLOG_PER_STEP, RUNLOG_PER_EPOCH } runlog_per;

/* An array of the file, and the field of the row's struct that it holds; both have 8 bytes a cell. */
typedef struct runlog_column {
    const char *name;
    h5_type type;  /* H5_UINT64 or H5_FLOAT64 */
    size_t offset; /* of the field; of RUNLOG_TENSORS: which of the statistics it is */
    runlog_rule rule;
    runlog_per per;
    int later;    /* logs of older programs lack it: their rows of it are NaN */
    size_t width; /* of a table; 0: a single column; RUNLOG_TENSORS: one for each tensor of the weights, if there are
                     any */
} runlog_column;

#define RUNLOG_TENSORS SIZE_MAX
enum { RUNLOG_COLUMNS = 32 };
extern const runlog_column runlog_columns[RUNLOG_COLUMNS];

enum { RUNLOG_WIDEST = HISTOGRAM_BINS }; /* of the columns that are fields of a row */

#define RUNLOG_TENSOR_NAMES "tensors/names"
#define RUNLOG_BEGINNING    "histogram_start" /* float64 [HISTOGRAM_BINS]; not in logs of older programs */

/* Whether a file has the array: an older one may lack it, and that of a network without weights. */
int runlog_has_column(h5_file *f, const runlog_column *k);

/* Rows that all arrays with one a step, or an epoch, have, at most *rows: a writer that was killed may have added to
 * some only. LS_EFORMAT where an array is of another kind. */
int runlog_common_rows(h5_file *f, runlog_per per, size_t *rows);

/* n numbers that nobody knows. */
void runlog_fill_unknown(void *cells, size_t n);

/* 1 when the names are those of the table's tensors of weights. */
int runlog_names_match(char *const *names, size_t count, const tensor_table *t);

#endif
