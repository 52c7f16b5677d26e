#ifndef LOCKSTEP_CLI_RUN_DATA_H
#define LOCKSTEP_CLI_RUN_DATA_H

#include "config/config.h"
#include "instrument/verdict.h"
#include "store/checkpoint.h"
#include "store/runlog_read.h"

/* What a run's folder says, from its newest usable checkpoint and its log. */
typedef struct run_data {
    const char *dir; /* not owned */
    char checkpoint[CHECKPOINT_PATH_SIZE];
    config saved;
    checkpoint_info info;
    runlog_epoch_row *epochs; /* owned; [count] */
    size_t count;
    series measured;
    verdict_point *points; /* owned; [measured.count] */
    runlog_norms norms;
    double start[HISTOGRAM_BINS]; /* histogram of the weights it began with; NaN: not known */
} run_data;

/* *out starts with anything and is released with run_data_release, on failure too. Errors as which_of_run and the
 * readers; LS_ENOTFOUND where no epoch has been logged yet. */
int run_data_read(run_data *out, const char *dir);
void run_data_release(run_data *d);

/* What the run's learning rate depended on. */
rate_run run_data_rate_run(const run_data *d);

/* Where the run stands by its measurements. */
verdict run_data_verdict(const run_data *d);
/* That in words, or why it is not known; returns out. */
const char *run_data_stand(char *out, size_t size, const run_data *d);

/* "0.1234 -> 0.5678", or a dash where there is none; returns out. */
const char *run_data_span(char *out, size_t size, double first, double last, int digits);

#endif
