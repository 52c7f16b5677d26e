#ifndef LOCKSTEP_TRAIN_MEMORY_CHECK_H
#define LOCKSTEP_TRAIN_MEMORY_CHECK_H

#include <stddef.h>

#include "base/machine.h"
#include "comm/comm.h"

/*
 * What ranks are about to take of memory against what their machine and their cgroups have, so that a run that cannot
 * fit is refused with both figures and not killed without a word.
 */
typedef struct memory_need {
    size_t planned; /* bytes that a rank will take from now on (train/memory_plan.h) */
    size_t held;    /* bytes of a data set that it holds already */
} memory_need;

/* A rank of a machine. */
typedef struct memory_rank {
    memory_need need;
    machine_memory has;
} memory_rank;

enum { MEMORY_TEXT_SIZE = 512 };

/*
 * Decide for rank `own` of the `count` ranks of a machine: LS_EUSAGE where the ranks that share one of its limits need
 * more than that; else 0, and a line in `warning` where they need more than is available of it now, or "". advice: what
 * helps, "use fewer ranks". Pure.
 */
int memory_judge(char warning[MEMORY_TEXT_SIZE], const memory_rank *ranks, int count, int own, const char *advice);

/*
 * memory_judge for all ranks, each with its own need; rank 0 prints the warnings. Nothing is compared where a rank has
 * LOCKSTEP_MEMORY=any in its environment. Returns an agreed code. Collective.
 */
int memory_check(comm *c, const memory_need *need, const char *advice);

/* The same by this process alone, for `ranks` that run on this machine or are yet to. LS_EUSAGE, LS_ENOMEM. */
int memory_check_here(const memory_need *need, int ranks, const char *advice);

#endif
