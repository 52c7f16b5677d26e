#ifndef LOCKSTEP_NN_COLLECT_H
#define LOCKSTEP_NN_COLLECT_H

#include "nn/run.h"

/*
 * What becomes of the shards' vectors in run->dweights: they are summed along the shard tree, and each node of the
 * rank's front has its sum put where the caller wants it. Done part by part, so that a sum is still in cache when it is
 * taken, and by all threads.
 */
typedef struct collection {
    size_t offset;           /* where the parts begin in a shard's vector */
    size_t parts, part_size; /* equal parts, which take may be called for in any order and at the same time */
    /* Parts [first, end) of front node `node`; sum: that node's vector from `offset` on. */
    void (*take)(void *context, size_t node, const real *sum, size_t first, size_t end);
    void *context; /* not owned */
} collection;

/* Sum and hand over; the shards' vectors are overwritten. */
void nn_collect(const nn_run *run, const collection *c);

#endif
