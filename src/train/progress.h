#ifndef LOCKSTEP_TRAIN_PROGRESS_H
#define LOCKSTEP_TRAIN_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"

/* How far an epoch is, for people: a bar on a terminal, now and then a line otherwise. */
typedef struct progress {
    uint64_t epoch, epochs; /* counted from 1 */
    size_t steps;           /* of the epoch */
    size_t every;           /* steps between plain lines; 0: about a minute */
    size_t first;           /* steps that were done before, in a resumed epoch */
    double before;          /* images of those */
    double started, shown;  /* on the clock; both the same at first */
} progress;

/* `done` steps and `images` images of the epoch are done; loss is the epoch's mean so far. */
void progress_step(progress *p, size_t done, double images, double loss);

/* How far a copy of a file is: as above. */
typedef struct progress_copy {
    const char *from, *to; /* not owned */
    double started, shown;
} progress_copy;
void progress_copied(progress_copy *p, uint64_t done, uint64_t all);

/*
 * "[ 0.13498078 -0.12406565 ... ]" as numpy prints a vector with 8 decimals. out has size bytes; what does not fit is
 * left out. Returns out.
 */
char *progress_weights(char *out, size_t size, const real *values, size_t count);

#endif
