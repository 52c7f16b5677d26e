#ifndef LOCKSTEP_BENCH_SIMULATED_H
#define LOCKSTEP_BENCH_SIMULATED_H

#include <stddef.h>

/* What step.c needs of the world, real or simulated. */

/* Pass this time as computing does. */
void simulated_compute(double seconds);

/*
 * Memory number `which` (0 or 1), at least so many bytes, zeros. Simulated ranks, which are threads of one process,
 * all get the same, as nobody looks at the values; real ranks get one each. Not freed. NULL: there is none.
 */
void *simulated_shared(size_t bytes, int which);

#endif
