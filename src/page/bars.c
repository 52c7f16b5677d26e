#include "page/bars.h"

#include <math.h>
#include <stdio.h>

#include "page/axes.h"
#include "page/html.h"
#include "page/style.h"

enum { WIDTH = 460, HEIGHT = 290, LEFT = 84, RIGHT = 16, TOP = 10, BOTTOM = 46, MOST_COLUMNS = 60, CELL = 32 };

/* Of columns first to first + n. */
static double mean_of(const double *values, size_t first, size_t n)
{
    double sum = 0;
    for (size_t i = first; i < first + n; i++) {
        sum += values[i] > 0 ? values[i] : 0;
    }
    return sum / (double)n;
}

static size_t group_of(const bars *b)
{
    return (b->count + MOST_COLUMNS - 1) / MOST_COLUMNS;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Whether there is anything to draw. */
static bool find_axes(axes *out, const bars *b)
{
    const size_t group = group_of(b);
    double highest = 0;
    for (size_t i = 0; i < b->count; i += group) {
        double sum = 0;
        for (size_t k = 0; k < b->part_count; k++) {
            sum += mean_of(b->parts[k].values, i, least(group, b->count - i));
        }
        highest = fmax(highest, sum);
    }
    if (!(highest > 0) || !isfinite(highest)) {
        return false;
    }
    *out = (axes){.x = {b->x[0] - 0.5, b->x[b->count - 1] + 0.5},
                  .y = {0, 1.04 * highest},
                  .width = WIDTH,
                  .height = HEIGHT,
                  .left = LEFT,
                  .right = RIGHT,
                  .top = TOP,
                  .bottom = BOTTOM,
                  .whole_x = true};
    return true;
}

static void add_column(text_builder *t, const bars *b, const axes *a, size_t first, size_t n)
{
    const double left = axes_x(a, b->x[first] - 0.42);
    const double right = axes_x(a, b->x[first + n - 1] + 0.42);
    double sum = 0;
    for (size_t k = 0; k < b->part_count; k++) {
        const double value = mean_of(b->parts[k].values, first, n);
        if (!(value > 0)) {
            continue;
        }
        const double low = axes_y(a, sum);
        const double high = axes_y(a, sum + value);
        sum += value;
        text_add(t, "<rect class=\"%s edge\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                 style_area(b->parts[k].colour), left, high, right - left, low - high);
    }
    text_add(t, "\n");
}

static void add_table(text_builder *t, const bars *b)
{
    const char *cells[BARS_MOST_PARTS + 1] = {b->x_label};
    char numbers[BARS_MOST_PARTS + 1][CELL];
    const size_t group = group_of(b);
    for (size_t k = 0; k < b->part_count; k++) {
        cells[k + 1] = b->parts[k].name;
    }
    html_details_begin(t, "The figures");
    html_table_begin(t, b->title, cells, b->part_count + 1);
    for (size_t i = 0; i < b->count; i += group) {
        const size_t n = least(group, b->count - i);
        (void)snprintf(numbers[0], CELL, n > 1 ? "%.8g to %.8g" : "%.8g", b->x[i], b->x[i + n - 1]);
        cells[0] = numbers[0];
        for (size_t k = 0; k < b->part_count; k++) {
            (void)snprintf(numbers[k + 1], CELL, "%.3f", mean_of(b->parts[k].values, i, n));
            cells[k + 1] = numbers[k + 1];
        }
        html_row(t, cells, b->part_count + 1);
    }
    html_table_end(t);
    html_details_end(t);
}

void bars_add(page *p, const bars *b)
{
    axes a;
    figure_key keys[BARS_MOST_PARTS];
    text_builder drawing = {0};
    if (b->count == 0 || b->part_count > BARS_MOST_PARTS || !find_axes(&a, b)) {
        return;
    }
    for (size_t k = 0; k < b->part_count; k++) {
        keys[k] = (figure_key){b->parts[k].name, b->parts[k].colour, false, true};
    }
    axes_draw(&drawing, &a, b->x_label, b->y_label);
    const size_t group = group_of(b);
    for (size_t i = 0; i < b->count; i += group) {
        add_column(&drawing, b, &a, i, least(group, b->count - i));
    }
    const figure f = {.name = b->name,
                      .title = b->title,
                      .says = b->says,
                      .width = WIDTH,
                      .height = HEIGHT,
                      .keys = keys,
                      .key_count = b->part_count};
    figure_begin(p, &f, text_of(&drawing));
    add_table(&p->text, b);
    figure_end(p);
    p->text.failed = p->text.failed || drawing.failed;
    text_release(&drawing);
}
