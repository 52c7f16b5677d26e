#ifndef LOCKSTEP_TRAIN_KERNEL_PATH_H
#define LOCKSTEP_TRAIN_KERNEL_PATH_H

#include <stdbool.h>

#include "comm/comm.h"
#include "tensor/origin.h"

/*
 * Which kernel path a run computes with, on all ranks. A run that goes on takes the path of its checkpoint where every
 * rank's processor has it, so that its bits go on too; LOCKSTEP_ISA asks for another.
 */
typedef struct kernel_path_request {
    const char *checkpoint; /* to go on from, for messages; NULL: a new run */
    const origin *origin;   /* of that checkpoint */
    bool same_bits;         /* refuse what would give other bits */
} kernel_path_request;

/*
 * out: its name. LS_EUSAGE where the ranks would use different paths, where LOCKSTEP_ISA names one that a processor
 * lacks, and with same_bits where the path or the number type is not the checkpoint's. Collective; a failure is
 * returned by all ranks.
 */
int kernel_path_settle(char out[ORIGIN_NAME_SIZE], comm *c, const kernel_path_request *request);

/* Warns where the bits are others' from here on, and says where the path is not this processor's best. Rank 0 speaks.
 */
void kernel_path_report(const kernel_path_request *request, const char *name);

/* LS_EUSAGE where the ranks do not all use the same path, as results depend on it. Collective. */
int kernel_path_same(comm *c, const char *name);

#endif
