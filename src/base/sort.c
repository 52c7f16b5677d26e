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

/* Numbers up to *to are at most the pivot, from *from on at least. NaN ends each search, so that all searches end. */
static void divide(double *values, ptrdiff_t low, ptrdiff_t high, ptrdiff_t *to, ptrdiff_t *from)
{
    const double pivot = values[low + (high - low) / 2];
    while (low <= high) {
        while (values[low] < pivot) {
            low++;
        }
        while (pivot < values[high]) {
            high--;
        }
        if (low <= high) {
            const double other = values[low];
            values[low++] = values[high];
            values[high--] = other;
        }
    }
    *to = high;
    *from = low;
}

void sort_place(double *values, size_t n, size_t k)
{
    const ptrdiff_t place = (ptrdiff_t)k;
    ptrdiff_t low = 0;
    ptrdiff_t high = (ptrdiff_t)n - 1;
    while (low < high) {
        ptrdiff_t to = 0;
        ptrdiff_t from = 0;
        divide(values, low, high, &to, &from);
        if (place > to && place < from) {
            return;
        }
        low = place >= from ? from : low;
        high = place <= to ? to : high;
    }
}

double sort_median(double *values, size_t n)
{
    sort_numbers(values, n);
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}
