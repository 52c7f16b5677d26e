#ifndef LOCKSTEP_CLI_EVAL_OUTPUTS_H
#define LOCKSTEP_CLI_EVAL_OUTPUTS_H

#include <stdbool.h>

#include "cli/eval_report.h"
#include "train/evaluate.h"

/* What eval writes: paths, NULL for what is not asked for. Not owned. */
typedef struct eval_outputs {
    const char *dump;       /* an HDF5 file of the first samples as the network saw them */
    const char *json, *csv; /* reports; "-": standard output */
} eval_outputs;

/* LS_EUSAGE where two have the same name. */
int eval_outputs_check(const eval_outputs *o);

/* Whether a report goes to standard output, which then has nothing else. */
bool eval_outputs_to_standard(const eval_outputs *o);

/*
 * Before any work: whether all may be written, over none of the n inputs (NULL: none) and over no data set and no file
 * of a run. LS_EUSAGE, LS_EIO. Not collective.
 */
int eval_outputs_prepare(const eval_outputs *o, const char *const *inputs, size_t n);

/* Room for up to `wanted` samples; its vectors are to be freed also on failure. */
int eval_outputs_start_dump(evaluate_dump *out, const session *s, size_t wanted);

/* Each whole or not at all. LS_EIO, LS_EUSAGE, LS_ENOMEM. Not collective. */
int eval_outputs_write_dump(const eval_outputs *o, const evaluate_dump *d, const session *s);
int eval_outputs_write_reports(const eval_outputs *o, const eval_report *r);

#endif
