#ifndef LOCKSTEP_BASE_SORT_H
#define LOCKSTEP_BASE_SORT_H

#include <stddef.h>

/* Put n numbers in order, the smallest first. */
void sort_numbers(double *values, size_t n);

/* Put the k-th smallest of n > k numbers, counted from 0, at its place, none larger before it and none smaller after
 * it. Takes time in proportion to n. */
void sort_place(double *values, size_t n, size_t k);

/* The median of n > 0 values, which are put in order. */
double sort_median(double *values, size_t n);

#endif
