#ifndef LOCKSTEP_EXCHANGE_HISTOGRAM_H
#define LOCKSTEP_EXCHANGE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"

/*
 * How often values of which size occur. Starts as zeros, and reaches as far as the values do: bins become twice as
 * wide, each of two whole ones, so that the order in which values come, or histograms are merged, changes nothing.
 */
enum { VALUE_BINS = 2048 };

typedef struct value_histogram {
    double limit;       /* bins are of -limit..limit: a power of 2; 0: there are no values */
    double scale;       /* bins a unit: also a power of 2 */
    double least, most; /* of all values, and 0 */
    int strange;        /* a value was not finite; it is not counted */
    uint64_t bins[VALUE_BINS];
} value_histogram;

void value_histogram_add(value_histogram *h, const real *values, size_t n);
void value_histogram_merge(value_histogram *into, const value_histogram *h);

/* From where to where this share of all values lies: half of the rest is below, half above; a bin is not split. */
void value_histogram_share(const value_histogram *h, double share, double *least, double *most);

/* Where 255 steps from least to most, with 0 among them, make the least squared error; values beyond are cut off. */
void value_histogram_fit(const value_histogram *h, double *least, double *most);

#endif
