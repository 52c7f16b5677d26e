#include "page/axes.h"

#include <math.h>
#include <stdio.h>

#include "page/html.h"

enum { MOST_MARKS_X = 6, MOST_MARKS_Y = 6, MARK = 32 };

axes_range axes_none(void)
{
    return (axes_range){INFINITY, -INFINITY};
}

void axes_widen(axes_range *r, double value)
{
    r->low = value < r->low ? value : r->low;
    r->high = value > r->high ? value : r->high;
}

double axes_step(double span, int most)
{
    const double rough = span / most;
    const double unit = pow(10, floor(log10(rough)));
    const double share = rough / unit;
    return unit * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
}

double axes_x(const axes *a, double x)
{
    return a->left + (x - a->x.low) / (a->x.high - a->x.low) * (a->width - a->left - a->right);
}

double axes_y(const axes *a, double y)
{
    return a->height - a->bottom - (y - a->y.low) / (a->y.high - a->y.low) * (a->height - a->bottom - a->top);
}

static void mark_y(text_builder *t, const axes *a, double at, const char *label)
{
    const double y = axes_y(a, at);
    text_add(t, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", a->left, a->width - a->right, y,
             y);
    text_add(t, "<text class=\"soft\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", a->left - 6, y + 5, label);
}

static void mark_x(text_builder *t, const axes *a, double at, const char *label)
{
    const double x = axes_x(a, at);
    const int y = a->height - a->bottom;
    text_add(t, "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", x, x, y, y + 5);
    text_add(t, "<text class=\"soft\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x, y + 20, label);
}

typedef void (*marker)(text_builder *t, const axes *a, double at, const char *label);

/* The first multiple of a step within a range. */
static double first_mark(axes_range r, double step)
{
    return ceil(r.low / step - 1e-9) * step;
}

/* Multiples of a round step; counts, not sums, so that none is missed. */
static void mark_plain(text_builder *t, const axes *a, axes_range r, int most, marker mark)
{
    char label[MARK];
    const bool whole = a->whole_x && mark == mark_x;
    const double step = fmax(axes_step(r.high - r.low, most), whole ? 1 : 0);
    for (int i = 0; i <= most; i++) {
        const double at = first_mark(r, step) + i * step;
        if (at <= r.high + 1e-9 * step) {
            (void)snprintf(label, sizeof label, "%.6g", fabs(at) < step / 1000 ? 0 : at);
            mark(t, a, at, label);
        }
    }
}

/* Powers of 10, some of them where there are many, and 2 and 5 times them where there are few. */
static void mark_logarithmic(text_builder *t, const axes *a, axes_range r, int most, marker mark)
{
    static const double between[] = {1, 2, 5};
    char label[MARK];
    const double span = r.high - r.low;
    const double step = fmax(1, ceil(span / most));
    const size_t marks = span > 2 ? 1 : 3;
    for (int i = 0; i <= most + 1; i++) {
        const double power = first_mark(r, step) + (i - 1) * step;
        for (size_t k = 0; k < marks; k++) {
            const double at = power + log10(between[k]);
            if (at >= r.low && at <= r.high) {
                (void)snprintf(label, sizeof label, "%.4g", pow(10, at));
                mark(t, a, at, label);
            }
        }
    }
}

void axes_draw(text_builder *t, const axes *a, const char *x_label, const char *y_label)
{
    const int base = a->height - a->bottom;
    if (y_label != NULL) {
        (a->logarithmic_y ? mark_logarithmic : mark_plain)(t, a, a->y, MOST_MARKS_Y, mark_y);
    }
    (a->logarithmic_x ? mark_logarithmic : mark_plain)(t, a, a->x, MOST_MARKS_X, mark_x);
    text_add(t, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n", a->left, a->width - a->right, base,
             base);
    text_add(t, "<text class=\"soft\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">", (a->left + a->width - a->right) / 2,
             a->height - 6);
    html_text(t, x_label);
    text_add(t, "</text>\n");
    if (y_label != NULL) {
        text_add(t, "<text class=\"soft\" transform=\"translate(14 %d) rotate(-90)\" text-anchor=\"middle\">",
                 (a->top + base) / 2);
        html_text(t, y_label);
        text_add(t, "</text>\n");
    }
}
