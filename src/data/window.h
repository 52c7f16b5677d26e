#ifndef LOCKSTEP_DATA_WINDOW_H
#define LOCKSTEP_DATA_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "io/h5.h"

/*
 * Reads of a byte array, in few pieces where it is known what comes next: a run of small reads is one large one. For
 * any number of threads.
 */
typedef struct window window;

/* held: not owned, must outlive the window. Returns 0 or LS_ENOMEM. *out: window_free. */
int window_create(window **out, h5_held *held);

/*
 * Bytes [start, start + size) to out. run >= size: so many from `start` on will be asked for soon, by any thread;
 * run == size: who knows. Nothing outside of the run is read. Returns 0 or what h5_read_held does.
 */
int window_read(window *w, size_t start, size_t size, size_t run, uint8_t *out);

/* NULL is fine. */
void window_free(window *w);

#endif
