#include "cli/trace_option.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/output.h"
#include "cli/args.h"
#include "store/file_kind.h"

static const char a_timeline[] = "a timeline";

static const uint64_t last_step = 1000000000000000;

/* The steps between dots as numbers, which args_whole refuses by name. */
static int read_range(tracing_options *out, const char *option, const char *text, const char *dots)
{
    char first[32];
    const size_t n = (size_t)(dots - text);
    if (n >= sizeof first) {
        return error_set(LS_EUSAGE, "%s: '%s' is no range of steps; give FIRST..LAST, such as 6..15", option, text);
    }
    memcpy(first, text, n);
    first[n] = '\0';
    int code = args_whole(&out->first, option, first, 1, last_step);
    if (code == LS_OK) {
        code = args_whole(&out->last, option, dots + 2, 1, last_step);
    }
    if (code == LS_OK && out->last < out->first) {
        code = error_set(LS_EUSAGE, "%s: '%s' ends before it begins; give FIRST..LAST, such as 6..15", option, text);
    }
    if (code == LS_OK && out->last - out->first >= TRACING_MOST_STEPS) {
        code = error_set(LS_EUSAGE, "%s: '%s' are more than %d steps, which are as many as can be traced", option, text,
                         (int)TRACING_MOST_STEPS);
    }
    return code;
}

int trace_option_steps(tracing_options *out, const char *option, const char *text)
{
    const char *dots = strstr(text, "..");
    out->first = out->last = 0;
    return dots != NULL ? read_range(out, option, text, dots)
                        : args_whole(&out->count, option, text, 1, TRACING_MOST_STEPS);
}

int trace_option_check(const tracing_options *o, const char *const *inputs, size_t n)
{
    if (o->file == NULL) {
        return LS_OK;
    }
    const int code = file_kind_check_output(o->file, a_timeline, output_check, inputs, n);
    return code == LS_OK ? code : error_prefix(LS_EUSAGE, "--trace");
}
