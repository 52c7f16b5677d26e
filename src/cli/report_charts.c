#include "cli/report_charts.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instrument/theory.h"
#include "page/chart.h"

enum { NAME = 160, SMOOTHED = 10 };

/* Lines that are put together, with memory of their own. */
typedef struct lines {
    chart_series *series; /* owned; [count]; x, y and name of each as well */
    size_t count;
} lines;

/* A line of n points to fill in; NULL where memory ran out. */
static double *add_line(text_builder *t, lines *all, const char *name, size_t n, int colour, bool dashed, double **x)
{
    chart_series *more = realloc(all->series, (all->count + 1) * sizeof *more);
    double *points = calloc(2 * n + 1, sizeof *points);
    char *own = strdup(name);
    all->series = more != NULL ? more : all->series;
    if (more == NULL || points == NULL || own == NULL) {
        free(points);
        free(own);
        t->failed = true;
        return NULL;
    }
    *x = points;
    all->series[all->count++] = (chart_series){own, points, points + n, n, colour, dashed};
    return points + n;
}

static void release(lines *all)
{
    for (size_t i = 0; i < all->count; i++) {
        free((char *)all->series[i].name); /* both its own */
        free((double *)all->series[i].x);
    }
    free(all->series);
    *all = (lines){0};
}

static void draw(text_builder *t, lines *all, chart c)
{
    c.series = all->series;
    c.count = all->count;
    chart_add(t, &c);
    release(all);
}

static int colour_of(size_t run)
{
    return (int)(run % CHART_COLOURS) + 1;
}

/* A figure of the epochs' rows, over the epochs. */
static void add_figure(text_builder *t, lines *all, const report_run *runs, size_t count, size_t field,
                       const char *what, bool dashed)
{
    char name[NAME];
    for (size_t i = 0; i < count; i++) {
        const run_data *d = &runs[i].data;
        double *x = NULL;
        (void)snprintf(name, sizeof name, "%s%s%s", d->dir, what[0] != '\0' ? ", " : "", what);
        double *y = add_line(t, all, name, d->count, colour_of(i), dashed, &x);
        for (size_t k = 0; y != NULL && k < d->count; k++) {
            x[k] = (double)d->epochs[k].epoch;
            memcpy(&y[k], (const char *)&d->epochs[k] + field, sizeof y[k]);
        }
    }
}
#define FIELD(name) offsetof(runlog_epoch_row, name)

static void add_rates(text_builder *t, lines *all, const report_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const run_data *d = &runs[i].data;
        const rate_run run = run_data_rate_run(d);
        double *x = NULL;
        double *y = add_line(t, all, d->dir, d->count, colour_of(i), false, &x);
        for (size_t k = 0; y != NULL && k < d->count; k++) {
            x[k] = (double)d->epochs[k].epoch;
            y[k] = rate_at(&d->saved.optimizer, &run, d->epochs[k].start_step).rate;
        }
    }
}

static theory law_at(const run_data *d, size_t i)
{
    const rate_now now = {d->measured.rates[i], d->measured.shares[i]};
    return theory_at(&d->saved.optimizer, &now);
}

/* The root mean square of the last turns. */
static double smooth_turn(const run_data *d, size_t i)
{
    double sum = 0;
    const size_t first = i + 1 > SMOOTHED ? i + 1 - SMOOTHED : 0;
    for (size_t k = first; k <= i; k++) {
        const double turn = d->points[k].turn;
        sum += turn * turn;
    }
    return sqrt(sum / (double)(i + 1 - first));
}

/* Angle of an update over the one in balance, and 1. Runs without decay have none. */
static void add_turns(text_builder *t, lines *all, const report_run *runs, size_t count)
{
    double last = 0;
    for (size_t i = 0; i < count; i++) {
        const run_data *d = &runs[i].data;
        double *x = NULL;
        if (d->measured.count == 0 || !(law_at(d, 0).angle > 0)) {
            continue;
        }
        double *y = add_line(t, all, d->dir, d->measured.count, colour_of(i), false, &x);
        for (size_t k = 0; y != NULL && k < d->measured.count; k++) {
            x[k] = (double)d->measured.steps[k];
            y[k] = smooth_turn(d, k);
            last = fmax(last, x[k]);
        }
    }
    double *x = NULL;
    double *y = all->count > 0 ? add_line(t, all, "in balance", 2, CHART_COLOURS, true, &x) : NULL;
    if (y != NULL) {
        x[1] = last;
        y[0] = y[1] = 1;
    }
}

