#ifndef LOCKSTEP_CLI_REPORT_CHARTS_H
#define LOCKSTEP_CLI_REPORT_CHARTS_H

#include "base/text.h"
#include "cli/report_run.h"

/* Charts of a report's page. Where memory runs out the builder has failed. */

/* Of all runs over the same axes. */
void report_charts_of_all(text_builder *t, const report_run *runs, size_t count);

/* Of a single run. */
void report_charts_of_run(text_builder *t, const run_data *d);

#endif
