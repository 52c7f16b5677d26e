#include "cli/report_weights.h"

#include <math.h>
#include <stdio.h>

#include "page/html.h"
#include "page/ridges.h"
#include "page/style.h"

enum { NAME = 64, TITLE = 256, EPOCHS_SHOWN = RIDGES_MOST - 1 };
static const double few = 0.01; /* share of weights at either end that the axis does without */

/* What is shown of a run. */
typedef struct picked {
    ridges_row rows[RIDGES_MOST];
    char names[RIDGES_MOST][NAME];
    size_t count;
} picked;

static void pick(picked *out, const char *name, const double *histogram)
{
    if (isnan(histogram[0]) || out->count == RIDGES_MOST) {
        return;
    }
    (void)snprintf(out->names[out->count], NAME, "%s", name);
    out->rows[out->count] = (ridges_row){out->names[out->count], histogram};
    out->count++;
}

/* The start, and epochs in equal distances with the last one among them. */
static void pick_rows(picked *out, const run_data *d)
{
    char name[NAME];
    const size_t shown = d->count < EPOCHS_SHOWN ? d->count : EPOCHS_SHOWN;
    *out = (picked){0};
    pick(out, "start", d->start);
    for (size_t i = 1; i <= shown; i++) {
        const runlog_epoch_row *row = &d->epochs[i * d->count / shown - 1];
        (void)snprintf(name, sizeof name, "epoch %llu", (unsigned long long)row->epoch);
        pick(out, name, row->histogram);
    }
}

/* The bins that have nearly all weights of a row. */
static void widen(size_t *first, size_t *last, const double *histogram)
{
    double all = 0;
    double below = 0;
    for (size_t i = 0; i < HISTOGRAM_BINS; i++) {
        all += histogram[i];
    }
    for (size_t i = 0; i < HISTOGRAM_BINS; i++) {
        below += histogram[i];
        if (below > few * all && below - histogram[i] < (1 - few) * all) {
            *first = i < *first ? i : *first;
            *last = i > *last ? i : *last;
        }
    }
}

static void add_run(page *p, const report_run *r, size_t number, const picked *rows, const double *edges, size_t first,
                    size_t last)
{
    char name[REPORT_TAG + 16];
    char title[TITLE];
    (void)snprintf(name, sizeof name, "histogram-%s", r->tag);
    (void)snprintf(title, sizeof title, "%s: sizes of all weights", r->label);
    ridges_add(p, &(ridges){.name = name,
                            .title = title,
                            .says = "How many weights have which size |w|, from the start down to the last epoch. What "
                                    "makes all weights smaller by one factor moves the hill to the left as it is. The "
                                    "upright line: half of them were smaller at first.",
                            .x_label = "|w|",
                            .edges = edges,
                            .bins = HISTOGRAM_BINS,
                            .rows = rows->rows,
                            .count = rows->count,
                            .colour = (int)(number % STYLE_COLOURS) + 1,
                            .low = edges[first],
                            .high = edges[last + 1]});
}

void report_weights_add(page *p, const report_run *runs, size_t count)
{
    picked rows;
    double edges[HISTOGRAM_BINS + 1];
    size_t first = HISTOGRAM_BINS;
    size_t last = 0;
    for (size_t i = 0; i <= HISTOGRAM_BINS; i++) {
        edges[i] = histogram_edge(i);
    }
    for (size_t i = 0; i < count; i++) {
        pick_rows(&rows, &runs[i].data);
        for (size_t k = 0; k < rows.count; k++) {
            widen(&first, &last, rows.rows[k].shares);
        }
    }
    if (first > last) {
        html_note(&p->text, "There are no histograms: the runs' logs are of a program that did not make them.");
        return;
    }
    html_side_begin(&p->text);
    for (size_t i = 0; i < count; i++) {
        pick_rows(&rows, &runs[i].data);
        add_run(p, &runs[i], i, &rows, edges, first, last);
    }
    html_side_end(&p->text);
}
