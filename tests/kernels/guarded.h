#ifndef LOCKSTEP_TESTS_KERNELS_GUARDED_H
#define LOCKSTEP_TESTS_KERNELS_GUARDED_H

#include <stddef.h>

/*
 * Buffers between guards. Buffer and guards hold (different) NaNs, so that reading what was never written, or past an
 * end, shows in a result, and writing past an end shows in a guard. With AddressSanitizer the guards are poisoned
 * instead, which reports the reads too.
 */

/* A buffer of count elements of `size` bytes, aligned to 64 bytes, full of NaN; it ends right at its guard. */
void *guarded_alloc(size_t count, size_t size);

/* Fail the running test, naming `who`, when a guard of any buffer changed. */
void guarded_check(const char *who);

/* Buffers made after guarded_mark() are freed by guarded_release() with its result. */
size_t guarded_mark(void);
void guarded_release(size_t mark);

#endif
