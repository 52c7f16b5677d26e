#ifndef LOCKSTEP_DATA_CHANCE_H
#define LOCKSTEP_DATA_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"

/*
 * What is drawn for the picture at a position of an epoch. Each use has numbers of its own, so that what one of them
 * draws does not depend on which others there are.
 */
typedef enum chance_use {
    CHANCE_CROP = 1, /* 0: the numbers of data/augment.h */
    CHANCE_FLIP,
    CHANCE_POLICY,
    CHANCE_JITTER,
    CHANCE_ERASE,
} chance_use;

typedef struct chance_place {
    uint64_t seed, epoch, position;
} chance_place;

/* The next draw is number `counter` of a stream. */
typedef struct chance {
    uint64_t seed, stream, counter;
} chance;

static inline chance chance_start(const chance_place *at, chance_use use)
{
    enum { EACH = 256 }; /* more than any use draws */
    return (chance){.seed = at->seed,
                    .stream = random_stream(RANDOM_AUGMENT, at->epoch, at->position),
                    .counter = (uint64_t)use * EACH};
}

/* Uniform in [low, high). */
static inline double chance_between(chance *c, double low, double high)
{
    return low + (high - low) * random_unit(c->seed, c->stream, c->counter++);
}

/* A number in [0, bound), bound > 0. */
static inline uint64_t chance_below(chance *c, uint64_t bound)
{
    return random_below(c->seed, c->stream, c->counter++, bound);
}

static inline bool chance_happens(chance *c, double probability)
{
    return random_unit(c->seed, c->stream, c->counter++) < probability;
}

#endif
