#ifndef LOCKSTEP_CLI_TRACE_OPTION_H
#define LOCKSTEP_CLI_TRACE_OPTION_H

#include <stddef.h>

#include "run/tracing.h"

/* The options --trace and --trace-steps. */

/* "N", so many steps, or "FIRST..LAST"; at most TRACING_MOST_STEPS. LS_EUSAGE; option: "--trace-steps". */
int trace_option_steps(tracing_options *out, const char *option, const char *text);

/*
 * Whether the timeline may take its place, before any work: LS_EUSAGE where it may not, or is one of the n inputs (NULL
 * among them are passed over). Rank 0's business.
 */
int trace_option_check(const tracing_options *o, const char *const *inputs, size_t n);

#endif
