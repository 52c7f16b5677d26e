#ifndef LOCKSTEP_CLI_REPORT_HTML_H
#define LOCKSTEP_CLI_REPORT_HTML_H

#include "cli/report_run.h"
#include "page/figure.h"

/*
 * A report of runs as a page of HTML: in sentences what each shows and what to do next, which of the article's findings
 * are seen, what the words mean; charts of all runs over common axes; then each run by itself. Returns 0 or LS_ENOMEM.
 */
int report_html_make(page *out, const report_run *runs, size_t count);

#endif
