#ifndef LOCKSTEP_DATA_BATCH_H
#define LOCKSTEP_DATA_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"

/*
 * This rank's part of one global batch: consecutive shards of a fixed number of samples, the very last possibly
 * short. Global batch of B samples, shard size S: ceil(B / S) shards; rank r of R owns shards
 * [r * shards / R, (r + 1) * shards / R).
 */
typedef struct batch {
    real *images;        /* [samples][height][width][3], normalized */
    int32_t *labels;     /* [samples] */
    size_t samples;      /* of this rank, may be 0 */
    size_t shards;       /* of this rank */
    size_t first_shard;  /* number of its first within the global batch */
    size_t total_shards; /* of the global batch */
    size_t total;        /* samples of the global batch */
} batch;

#endif
