#ifndef LOCKSTEP_PAGE_BARS_H
#define LOCKSTEP_PAGE_BARS_H

#include "page/figure.h"

/* Columns side by side, each of parts one on the other, with a legend and a table behind them. */

typedef struct bars_part {
    const char *name;
    const double *values; /* [count]; what is not above 0 is not drawn; not owned */
    int colour;
} bars_part;

typedef struct bars {
    const char *name, *title, *says; /* as in page/figure.h */
    const char *x_label, *y_label;
    const double *x; /* [count]: what a column is of, rising; not owned */
    size_t count;
    const bars_part *parts; /* [part_count], from below */
    size_t part_count;      /* at most BARS_MOST_PARTS */
} bars;

enum { BARS_MOST_PARTS = 8 };

/* Where there are more columns than can be told apart, one is the mean of several. Nothing where all are empty. */
void bars_add(page *p, const bars *b);

#endif
