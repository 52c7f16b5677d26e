#include "page/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "page/axes.h"
#include "page/html.h"
#include "page/style.h"

enum { WIDTH = 460, HEIGHT = 290, LEFT = 84, RIGHT = 16, TOP = 10, BOTTOM = 46, MOST_ROWS = 40, MOST_POINTS = 600 };

static bool is_drawn(const chart *c, double x, double y)
{
    return isfinite(x) && isfinite(y) && (!c->logarithmic || y > 0);
}

static double level(const axes *a, double y)
{
    return a->logarithmic_y ? log10(y) : y;
}

/* Takes in all points; false: there are none. */
static bool find_ranges(axes *out, const chart *c, bool logarithmic)
{
    *out = (axes){.x = axes_none(),
                  .y = axes_none(),
                  .logarithmic_y = logarithmic,
                  .width = WIDTH,
                  .height = HEIGHT,
                  .left = LEFT,
                  .right = RIGHT,
                  .top = TOP,
                  .bottom = BOTTOM,
                  .whole_x = true};
    for (size_t k = 0; k < c->count; k++) {
        const chart_series *s = &c->series[k];
        for (size_t i = 0; i < s->count; i++) {
            if (is_drawn(c, s->x[i], s->y[i])) {
                axes_widen(&out->x, s->x[i]);
                axes_widen(&out->y, level(out, s->y[i]));
                out->whole_x = out->whole_x && s->x[i] == floor(s->x[i]);
            }
        }
    }
    return out->x.low <= out->x.high;
}

/* Whether there is anything to draw. Within a power of 10 a logarithmic axis would have few marks. */
static bool find_axes(axes *out, const chart *c)
{
    if (!find_ranges(out, c, c->logarithmic)) {
        return false;
    }
    if (c->logarithmic && out->y.high - out->y.low < 1) {
        (void)find_ranges(out, c, false);
    }
    if (c->from_zero && !out->logarithmic_y && out->y.low > 0) {
        out->y.low = 0;
    }
    if (out->x.high - out->x.low <= 0) {
        out->x = (axes_range){out->x.low - 0.5, out->x.high + 0.5};
    }
    const double span = out->y.high - out->y.low;
    const double alone = out->logarithmic_y ? 0.5 : out->y.high != 0 ? 0.1 * fabs(out->y.high) : 1;
    const double margin = span > 0 ? 0.04 * span : alone;
    out->y.high += margin;
    out->y.low -= c->from_zero && out->y.low == 0 ? 0 : margin;
    return true;
}

/* Not each where there are more than the drawing can show, but the last one. */
static size_t next_point(const chart_series *s, size_t i)
{
    const size_t every = s->count / MOST_POINTS + 1;
    return i + every < s->count || i + 1 == s->count ? i + every : s->count - 1;
}

/* A line for each run of points without a gap; a point alone is a short line. */
static void add_line(text_builder *t, const chart *c, const axes *a, const chart_series *line)
{
    bool open = false;
    for (size_t i = 0; i < line->count; i = next_point(line, i)) {
        if (!is_drawn(c, line->x[i], line->y[i])) {
            text_add(t, "%s", open ? "\"/>\n" : "");
            open = false;
            continue;
        }
        const double x = axes_x(a, line->x[i]);
        const double y = axes_y(a, level(a, line->y[i]));
        if (!open) {
            text_add(t, "<polyline class=\"%s%s\" stroke-linecap=\"round\" points=\"%.1f,%.1f",
                     style_line(line->colour), line->dashed ? " dashed" : "", x, y);
        }
        text_add(t, " %.1f,%.1f", x, y);
        open = true;
    }
    text_add(t, "%s", open ? "\"/>\n" : "");
}

/* The figures of one series, some of them where there are many. */
static void add_rows(text_builder *t, const chart_series *s)
{
    char x[32];
    char y[32];
    const size_t every = s->count / MOST_ROWS + 1;
    for (size_t i = 0; i < s->count; i++) {
        if (isfinite(s->y[i]) && (i % every == 0 || i + 1 == s->count)) {
            const char *const cells[] = {s->name, x, y};
            (void)snprintf(x, sizeof x, "%.8g", s->x[i]);
            (void)snprintf(y, sizeof y, "%.6g", s->y[i]);
            html_row(t, cells, 3);
        }
    }
}

static void add_table(text_builder *t, const chart *c)
{
    const char *const headings[] = {"line", c->x_label, c->y_label};
    html_details_begin(t, "The figures");
    html_table_begin(t, c->title, headings, 3);
    for (size_t k = 0; k < c->count; k++) {
        add_rows(t, &c->series[k]);
    }
    html_table_end(t);
    html_details_end(t);
}

/* NULL where memory ran out. */
static figure_key *keys_of(const chart *c)
{
    figure_key *keys = calloc(c->count + 1, sizeof *keys);
    for (size_t k = 0; keys != NULL && k < c->count; k++) {
        keys[k] = (figure_key){c->series[k].name, c->series[k].colour, c->series[k].dashed, false};
    }
    return keys;
}

void chart_add(page *p, const chart *c)
{
    axes a;
    text_builder drawing = {0};
    if (!find_axes(&a, c)) {
        return;
    }
    figure_key *keys = keys_of(c);
    axes_draw(&drawing, &a, c->x_label, c->y_label);
    for (size_t k = 0; k < c->count; k++) {
        add_line(&drawing, c, &a, &c->series[k]);
    }
    const figure f = {.name = c->name,
                      .title = c->title,
                      .says = c->says,
                      .width = WIDTH,
                      .height = HEIGHT,
                      .keys = keys,
                      .key_count = keys != NULL ? c->count : 0};
    figure_begin(p, &f, text_of(&drawing));
    add_table(&p->text, c);
    figure_end(p);
    p->text.failed = p->text.failed || drawing.failed || keys == NULL;
    text_release(&drawing);
    free(keys);
}
