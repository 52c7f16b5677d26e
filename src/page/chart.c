#include "page/chart.h"

#include <math.h>
#include <stdio.h>

#include "page/html.h"

enum { WIDTH = 720, HEIGHT = 340, LEFT = 72, RIGHT = 16, TOP = 12, BOTTOM = 48, MOST_ROWS = 40, MOST_POINTS = 1000 };
enum { MOST_MARKS_X = 8, MOST_MARKS_Y = 6 };

typedef struct range {
    double low, high;
} range;

/* From figures to the drawing's places. */
typedef struct scale {
    range x, y; /* y of the logarithm where that is drawn */
    bool logarithmic;
} scale;

double chart_step(double span, int most)
{
    const double rough = span / most;
    const double unit = pow(10, floor(log10(rough)));
    const double share = rough / unit;
    return unit * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
}

static bool is_drawn(const chart *c, double x, double y)
{
    return isfinite(x) && isfinite(y) && (!c->logarithmic || y > 0);
}

static void widen(range *r, double value)
{
    r->low = value < r->low ? value : r->low;
    r->high = value > r->high ? value : r->high;
}

static double level(const chart *c, double y)
{
    return c->logarithmic ? log10(y) : y;
}

/* Whether there is anything to draw. */
static bool find_scale(scale *out, const chart *c)
{
    *out = (scale){{INFINITY, -INFINITY}, {INFINITY, -INFINITY}, c->logarithmic};
    for (size_t k = 0; k < c->count; k++) {
        const chart_series *s = &c->series[k];
        for (size_t i = 0; i < s->count; i++) {
            if (is_drawn(c, s->x[i], s->y[i])) {
                widen(&out->x, s->x[i]);
                widen(&out->y, level(c, s->y[i]));
            }
        }
    }
    if (out->x.low > out->x.high) {
        return false;
    }
    if (c->from_zero && !c->logarithmic && out->y.low > 0) {
        out->y.low = 0;
    }
    if (out->x.high - out->x.low <= 0) {
        out->x = (range){out->x.low - 0.5, out->x.high + 0.5};
    }
    const double span = out->y.high - out->y.low;
    const double alone = c->logarithmic ? 0.5 : out->y.high != 0 ? 0.1 * fabs(out->y.high) : 1;
    const double margin = span > 0 ? 0.04 * span : alone;
    out->y.high += margin;
    out->y.low -= c->from_zero && out->y.low == 0 ? 0 : margin;
    return true;
}

static double place_x(const scale *s, double x)
{
    return LEFT + (x - s->x.low) / (s->x.high - s->x.low) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const scale *s, double y)
{
    return HEIGHT - BOTTOM - (y - s->y.low) / (s->y.high - s->y.low) * (HEIGHT - BOTTOM - TOP);
}

