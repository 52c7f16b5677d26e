#include "page/matrix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page/html.h"

enum { SMALL = 12, LETTERS = 110, LABEL = 24, LEAST_CELL = 26, MOST_CELL = 48, CELLS = 400, NARROW = 10 };
#define DARKEST 0.45 /* so that letters on it can be read (tests/page/layout.js) */

/* Where things are. */
typedef struct places {
    double cell;
    int left, top, size; /* of the squares, and how long their side is in all */
} places;

static places places_of(const matrix *m)
{
    double widest = 0;
    places p = {.cell = (double)CELLS / (double)m->count};
    p.cell = p.cell > MOST_CELL ? MOST_CELL : p.cell < LEAST_CELL ? LEAST_CELL : p.cell;
    for (size_t i = 0; i < m->count; i++) {
        const double width = figure_text_width(m->names[i], SMALL);
        widest = width > widest ? width : widest;
    }
    p.left = LABEL + (int)(widest < LETTERS ? widest : LETTERS) + 12;
    p.top = p.left;
    p.size = (int)(p.cell * (double)m->count);
    return p;
}

/* A name, cut where it is too long. */
static void add_name(text_builder *t, const char *name)
{
    const size_t whole = strlen(name);
    size_t fits = figure_text_fit(name, SMALL, LETTERS);
    if (fits < whole) {
        fits = figure_text_fit(name, SMALL, LETTERS - SMALL);
    }
    char *copy = strndup(name, fits);
    if (copy == NULL) {
        t->failed = true;
        return;
    }
    html_text(t, copy);
    text_add(t, "%s", fits < whole ? "…" : "");
    free(copy);
}

static void add_names(text_builder *t, const matrix *m, const places *p)
{
    for (size_t i = 0; i < m->count; i++) {
        const double middle = ((double)i + 0.5) * p->cell;
        text_add(t, "<text class=\"small\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", p->left - 6, p->top + middle + 4);
        add_name(t, m->names[i]);
        text_add(t, "</text>\n<text class=\"small\" transform=\"translate(%.1f %d) rotate(-90)\">",
                 p->left + middle + 4, p->top - 6);
        add_name(t, m->names[i]);
        text_add(t, "</text>\n");
    }
    text_add(t, "<text class=\"soft\" x=\"%d\" y=\"14\" text-anchor=\"middle\">", p->left + p->size / 2);
    html_text(t, m->column_label);
    text_add(t, "</text>\n<text class=\"soft\" transform=\"translate(14 %d) rotate(-90)\" text-anchor=\"middle\">",
             p->top + p->size / 2);
    html_text(t, m->row_label);
    text_add(t, "</text>\n");
}

static void add_squares(text_builder *t, const matrix *m, const places *p)
{
    for (size_t i = 0; i < m->count; i++) {
        size_t all = 0;
        for (size_t k = 0; k < m->count; k++) {
            all += m->cells[i * m->count + k];
        }
        for (size_t k = 0; k < m->count; k++) {
            const size_t n = m->cells[i * m->count + k];
            const double x = p->left + (double)k * p->cell;
            const double y = p->top + (double)i * p->cell;
            if (n == 0) {
                continue;
            }
            text_add(t,
                     "<rect class=\"%s\" fill-opacity=\"%.2f\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                     i == k ? "f1" : "f2", 0.08 + (DARKEST - 0.08) * (double)n / (double)all, x, y, p->cell, p->cell);
            text_add(t, "<text class=\"small\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%zu</text>\n",
                     x + p->cell / 2, y + p->cell / 2 + 4, n);
        }
    }
    for (size_t i = 0; i <= m->count; i++) {
        const double at = (double)i * p->cell;
        text_add(
            t,
            "<polyline class=\"grid thin\" points=\"%d,%.1f %d,%.1f\"/><polyline class=\"grid thin\" points=\"%.1f,%d "
            "%.1f,%d\"/>\n",
            p->left, p->top + at, p->left + p->size, p->top + at, p->left + at, p->top, p->left + at, p->top + p->size);
    }
}

static void add_table(text_builder *t, const matrix *m)
{
    const char *cells[MATRIX_MOST + 1] = {m->row_label};
    char numbers[MATRIX_MOST][24];
    memcpy(cells + 1, m->names, m->count * sizeof *cells);
    html_details_begin(t, "The figures");
    html_table_begin(t, m->title, cells, m->count + 1);
    for (size_t i = 0; i < m->count; i++) {
        cells[0] = m->names[i];
        for (size_t k = 0; k < m->count; k++) {
            (void)snprintf(numbers[k], sizeof numbers[k], "%zu", m->cells[i * m->count + k]);
            cells[k + 1] = numbers[k];
        }
        html_row(t, cells, m->count + 1);
    }
    html_table_end(t);
    html_details_end(t);
}

void matrix_add(page *p, const matrix *m)
{
    text_builder drawing = {0};
    if (m->count < 2 || m->count > MATRIX_MOST) {
        return;
    }
    const places at = places_of(m);
    add_squares(&drawing, m, &at);
    add_names(&drawing, m, &at);
    const figure f = {.name = m->name,
                      .title = m->title,
                      .says = m->says,
                      .width = at.left + at.size + 8,
                      .height = at.top + at.size + 8,
                      .wide = m->count > NARROW};
    figure_begin(p, &f, text_of(&drawing));
    add_table(&p->text, m);
    figure_end(p);
    p->text.failed = p->text.failed || drawing.failed;
    text_release(&drawing);
}
