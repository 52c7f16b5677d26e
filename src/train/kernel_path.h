#ifndef LOCKSTEP_TRAIN_KERNEL_PATH_H
#define LOCKSTEP_TRAIN_KERNEL_PATH_H

#include <stdbool.h>

#include "comm/comm.h"
#include "tensor/origin.h"

/*
 * With which arithmetic a run goes on. Every rank takes the best kernel path of its processor, or the one that
 * LOCKSTEP_ISA names; all give the same bits. Other bits come of another number type, and of checkpoints of versions
 * whose kernel paths rounded each in its own way.
 */
typedef struct kernel_path_request {
    const char *checkpoint; /* to go on from, for messages; NULL: a new run */
    const origin *origin;   /* of that checkpoint */
    bool same_bits;         /* refuse what would give other bits */
} kernel_path_request;

/*
 * LS_EUSAGE where LOCKSTEP_ISA names a path that a processor lacks, and with same_bits where the bits would be others
 * than the checkpoint's. Collective; a failure is returned by all ranks.
 */
int kernel_path_settle(comm *c, const kernel_path_request *request);

/* Warns where the bits are others' from here on. Rank 0 speaks. */
void kernel_path_report(const kernel_path_request *request);

#endif
