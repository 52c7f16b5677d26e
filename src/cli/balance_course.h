#ifndef LOCKSTEP_CLI_BALANCE_COURSE_H
#define LOCKSTEP_CLI_BALANCE_COURSE_H

#include "instrument/series.h"
#include "optim/options.h"

/*
 * Print how a run went, in so many rows of equally many measurements from `from` up to `to`: of each figure the median
 * over layers, and of the angle of an update how far layers differ. Returns 0, LS_ENOMEM, or LS_EUSAGE where there are
 * fewer measurements than rows.
 */
int balance_course_print(const series *s, uint64_t from, uint64_t to, const optimizer_options *o, size_t rows);

#endif
