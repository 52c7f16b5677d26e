#include "base/random.h"

__extension__ typedef unsigned __int128 uint128; /* a GNU type, known to GCC and Clang */

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t random_stream(uint64_t use, uint64_t a, uint64_t b)
{
    return mix(mix(mix(use) ^ a) + b);
}

uint64_t random_bits(uint64_t seed, uint64_t stream, uint64_t counter)
{
    return mix(mix(mix(seed) ^ stream) + counter * 0x9e3779b97f4a7c15u);
}

double random_unit(uint64_t seed, uint64_t stream, uint64_t counter)
{
    return (double)(random_bits(seed, stream, counter) >> 11) * 0x1p-53;
}

uint64_t random_below(uint64_t seed, uint64_t stream, uint64_t counter, uint64_t bound)
{
    return (uint64_t)(((uint128)random_bits(seed, stream, counter) * bound) >> 64);
}

void random_permutation(uint32_t *order, size_t n, uint64_t seed, uint64_t stream)
{
    for (size_t i = 0; i < n; i++) {
        order[i] = (uint32_t)i;
    }
    for (size_t i = n; i > 1; i--) {
        const size_t j = (size_t)random_below(seed, stream, i, i);
        const uint32_t swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
}
