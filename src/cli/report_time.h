#ifndef LOCKSTEP_CLI_REPORT_TIME_H
#define LOCKSTEP_CLI_REPORT_TIME_H

#include "cli/report_run.h"
#include "page/figure.h"

/* Where the runs' time went, as a table of all and columns by epoch; what programs before did not log is left out. */
void report_time_add(page *p, const report_run *runs, size_t count);

#endif
