#ifndef LOCKSTEP_CLI_REPORT_EVAL_H
#define LOCKSTEP_CLI_REPORT_EVAL_H

#include "cli/eval_report.h"
#include "cli/run_data.h"
#include "data/thumbnail.h"

/* What a run's newest checkpoint answers to its validation pictures, for the page of a report. */

/* One of the pictures with the largest loss. */
typedef struct report_picture {
    metrics_sample told;
    char *name;     /* owned */
    thumbnail copy; /* without bytes: the picture cannot be shown */
} report_picture;

enum { REPORT_WHY = 600 };

/* Starts as zeros: nobody has asked. */
typedef struct report_eval {
    bool done;
    char why_not[REPORT_WHY];    /* where it could not be done: why, and what to do; "": nobody has asked */
    evaluation moving;           /* by BatchNorm's moving statistics, or of a network without BatchNorm */
    evaluation precise;          /* by re-estimated ones; no samples: there are none */
    char why_moving[REPORT_WHY]; /* where there should be: why not */
    size_t batches, batch;       /* that they were re-estimated over */
    bool by_precise;             /* what follows is by those */
    eval_report answers;         /* without its subject's data set */
    report_picture *worst;       /* owned; [worst_count] */
    size_t worst_count;
} report_eval;

typedef struct report_eval_options {
    const char *data; /* data set in place of the configurations'; NULL: those */
    int threads;      /* 0: as in training */
    size_t worst;     /* pictures with the largest loss */
} report_eval_options;

/* A run, and where its answers go, zeros at first; not owned. */
typedef struct report_eval_job {
    const run_data *run;
    report_eval *out;
} report_eval_job;

/*
 * One process alone, MPI not started yet: it is started and ended. Where a run cannot be evaluated, its report_eval
 * says why, which is no failure. Returns 0, or an exit code whose message is printed. report_eval_release each, in any
 * case.
 */
int report_eval_runs(const report_eval_job *jobs, size_t count, const report_eval_options *o);
void report_eval_release(report_eval *e);

#endif
