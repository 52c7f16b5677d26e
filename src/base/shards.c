#include "base/shards.h"

size_t shard_range_first(size_t total, size_t rank, size_t ranks)
{
    return total / ranks * rank + total % ranks * rank / ranks;
}

shard_range shard_range_of(size_t samples, size_t shard_size, size_t rank, size_t ranks)
{
    const size_t total = samples / shard_size + (samples % shard_size != 0);
    const size_t first = shard_range_first(total, rank, ranks);
    const size_t end = shard_range_first(total, rank + 1, ranks);
    const size_t end_sample = end * shard_size < samples ? end * shard_size : samples;
    return (shard_range){
        .first = first,
        .count = end - first,
        .total = total,
        .first_sample = first * shard_size,
        .samples = end == first ? 0 : end_sample - first * shard_size,
        .all_samples = samples,
    };
}
