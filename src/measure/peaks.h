#ifndef LOCKSTEP_MEASURE_PEAKS_H
#define LOCKSTEP_MEASURE_PEAKS_H

#include "base/pool.h"
#include "comm/comm.h"

/* What this rank's threads can do at most while all other ranks do the same. */
typedef struct peaks {
    double flops; /* floating-point operations a second: fused multiply-adds on registers */
    double bytes; /* bytes a second between processor and memory: a = b + s·c, what is read and written */
} peaks;

/*
 * Takes about a second and, meanwhile, 192 MiB. Collective; a lack of memory on any rank is returned by all.
 */
int peaks_measure(peaks *out, comm *c, pool *threads);

#endif
