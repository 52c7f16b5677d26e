#ifndef LOCKSTEP_BASE_SORT_H
#define LOCKSTEP_BASE_SORT_H

#include <stddef.h>

/* Put n numbers in order, the smallest first. */
void sort_numbers(double *values, size_t n);

/* The median of n > 0 values, which are put in order. */
double sort_median(double *values, size_t n);

#endif
