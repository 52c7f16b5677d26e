#ifndef LOCKSTEP_CLI_REPORT_RUN_H
#define LOCKSTEP_CLI_REPORT_RUN_H

#include "cli/findings.h"
#include "cli/run_data.h"

/* A run, as a report needs it. */
typedef struct report_run {
    run_data data;
    finding_run facts; /* of the data's epochs */
} report_run;

/* As run_data_read; its data is released with run_data_release. */
int report_run_read(report_run *out, const char *dir);

/* The first run of an experiment, "bn"; NULL: there is none. */
const report_run *report_find(const report_run *runs, size_t count, const char *experiment);

enum { REPORT_SENTENCES = 2, REPORT_SENTENCE = 512 };

/*
 * Which of the article's findings a run shows, "shows: accuracy rises (...)"; returns how many sentences there are,
 * none for an experiment that the article has not. bn: a run of that experiment to compare with, or NULL.
 */
size_t report_sentences(char out[REPORT_SENTENCES][REPORT_SENTENCE], const report_run *r, const report_run *bn);

#endif
