#ifndef LOCKSTEP_PAGE_CHART_H
#define LOCKSTEP_PAGE_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Lines over a common axis, as SVG within a page (page/html.h), with a legend and a table of the figures behind it. */

typedef struct chart_series {
    const char *name;
    const double *x, *y; /* [count], x in order; what is not finite is a gap; not owned */
    size_t count;
    int colour;  /* 1 to CHART_COLOURS */
    bool dashed; /* a prediction, or another quantity of the series of this colour */
} chart_series;

enum { CHART_COLOURS = 6 };

typedef struct chart {
    const char *title;
    const char *x_label, *y_label;
    const char *says; /* what is to be seen, for who does not see it */
    const chart_series *series;
    size_t count;
    bool logarithmic; /* y; what is not above 0 is a gap */
    bool from_zero;   /* y begins at 0 where it would begin above */
} chart;

/* Nothing where no series has a point. */
void chart_add(text_builder *t, const chart *c);

/* Where marks stand: the step between round numbers so that at most `most` lie within a span. For tests as well. */
double chart_step(double span, int most);

#endif
