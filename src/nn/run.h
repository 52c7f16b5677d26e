#ifndef LOCKSTEP_NN_RUN_H
#define LOCKSTEP_NN_RUN_H

#include <stddef.h>

#include "base/pool.h"
#include "base/real.h"
#include "base/shards.h"
#include "kernels/kernels.h"

/*
 * What every layer of one pass shares: the shards at hand, the threads, the kernels and the memory that layers take
 * turns with. Nothing here is owned.
 */
typedef struct nn_run {
    const kernels *k;     /* for tensors as they are stored between layers */
    const kernels *plain; /* of the same path, for `real` ones: the dense layer's */
    pool *threads;
    shard_range range; /* of this rank in this batch */
    size_t shard_size; /* samples of a full shard; the last may be short */
    real *scratch;     /* [threads][scratch_stride] */
    size_t scratch_stride;
    real *dweights; /* [shards][dweights_stride]: one layer's weight gradient, a shard each, in the kernels' order */
    size_t dweights_stride;
} nn_run;

/* Channels, rounded up to whole blocks. */
static inline size_t nn_padded(size_t channels)
{
    return (channels + KERNEL_BLOCK - 1) / KERNEL_BLOCK * KERNEL_BLOCK;
}

/* Samples in local shard s. */
static inline size_t nn_shard_samples(const nn_run *run, size_t s)
{
    const size_t rest = run->range.samples - s * run->shard_size;
    return rest < run->shard_size ? rest : run->shard_size;
}

/* Element `at` of a tensor between layers, whose elements are as run->k stores them. */
static inline const void *nn_stored(const nn_run *run, const void *tensor, size_t at)
{
    return (const char *)tensor + at * run->k->stored_size;
}

static inline void *nn_stored_to(const nn_run *run, void *tensor, size_t at)
{
    return (char *)tensor + at * run->k->stored_size;
}

/* Strides of tensors are multiples of so many elements, so that shards of any storage begin at a multiple of 64 bytes.
 */
enum { NN_STRIDE = 32 };

/*
 * A tensor of all shards, seen through a lens: shard s begins at element s * stride. Stored as between layers; but the
 * images, and what the dense layer reads, are `real`.
 */
typedef struct nn_source {
    const void *data;
    size_t stride;
    lens view;
} nn_source;

#endif
