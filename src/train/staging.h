#ifndef LOCKSTEP_TRAIN_STAGING_H
#define LOCKSTEP_TRAIN_STAGING_H

#include <stdint.h>

#include "comm/comm.h"
#include "data/dataset.h"

/* What became of it; zeros where nothing was to be copied. */
typedef struct staging {
    int nodes, copies; /* of the job; nodes that have a copy */
    uint64_t bytes;    /* of the data set's file; on rank 0 */
    double seconds;    /* until all nodes were ready */
} staging;

/*
 * Open a data set, or, with `folder` neither NULL nor empty, a copy of it that the first rank of each node makes there
 * (data/stage.h says what a folder's name may hold). A node whose folder cannot be used reads the original, with a
 * warning; only what is wrong with the data set itself is an error. Nothing of a copy is left once the processes have
 * ended, however they end. Collective; the failure of any rank is returned by all.
 */
int staging_open(dataset **out, staging *copies, comm *c, const char *path, const char *folder);

#endif
