#ifndef LOCKSTEP_BASE_REDUCER_H
#define LOCKSTEP_BASE_REDUCER_H

#include <stddef.h>

/*
 * How a layer sums over the whole global batch without knowing about ranks: it forms one vector of sums a shard, and
 * the reducer combines them along the fixed tree over shard numbers, within this rank and then between ranks.
 */
typedef struct reducer {
    /*
     * partials: [local shards][n], overwritten. out: [n], the sum over all shards of all ranks, the same bits on
     * every rank. Returns 0 or a negative code. Collective when the reducer spans ranks.
     */
    int (*sum)(void *context, double *out, double *partials, size_t n);
    void *context;  /* not owned */
    size_t samples; /* samples that a sum covers: the global batch, or this rank's part when BN is local */
} reducer;

#endif
