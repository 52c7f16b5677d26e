#include "cli/report_time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sort.h"
#include "page/bars.h"
#include "page/html.h"

enum { CELL = 64, NAME = 256, COLUMNS = SPENT_KINDS + 3 };
static const double worth_saying = 0.05; /* share of the time that something waits */

static const char *const names[SPENT_KINDS] = {
    [SPENT_COMPUTING] = "computing",           [SPENT_PICTURES] = "waiting for pictures",
    [SPENT_SUMS] = "sums, waiting for ranks",  [SPENT_VALIDATING] = "validation",
    [SPENT_SAVING] = "held up by checkpoints", [SPENT_OTHER] = "other",
};

/* Colours that are told apart where they meet. */
static const int colours[SPENT_KINDS] = {
    [SPENT_COMPUTING] = 1,  [SPENT_PICTURES] = 2, [SPENT_SUMS] = 5,
    [SPENT_VALIDATING] = 3, [SPENT_SAVING] = 4,   [SPENT_OTHER] = 6,
};

/* Sums over the rows that say it; false: none does. */
static bool add_up(double all[SPENT_KINDS], double *total, const run_data *d)
{
    bool known = false;
    *total = 0;
    for (int k = 0; k < SPENT_KINDS; k++) {
        all[k] = 0;
        for (size_t i = 0; i < d->count; i++) {
            const double seconds = d->epochs[i].spent[k];
            known = known || !isnan(seconds);
            all[k] += isnan(seconds) ? 0 : seconds;
        }
        *total += all[k];
    }
    return known && *total > 0;
}

/* "1:02:03", "4:05", "6.7 s". */
static void duration(char out[CELL], double seconds)
{
    const unsigned long long whole = (unsigned long long)(seconds + 0.5);
    if (seconds < 60) {
        (void)snprintf(out, CELL, "%.1f\u00a0s", seconds);
    } else if (whole < 3600) {
        (void)snprintf(out, CELL, "%llu:%02llu\u00a0min", whole / 60, whole % 60);
    } else {
        (void)snprintf(out, CELL, "%llu:%02llu:%02llu\u00a0h", whole / 3600, whole / 60 % 60, whole % 60);
    }
}

static double median_speed(const run_data *d)
{
    double *speeds = calloc(d->count + 1, sizeof *speeds);
    if (speeds == NULL) {
        return NAN;
    }
    for (size_t i = 0; i < d->count; i++) {
        speeds[i] = d->epochs[i].images_per_second;
    }
    const double median = sort_median(speeds, d->count);
    free(speeds);
    return median;
}

static void add_row(text_builder *t, const report_run *r)
{
    char numbers[COLUMNS][CELL];
    const char *cells[COLUMNS] = {r->label};
    double all[SPENT_KINDS];
    double total = 0;
    const bool known = add_up(all, &total, &r->data);
    for (int k = 0; k < SPENT_KINDS; k++) {
        (void)snprintf(numbers[k + 3], CELL, known ? "%.1f\u00a0%%" : "–", 100 * all[k] / total);
        cells[k + 3] = numbers[k + 3];
    }
    if (known) {
        duration(numbers[1], total);
    } else {
        (void)snprintf(numbers[1], CELL, "–");
    }
    (void)snprintf(numbers[2], CELL, "%.0f", median_speed(&r->data));
    cells[1] = numbers[1];
    cells[2] = numbers[2];
    html_row(t, cells, COLUMNS);
}

static void add_table(text_builder *t, const report_run *runs, size_t count)
{
    const char *headings[COLUMNS] = {"run", "time", "images a second"};
    for (int k = 0; k < SPENT_KINDS; k++) {
        headings[k + 3] = names[k];
    }
    html_table_begin(t, "Where the time of rank 0 went", headings, COLUMNS);
    for (size_t i = 0; i < count; i++) {
        add_row(t, &runs[i]);
    }
    html_table_end(t);
}

/* What waits too long, and what to do about it. */
static void add_advice(text_builder *t, const report_run *r)
{
    char text[NAME];
    double all[SPENT_KINDS];
    double total = 0;
    if (!add_up(all, &total, &r->data)) {
        return;
    }
    if (all[SPENT_PICTURES] > worth_saying * total) {
        (void)snprintf(text, sizeof text,
                       "%.100s waited for pictures: more decoding threads (data.loader_threads), or a "
                       "data set of smaller pictures.",
                       r->label);
        html_paragraph(t, text);
    }
    if (all[SPENT_SUMS] > worth_saying * total) {
        (void)snprintf(text, sizeof text,
                       "%.100s waited for other ranks: for the slowest of them, or for the network between them.",
                       r->label);
        html_paragraph(t, text);
    }
}

static void add_columns(page *p, const report_run *r)
{
    char name[NAME];
    char title[NAME];
    bars_part parts[SPENT_KINDS];
    double all[SPENT_KINDS];
    double total = 0;
    const run_data *d = &r->data;
    double *x = calloc(d->count * (SPENT_KINDS + 1) + 1, sizeof *x);
    if (x == NULL || !add_up(all, &total, d)) {
        p->text.failed = p->text.failed || x == NULL;
        free(x);
        return;
    }
    for (int k = 0; k < SPENT_KINDS; k++) {
        double *values = x + (size_t)(k + 1) * d->count;
        for (size_t i = 0; i < d->count; i++) {
            x[i] = (double)d->epochs[i].epoch;
            values[i] = d->epochs[i].spent[k];
        }
        parts[k] = (bars_part){names[k], values, colours[k]};
    }
    (void)snprintf(name, sizeof name, "time-%s", r->tag);
    (void)snprintf(title, sizeof title, "%s: where the time went", r->label);
    bars_add(p, &(bars){.name = name,
                        .title = title,
                        .says = "Seconds of rank 0, the first process, from one epoch's end to the next.",
                        .x_label = "epoch",
                        .y_label = "seconds",
                        .x = x,
                        .count = d->count,
                        .parts = parts,
                        .part_count = SPENT_KINDS});
    free(x);
}

void report_time_add(page *p, const report_run *runs, size_t count)
{
    add_table(&p->text, runs, count);
    for (size_t i = 0; i < count; i++) {
        add_advice(&p->text, &runs[i]);
    }
    html_side_begin(&p->text);
    for (size_t i = 0; i < count; i++) {
        add_columns(p, &runs[i]);
    }
    html_side_end(&p->text);
}