static void mark_y(text_builder *t, const scale *s, double at, const char *label)
{
    const double y = place_y(s, at);
    text_add(t, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT, y, y);
    text_add(t, "<text class=\"soft\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT - 8, y + 4, label);
}

/* The first multiple of a step within a range. */
static double first_mark(range r, double step)
{
    return ceil(r.low / step) * step;
}

/* Zero, where a sum of steps has missed it. */
static double mark_value(double at, double step)
{
    return fabs(at) < step / 1000 ? 0 : at;
}

static void add_marks_plain(text_builder *t, const scale *s)
{
    char label[32];
    const double step = chart_step(s->y.high - s->y.low, MOST_MARKS_Y);
    for (int i = 0; i <= MOST_MARKS_Y; i++) {
        const double at = first_mark(s->y, step) + i * step;
        (void)snprintf(label, sizeof label, "%.4g", mark_value(at, step));
        if (at <= s->y.high) {
            mark_y(t, s, at, label);
        }
    }
}

/* Powers of 10, some of them where there are many, and 2 and 5 times them where there are few. */
static void add_marks_logarithmic(text_builder *t, const scale *s)
{
    static const double between[] = {1, 2, 5};
    char label[32];
    const double span = s->y.high - s->y.low;
    const double step = fmax(1, ceil(span / MOST_MARKS_Y));
    const size_t marks = span > 3 ? 1 : 3;
    for (int i = 0; i <= MOST_MARKS_Y + 1; i++) {
        const double power = first_mark(s->y, step) + (i - 1) * step;
        for (size_t k = 0; k < marks; k++) {
            const double at = power + log10(between[k]);
            (void)snprintf(label, sizeof label, "%.4g", pow(10, at));
            if (at >= s->y.low && at <= s->y.high) {
                mark_y(t, s, at, label);
            }
        }
    }
}

static void add_marks_x(text_builder *t, const scale *s)
{
    const double step = chart_step(s->x.high - s->x.low, MOST_MARKS_X);
    for (int i = 0; i <= MOST_MARKS_X; i++) {
        const double at = first_mark(s->x, step) + i * step;
        const double x = place_x(s, at);
        if (at > s->x.high) {
            break;
        }
        text_add(t, "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", x, x, HEIGHT - BOTTOM,
                 HEIGHT - BOTTOM + 5);
        text_add(t, "<text class=\"soft\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.6g</text>\n", x,
                 HEIGHT - BOTTOM + 20, mark_value(at, step));
    }
}

static const char *class_of(const chart_series *s)
{
    static const char *const classes[] = {"s1", "s2", "s3", "s4", "s5", "s6"};
    return classes[(s->colour - 1) % CHART_COLOURS];
}

/* A line for each run of points without a gap; a point alone is a short line. */
static void add_line(text_builder *t, const chart *c, const scale *s, const chart_series *line)
{
    bool open = false;
    const size_t every = line->count / MOST_POINTS + 1; /* more than the drawing can show */
    for (size_t i = 0; i < line->count; i += every) {
        if (!is_drawn(c, line->x[i], line->y[i])) {
            text_add(t, "%s", open ? "\"/>\n" : "");
            open = false;
            continue;
        }
        const double x = place_x(s, line->x[i]);
        const double y = place_y(s, level(c, line->y[i]));
        if (!open) {
            text_add(t, "<polyline class=\"%s%s\" stroke-linecap=\"round\" points=\"%.1f,%.1f", class_of(line),
                     line->dashed ? " dashed" : "", x, y);
        }
        text_add(t, " %.1f,%.1f", x, y);
        open = true;
    }
    text_add(t, "%s", open ? "\"/>\n" : "");
}

static void add_drawing(text_builder *t, const chart *c, const scale *s)
{
    text_add(t, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    html_text(t, c->title);
    text_add(t, ". ");
    html_text(t, c->says);
    text_add(t, "\">\n");
    if (s->logarithmic) {
        add_marks_logarithmic(t, s);
    } else {
        add_marks_plain(t, s);
    }
    add_marks_x(t, s);
    text_add(t, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n", LEFT, WIDTH - RIGHT,
             HEIGHT - BOTTOM, HEIGHT - BOTTOM);
    for (size_t k = 0; k < c->count; k++) {
        add_line(t, c, s, &c->series[k]);
    }
    text_add(t, "<text class=\"soft\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">", (LEFT + WIDTH - RIGHT) / 2,
             HEIGHT - 8);
    html_text(t, c->x_label);
    text_add(t, "</text>\n<text class=\"soft\" transform=\"translate(14 %d) rotate(-90)\" text-anchor=\"middle\">",
             (TOP + HEIGHT - BOTTOM) / 2);
    html_text(t, c->y_label);
    text_add(t, "</text>\n</svg>\n");
}

static void add_legend(text_builder *t, const chart *c)
{
    text_add(t, "<ul class=\"legend\">");
    for (size_t k = 0; k < c->count; k++) {
        text_add(t,
                 "<li><svg viewBox=\"0 0 28 12\" aria-hidden=\"true\"><polyline class=\"%s%s\" points=\"1,6 27,6\"/>"
                 "</svg>",
                 class_of(&c->series[k]), c->series[k].dashed ? " dashed" : "");
        html_text(t, c->series[k].name);
        text_add(t, "</li>");
    }
    text_add(t, "</ul>\n");
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
            html_row(t, cells, 3, 0);
        }
    }
}

static void add_table(text_builder *t, const chart *c)
{
    const char *const headings[] = {"line", c->x_label, c->y_label};
    html_details_begin(t, "The figures");
    html_table_begin(t, c->title);
    html_row(t, headings, 3, 1);
    for (size_t k = 0; k < c->count; k++) {
        add_rows(t, &c->series[k]);
    }
    html_table_end(t);
    html_details_end(t);
}

void chart_add(text_builder *t, const chart *c)
{
    scale s;
    if (!find_scale(&s, c)) {
        return;
    }
    text_add(t, "<figure>\n<figcaption>");
    html_text(t, c->title);
    text_add(t, "</figcaption>\n");
    add_drawing(t, c, &s);
    add_legend(t, c);
    add_table(t, c);
    text_add(t, "</figure>\n");
}
