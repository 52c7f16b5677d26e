#ifndef LOCKSTEP_CLI_REPORT_TERMS_H
#define LOCKSTEP_CLI_REPORT_TERMS_H

#include "base/text.h"
#include "cli/report_run.h"

/* The words of a report's page, explained for who knows the article only. */
void report_terms_add(text_builder *t);

/* What stands before the charts of filters and their balance. */
void report_terms_balance(text_builder *t, const report_run *runs, size_t count);

#endif
