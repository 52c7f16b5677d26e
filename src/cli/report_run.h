#ifndef LOCKSTEP_CLI_REPORT_RUN_H
#define LOCKSTEP_CLI_REPORT_RUN_H

#include "cli/findings.h"
#include "cli/report_eval.h"
#include "cli/run_data.h"

enum { REPORT_LABEL = 128, REPORT_TAG = 48 };

/* A run, as a report needs it. */
typedef struct report_run {
    run_data data;
    finding_run facts;        /* of the data's epochs */
    report_eval eval;         /* zeros, where nobody has asked */
    char label[REPORT_LABEL]; /* what it is called in charts: the folder's name, its path where that is not one run's */
    char tag[REPORT_TAG];     /* its name in names of figures: small letters, digits and dashes */
} report_run;

/* As run_data_read; released with report_run_release, on failure too. */
int report_run_read(report_run *out, const char *dir);
void report_run_release(report_run *r);

/* Give labels and tags to all that were read. */
void report_run_name(report_run *runs, size_t count);

/* What their checkpoints answer; as report_eval_runs. */
int report_run_evaluate(report_run *runs, size_t count, const report_eval_options *o);

/* The first run of an experiment, "bn"; NULL: there is none. */
const report_run *report_find(const report_run *runs, size_t count, const char *experiment);

enum { REPORT_SENTENCES = 2 };

/*
 * Which of the article's findings a run is about; returns how many there are, none for an experiment that the article
 * has not. bn: a run of that experiment to compare with, or NULL.
 */
size_t report_findings(finding out[REPORT_SENTENCES], const report_run *r, const report_run *bn);

#endif
