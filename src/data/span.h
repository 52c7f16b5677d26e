#ifndef LOCKSTEP_DATA_SPAN_H
#define LOCKSTEP_DATA_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/dataset.h"
#include "data/order.h"

/* What a rank needs for some steps, in the order of the file, and in which pieces it is read. For data/ahead. */

/* Who needs what. */
typedef struct span_options {
    dataset *data;           /* not owned; one that is not held in memory */
    const uint32_t *indices; /* [samples], of the split; not owned */
    size_t samples;
    order_options order; /* shuffled within windows */
    int rank, size;
    bool mixes; /* also the sample before the rank's first of each batch */
} span_options;

typedef struct span {
    size_t uses;       /* how often samples are needed: one may be so twice */
    uint32_t *samples; /* owned; [count], ascending, each once */
    uint8_t **places;  /* owned; [count]: their bytes; NULL: could not be read */
    size_t count;
    uint8_t *bytes; /* owned; the pieces one after the other */
    size_t room;
} span;

/* Samples that so many steps need at most, with repetitions. */
size_t span_most(const span_options *o, size_t steps);

/* Starts as zeros; room for so many samples. Returns 0 or LS_ENOMEM. Ends with span_release, on failure too. */
int span_create(span *s, size_t most);
void span_release(span *s);

/* From now on it is of steps [first, end) of an epoch; way: the order, as o->order says. */
void span_list(span *s, const span_options *o, order *way, uint64_t epoch, size_t first, size_t end);

/* The samples from number `from` on that are read at once: up to the one before the result. */
size_t span_piece(const span *s, const span_options *o, size_t from);

/* Make room for all pieces; false: there is no memory. */
bool span_make_room(span *s, const span_options *o);

/*
 * Read a piece, [from, end), to `to`, which is in s->bytes, and say where its samples lie; what cannot be read is
 * nowhere. Returns what comes after it.
 */
uint8_t *span_read(span *s, const span_options *o, size_t from, size_t end, uint8_t *to);

/* Where a sample stands in it; s->count: it does not. */
size_t span_find(const span *s, uint32_t sample);

#endif
