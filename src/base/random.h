#ifndef LOCKSTEP_BASE_RANDOM_H
#define LOCKSTEP_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Counter-based random numbers: a pure function of (seed, stream, counter), so that a draw never depends on which rank
 * or thread asks, or on what was drawn before. Mixing: two rounds of the splitmix64 finalizer (Steele, Lea, Flood,
 * "Fast splittable pseudorandom number generators", 2014).
 */

/* What the numbers of a stream are used for; the upper half of a stream's number. */
enum {
    RANDOM_INIT = 1,
    RANDOM_ORDER = 2,
    RANDOM_AUGMENT = 3,
    RANDOM_SPLIT = 4,
    RANDOM_TEST = 5,
    RANDOM_BENCH = 6,
    RANDOM_DROPOUT = 7,
    RANDOM_MIX = 8,
    RANDOM_CLASSES = 9,
    RANDOM_CLASS_SAMPLES = 10,
    RANDOM_RUNS = 11,
    RANDOM_WINDOWS = 12,
};

/* The stream for a use and two numbers that identify its instance, such as (epoch, sample). */
uint64_t random_stream(uint64_t use, uint64_t a, uint64_t b);

/* 64 random bits. */
uint64_t random_bits(uint64_t seed, uint64_t stream, uint64_t counter);

/* A number in [0, 1) with 53 random bits. */
double random_unit(uint64_t seed, uint64_t stream, uint64_t counter);

/* A number in [0, bound), bound > 0. */
uint64_t random_below(uint64_t seed, uint64_t stream, uint64_t counter, uint64_t bound);

/* Fill order with a random permutation of 0..n-1 (Fisher and Yates). */
void random_permutation(uint32_t *order, size_t n, uint64_t seed, uint64_t stream);

#endif
