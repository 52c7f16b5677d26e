#ifndef LOCKSTEP_PAGE_RIDGES_H
#define LOCKSTEP_PAGE_RIDGES_H

#include "page/figure.h"

/*
 * Histograms one below the other over a common, logarithmic axis, so that what moves or widens is seen, with an upright
 * line where half of the first row lies below, and a table of
 * what share lies below which value.
 */
typedef struct ridges_row {
    const char *name;
    const double *shares; /* [bins], of all; not owned */
} ridges_row;

typedef struct ridges {
    const char *name, *title, *says; /* as in page/figure.h */
    const char *x_label;
    const double *edges; /* [bins + 1], above 0, rising, in equal ratios; not owned */
    size_t bins;
    const ridges_row *rows; /* from above */
    size_t count;           /* at most RIDGES_MOST */
    int colour;
    double low, high; /* edges that are drawn: figures beside each other have the same */
} ridges;

enum { RIDGES_MOST = 12 };

/* Nothing without rows. */
void ridges_add(page *p, const ridges *r);

/* The value that so much of a row's shares lies below, between the edges of its bin by their ratio; NaN: no shares. */
double ridges_quantile(const ridges *r, const ridges_row *row, double share);

#endif
