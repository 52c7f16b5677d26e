#include "base/sort.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_numbers(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
}

double sort_median(double *values, size_t n)
{
    sort_numbers(values, n);
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}
