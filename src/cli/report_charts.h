#ifndef LOCKSTEP_CLI_REPORT_CHARTS_H
#define LOCKSTEP_CLI_REPORT_CHARTS_H

#include "cli/report_run.h"
#include "page/figure.h"

/* The line charts of a report, those of all runs over common axes. What runs have no figures for is left out. */

void report_charts_learning(page *p, const report_run *runs, size_t count);
void report_charts_weights(page *p, const report_run *runs, size_t count);
void report_charts_balance(page *p, const report_run *runs, size_t count);
void report_charts_rate(page *p, const report_run *runs, size_t count);

#endif
