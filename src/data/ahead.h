#ifndef LOCKSTEP_DATA_AHEAD_H
#define LOCKSTEP_DATA_AHEAD_H

#include <stddef.h>
#include <stdint.h>

#include "data/span.h"

/*
 * Pictures of coming steps, read from the file by a thread of its own, in the order in which they lie there and in
 * large pieces: for orders that are shuffled within windows (data/order_window.h), of which a rank needs whole runs.
 * Two spans of steps are in memory, that which is worked on and the one after it. A span is as long as a window.
 */
typedef struct ahead ahead;

/* Start the thread, which does nothing before ahead_start. Returns 0, LS_ENOMEM or LS_ERROR. *out: ahead_free. */
int ahead_create(ahead **out, const span_options *options);

/* Bytes that it takes for pictures, about: by the mean of all. Pure but for what the data set says of itself. */
size_t ahead_memory(const span_options *options);

/* Read for the steps of an epoch from this one on. Nobody uses what was read before. */
void ahead_start(ahead *a, uint64_t epoch, size_t first_step);

/* Nobody waits any more: ahead_take gives NULL until the next start. */
void ahead_stop(ahead *a);

/*
 * The bytes of sample `index`, which the rank needs in this step, once they are there; their hash is not checked. NULL:
 * they could not be read, or were not to be: read them otherwise. Valid until ahead_done, which each call of ahead_take
 * is followed by. Any thread.
 */
const uint8_t *ahead_take(ahead *a, size_t step, uint32_t index);
void ahead_done(ahead *a, size_t step);

/* Stop and join the thread; NULL is fine. */
void ahead_free(ahead *a);

#endif
