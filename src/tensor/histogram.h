#ifndef LOCKSTEP_TENSOR_HISTOGRAM_H
#define LOCKSTEP_TENSOR_HISTOGRAM_H

#include <stddef.h>

#include "base/real.h"
#include "tensor/table.h"

/*
 * How many weights have which magnitude, in bins of equal ratios, eight to a power of two: on such an axis what makes
 * all weights smaller by a factor moves them without changing their shape. Bin i holds those of at least
 * histogram_edge(i) and below histogram_edge(i + 1); the first one all that are smaller, 0 among them, the last one all
 * that are larger, and what is no number.
 */
enum { HISTOGRAM_BINS = 256 };

/* 2^-26 for 0 to 2^6 for HISTOGRAM_BINS. */
double histogram_edge(size_t i);

/* Of all weights that L2 covers, or would; *out: counts. weights: [weights_size]. */
void histogram_of(double out[HISTOGRAM_BINS], const tensor_table *t, const real *weights);

/* The bin of one weight. */
size_t histogram_bin(double weight);

#endif
