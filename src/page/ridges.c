#include "page/ridges.h"

#include <math.h>
#include <stdio.h>

#include "page/axes.h"
#include "page/html.h"
#include "page/style.h"

enum { WIDTH = 460, LEFT = 78, RIGHT = 16, TOP = 40, BOTTOM = 46, ROW = 22, PEAK = 44, CELL = 32 };

double ridges_quantile(const ridges *r, const ridges_row *row, double share)
{
    double all = 0;
    double below = 0;
    for (size_t i = 0; i < r->bins; i++) {
        all += row->shares[i];
    }
    for (size_t i = 0; i < r->bins; i++) {
        const double next = below + row->shares[i];
        if (row->shares[i] > 0 && next >= share * all) {
            return r->edges[i] * pow(r->edges[i + 1] / r->edges[i], (share * all - below) / row->shares[i]);
        }
        below = next;
    }
    return NAN;
}

static double highest_of(const ridges *r)
{
    double highest = 0;
    for (size_t k = 0; k < r->count; k++) {
        for (size_t i = 0; i < r->bins; i++) {
            highest = fmax(highest, r->rows[k].shares[i]);
        }
    }
    return highest;
}

/* One row's outline, through the middles of its bins, on paper that hides what is behind. */
static void add_ridge(text_builder *t, const ridges *r, const axes *a, size_t k, double highest)
{
    const int base = TOP + ROW * (int)k + ROW;
    text_add(t, "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", LEFT - 8, base);
    html_text(t, r->rows[k].name);
    text_add(t, "</text>\n<polygon class=\"ridge %s\" points=\"%d,%d", style_line(r->colour), LEFT, base);
    for (size_t i = 0; i < r->bins; i++) {
        if (r->edges[i] >= r->low * 0.999 && r->edges[i + 1] <= r->high * 1.001) {
            text_add(t, " %.1f,%.1f", axes_x(a, log10(r->edges[i] * r->edges[i + 1]) / 2),
                     base - PEAK * r->rows[k].shares[i] / highest);
        }
    }
    text_add(t, " %d,%d\"/>\n", WIDTH - RIGHT, base);
}

static void add_median(text_builder *t, const ridges *r, const axes *a)
{
    const double median = ridges_quantile(r, &r->rows[0], 0.5);
    if (median >= r->low && median <= r->high) {
        const double x = axes_x(a, log10(median));
        text_add(t, "<line class=\"axis dashed\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n", x, x, TOP / 4,
                 a->height - BOTTOM);
    }
}

static void add_table(text_builder *t, const ridges *r)
{
    static const char *const headings[] = {"when", "5 % are below", "half are below", "95 % are below"};
    static const double shares[] = {0.05, 0.5, 0.95};
    char numbers[3][CELL];
    html_details_begin(t, "The figures");
    html_table_begin(t, r->title, headings, 4);
    for (size_t k = 0; k < r->count; k++) {
        const char *const cells[] = {r->rows[k].name, numbers[0], numbers[1], numbers[2]};
        for (size_t i = 0; i < 3; i++) {
            (void)snprintf(numbers[i], CELL, "%.3g", ridges_quantile(r, &r->rows[k], shares[i]));
        }
        html_row(t, cells, 4);
    }
    html_table_end(t);
    html_details_end(t);
}

void ridges_add(page *p, const ridges *r)
{
    text_builder drawing = {0};
    const double highest = highest_of(r);
    if (r->count == 0 || r->count > RIDGES_MOST || !(highest > 0)) {
        return;
    }
    const int height = TOP + ROW * (int)r->count + BOTTOM;
    const axes a = {.x = {log10(r->low), log10(r->high)},
                    .y = {0, 1},
                    .logarithmic_x = true,
                    .width = WIDTH,
                    .height = height,
                    .left = LEFT,
                    .right = RIGHT,
                    .top = TOP,
                    .bottom = BOTTOM};
    axes_draw(&drawing, &a, r->x_label, NULL);
    for (size_t k = 0; k < r->count; k++) {
        add_ridge(&drawing, r, &a, k, highest);
    }
    add_median(&drawing, r, &a);
    const figure f = {.name = r->name, .title = r->title, .says = r->says, .width = WIDTH, .height = height};
    figure_begin(p, &f, text_of(&drawing));
    add_table(&p->text, r);
    figure_end(p);
    p->text.failed = p->text.failed || drawing.failed;
    text_release(&drawing);
}
