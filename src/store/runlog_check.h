#ifndef LOCKSTEP_STORE_RUNLOG_CHECK_H
#define LOCKSTEP_STORE_RUNLOG_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "base/problems.h"

typedef struct runlog_facts {
    uint64_t steps, epochs; /* rows that all columns have */
    int followed;           /* the log is being written, or its writer was killed */
} runlog_facts;

/*
 * Everything that can be checked of a log: all columns of a table have as many rows; steps are 1, 2, 3, … and so are
 * epochs; each epoch starts where the one before it ended; figures are possible (NaN only where validation or the
 * watched weights may have none); statistics have a column for each tensor, which is called as a variable of a network.
 * The log is only read, also while it is written: then columns may differ by the rows of the moment. What is found goes
 * to `found`. LS_EFORMAT and the like, reported among the problems too, when it cannot be read at all.
 */
int runlog_check(runlog_facts *out, const char *path, problems *found);

#endif
