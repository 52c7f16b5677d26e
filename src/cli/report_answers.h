#ifndef LOCKSTEP_CLI_REPORT_ANSWERS_H
#define LOCKSTEP_CLI_REPORT_ANSWERS_H

#include "cli/report_run.h"
#include "page/figure.h"

/*
 * The part of a report's page about what a run's newest checkpoint answers to its validation pictures: figures by
 * moving and by re-estimated statistics, what is taken for what, the pictures with the largest loss; or why there is
 * nothing.
 */
void report_answers_add(page *p, const report_run *r);

#endif
