#ifndef LOCKSTEP_CLI_EVAL_DUMP_H
#define LOCKSTEP_CLI_EVAL_DUMP_H

#include "train/evaluate.h"

/* The first samples of a split as the network saw them, in a file to compare with Keras. One rank only. */

/*
 * Before any work: whether the dump may be written to path, which is none of the n inputs (NULL: none). Returns 0,
 * LS_EUSAGE or LS_EIO.
 */
int eval_dump_prepare(const char *path, const char *const *inputs, size_t n);

/* Room for up to `wanted` samples; released also on failure. LS_ENOMEM. */
int eval_dump_start(evaluate_dump *out, const session *s, size_t wanted);
void eval_dump_release(evaluate_dump *d);

/* As data sets `images` and `logits`, whole or not at all. */
int eval_dump_write(const char *path, const evaluate_dump *d, const session *s);

#endif
