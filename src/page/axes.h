#ifndef LOCKSTEP_PAGE_AXES_H
#define LOCKSTEP_PAGE_AXES_H

#include <stdbool.h>

#include "base/text.h"

/* From figures to places in a drawing, and the axes with their marks. */

typedef struct axes_range {
    double low, high; /* of the decimal logarithm where that is drawn */
} axes_range;

typedef struct axes {
    axes_range x, y;
    bool logarithmic_x, logarithmic_y;
    int width, height;            /* of the drawing */
    int left, right, top, bottom; /* margins around what is drawn */
    bool whole_x;                 /* marks at whole numbers only: steps, epochs */
} axes;

/* A range that takes in nothing yet, and one value more. */
axes_range axes_none(void);
void axes_widen(axes_range *r, double value);

/* Places, of a figure or, where the axis is so, of its logarithm. */
double axes_x(const axes *a, double x);
double axes_y(const axes *a, double y);

/* Lines across at round figures, the axis below, and labels. y_label NULL: no figures at that side. */
void axes_draw(text_builder *t, const axes *a, const char *x_label, const char *y_label);

/* Where marks stand: the step between round numbers so that at most `most` lie within a span. */
double axes_step(double span, int most);

#endif
