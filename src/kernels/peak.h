#ifndef LOCKSTEP_KERNELS_PEAK_H
#define LOCKSTEP_KERNELS_PEAK_H

#include <stddef.h>

#include "base/real.h"

/* The two limits of a processor, as work to be timed: what the kernels' times are held against. */

/*
 * `rounds` rounds of multiply-adds on independent chains of the widest vectors of a kernel path ("avx2"; one that is
 * unknown or not of this machine family counts as "generic"), enough of them to fill every unit. values: [3], two
 * factors below 1 on entry; the third gets a result. Returns the floating-point operations done.
 */
double peak_multiply_add(const char *isa, size_t rounds, real *values);

/* a = b + factor·c over n elements, by plain stores. */
void peak_triad(real *a, const real *b, const real *c, real factor, size_t n);

#endif
