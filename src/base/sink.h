#ifndef LOCKSTEP_BASE_SINK_H
#define LOCKSTEP_BASE_SINK_H

#include <stddef.h>

/*
 * Receives notice, layer by layer, of how much of the gradient is finished, so that its sum over ranks can be under way
 * while the rest is computed. Backward finishes the flat vector from its end towards its beginning.
 */
typedef struct gradient_sink {
    /* Elements from `first` on are final, in all of this rank's vectors. Returns 0 or a negative code. */
    int (*ready)(void *context, size_t first);
    void *context; /* not owned */
} gradient_sink;

#endif
