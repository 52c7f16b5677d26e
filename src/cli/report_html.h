#ifndef LOCKSTEP_CLI_REPORT_HTML_H
#define LOCKSTEP_CLI_REPORT_HTML_H

#include "base/text.h"
#include "cli/report_run.h"

/*
 * A report of runs as a page of HTML: what the article found in them and where they stand, in sentences; losses,
 * accuracies, rates, weights, and what decay and BatchNorm did to the filters, as charts. Returns 0 or LS_ENOMEM.
 */
int report_html_make(text_builder *out, const report_run *runs, size_t count);

#endif