/* Norms of the filters, and those of the balance of that moment. */
static void add_norms(text_builder *t, lines *all, const report_run *runs, size_t count)
{
    char name[NAME];
    for (size_t i = 0; i < count; i++) {
        const run_data *d = &runs[i].data;
        const size_t n = d->measured.count;
        double *x = NULL;
        if (n == 0) {
            continue;
        }
        double *y = add_line(t, all, d->dir, n, colour_of(i), false, &x);
        for (size_t k = 0; y != NULL && k < n; k++) {
            x[k] = (double)d->measured.steps[k];
            y[k] = exp(d->points[k].log_norm);
        }
        if (!(law_at(d, 0).angle > 0)) {
            continue;
        }
        (void)snprintf(name, sizeof name, "%s, in balance", d->dir);
        y = add_line(t, all, name, n, colour_of(i), true, &x);
        for (size_t k = 0; y != NULL && k < n; k++) {
            x[k] = (double)d->measured.steps[k]; /* |w|^power over its balance is (angle in balance / angle)² */
            y[k] = exp(d->points[k].log_norm) * pow(smooth_turn(d, k), 2.0 / law_at(d, k).power);
        }
    }
}

void report_charts_of_all(text_builder *t, const report_run *runs, size_t count)
{
    lines all = {0};
    add_figure(t, &all, runs, count, FIELD(train_accuracy), "training", false);
    add_figure(t, &all, runs, count, FIELD(val_accuracy), "validation", true);
    draw(t, &all,
         (chart){.title = "Accuracy",
                 .x_label = "epoch",
                 .y_label = "accuracy",
                 .says = "Training accuracy of each run as a full line, validation accuracy as a dashed one.",
                 .from_zero = true});
    add_figure(t, &all, runs, count, FIELD(train_cross_entropy), "training", false);
    add_figure(t, &all, runs, count, FIELD(val_cross_entropy), "validation", true);
    draw(t, &all,
         (chart){.title = "Loss without the penalty",
                 .x_label = "epoch",
                 .y_label = "cross-entropy",
                 .says = "Cross-entropy of training as a full line, of validation as a dashed one.",
                 .from_zero = true});
    add_figure(t, &all, runs, count, FIELD(mean_abs_weight), "", false);
    draw(t, &all,
         (chart){.title = "Mean |w| over the weights that L2 covers",
                 .x_label = "epoch",
                 .y_label = "mean |w|",
                 .says = "Whether the weights of each run grow or shrink."});
    add_turns(t, &all, runs, count);
    draw(t, &all,
         (chart){.title = "Angle of an update, over that of the balance of decay and gradients",
                 .x_label = "step",
                 .y_label = "angle / angle in balance",
                 .says = "A run whose line has come to 1 is in balance.",
                 .from_zero = true});
    add_norms(t, &all, runs, count);
    draw(t, &all,
         (chart){.title = "Norm of the filters before a BatchNorm",
                 .x_label = "step",
                 .y_label = "|w|, mean over layers",
                 .says =
                     "Measured norms as full lines; as dashed ones the norms that decay and gradients of that moment "
                     "would balance at.",
                 .logarithmic = true});
    add_rates(t, &all, runs, count);
    draw(t, &all,
         (chart){.title = "Learning rate",
                 .x_label = "epoch",
                 .y_label = "rate",
                 .says = "The rate at the start of each epoch.",
                 .from_zero = true});
}

void report_charts_of_run(text_builder *t, const run_data *d)
{
    lines all = {0};
    char name[NAME];
    for (size_t w = 0; w < RUNLOG_FIRST_WEIGHTS; w++) {
        double *x = NULL;
        (void)snprintf(name, sizeof name, "%zu", w + 1);
        double *y = add_line(t, &all, name, d->count, colour_of(w), w >= CHART_COLOURS, &x);
        for (size_t k = 0; y != NULL && k < d->count; k++) {
            x[k] = (double)d->epochs[k].epoch;
            y[k] = d->epochs[k].first_weights[w];
        }
    }
    (void)snprintf(name, sizeof name, "The article's ten weights: the first of %s, as each epoch begins",
                   d->saved.log.print_layer);
    draw(t, &all,
         (chart){.title = name,
                 .x_label = "epoch",
                 .y_label = "weight",
                 .says = "Whether single weights keep their proportions, or move."});
}
