#ifndef LOCKSTEP_PAGE_CHART_H
#define LOCKSTEP_PAGE_CHART_H

#include "page/figure.h"

/* Lines over a common axis, with a legend and a table of the figures behind it. */

typedef struct chart_series {
    const char *name;
    const double *x, *y; /* [count], x in order; what is not finite is a gap; not owned */
    size_t count;
    int colour;  /* as in page/style.h */
    bool dashed; /* a prediction, or another quantity of the series of this colour */
} chart_series;

typedef struct chart {
    const char *name, *title, *says; /* as in page/figure.h */
    const char *x_label, *y_label;
    const chart_series *series;
    size_t count;
    bool logarithmic; /* y, where it spans a power of 10; what is not above 0 is a gap */
    bool from_zero;   /* y begins at 0 where it would begin above */
} chart;

/* Nothing where no series has a point. */
void chart_add(page *p, const chart *c);

#endif
