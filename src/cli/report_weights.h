#ifndef LOCKSTEP_CLI_REPORT_WEIGHTS_H
#define LOCKSTEP_CLI_REPORT_WEIGHTS_H

#include "cli/report_run.h"
#include "page/figure.h"

/* Histograms of the runs' weights, from the start to the end; what programs before did not log is left out. */
void report_weights_add(page *p, const report_run *runs, size_t count);

#endif
