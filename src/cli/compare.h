#ifndef LOCKSTEP_CLI_COMPARE_H
#define LOCKSTEP_CLI_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

/* How far two arrays of numbers are from each other. */
typedef struct compare_result {
    size_t numbers, differing; /* differing: in any bit, so -0 differs from 0, and NaN equals the same NaN */
    double largest;            /* |a - b|; NaN where one of the two is no number and the other another */
    double relative;           /* |a - b| / max(|a|, |b|) */
} compare_result;

compare_result compare_numbers(const double *a, const double *b, size_t n);

/* Whether a difference is worse than another; NaN is the worst. */
bool compare_exceeds(double a, double b);

#endif
