#ifndef LOCKSTEP_BASE_SHARDS_H
#define LOCKSTEP_BASE_SHARDS_H

#include <stddef.h>

/*
 * The consecutive shards of a global batch that one rank owns. B samples in shards of S: ceil(B / S) shards, the very
 * last possibly short; rank r of R owns shards [r * shards / R, (r + 1) * shards / R), which may be none.
 */
typedef struct shard_range {
    size_t first;        /* number of the first within the global batch */
    size_t count;        /* of this rank */
    size_t total;        /* of the global batch */
    size_t first_sample; /* within the global batch */
    size_t samples;      /* of this rank */
    size_t all_samples;  /* of the global batch */
} shard_range;

/* ranks > 0, shard_size > 0. */
shard_range shard_range_of(size_t samples, size_t shard_size, size_t rank, size_t ranks);

/* rank * total / ranks, without overflow: where a rank's shards begin. */
size_t shard_range_first(size_t total, size_t rank, size_t ranks);

#endif
