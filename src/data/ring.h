#ifndef LOCKSTEP_DATA_RING_H
#define LOCKSTEP_DATA_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/real.h"
#include "base/shards.h"
#include "data/loader.h"
#include "data/resolution.h"

/* A loader's batches in memory: o->ahead of them, for its options `o`. Who may touch which is the loader's business. */

/* One of them. */
typedef struct ring_slot {
    real *images;    /* owned; where pictures are mixed, the one before the rank's first comes last */
    int32_t *labels; /* owned, as the images */
    int32_t *others; /* owned, as the next; NULL where nothing is mixed */
    float *shares;
    shard_range range;
    size_t wanted;       /* samples to load: those of range, and one more where pictures are mixed */
    size_t done;         /* samples that threads have finished */
    bool prepared;       /* and not yet handed out again */
    bool mixed;          /* once all are done */
    saved_error failure; /* of the failed sample that stands first */
    size_t failed;       /* where it stands */
} ring_slot;

/* Returns 0, LS_ENOMEM or LS_EUSAGE. *out: [o->ahead], ring_free, on failure too. */
int ring_create(ring_slot **out, const loader_options *o);
void ring_free(ring_slot *slots, const loader_options *o);

/* Bytes that they take; 0 where they are too large for any machine. Pure. */
size_t ring_memory(const loader_options *o);

/* Whether pictures are mixed. */
bool ring_mixes(const loader_options *o);

/* The largest pictures that there is room for. */
resolution ring_most(const loader_options *o);

/* Numbers of a sample of the size at hand. */
size_t ring_sample(const loader_options *o);

/* Make it ready for a step's samples, of a split of so many. */
void ring_prepare(ring_slot *s, const loader_options *o, size_t samples, size_t step);

/* Where sample i of a part stands in its batch; the one past the part's last is the one before its first. */
size_t ring_place(const ring_slot *s, size_t i);

/* All samples of a part are there: mix each with the one before it, from the last to the first. */
void ring_mix(ring_slot *s, const loader_options *o, uint64_t epoch, size_t step);

#endif
