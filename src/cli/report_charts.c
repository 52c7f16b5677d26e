#include "cli/report_charts.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instrument/theory.h"
#include "page/chart.h"
#include "page/html.h"
#include "page/style.h"

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

static void draw(page *p, lines *all, chart c)
{
    c.series = all->series;
    c.count = all->count;
    chart_add(p, &c);
    release(all);
}

static int colour_of(size_t run)
{
    return (int)(run % STYLE_COLOURS) + 1;
}

/* A figure of the epochs' rows, over the epochs. */
static void add_figure(text_builder *t, lines *all, const report_run *runs, size_t count, size_t field,
                       const char *what, bool dashed)
{
    char name[NAME];
    for (size_t i = 0; i < count; i++) {
        const run_data *d = &runs[i].data;
        double *x = NULL;
        (void)snprintf(name, sizeof name, "%s, %s", runs[i].label, what);
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
        double *y = add_line(t, all, runs[i].label, d->count, colour_of(i), false, &x);
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

/* Of the last measurements up to number i. */
static double smooth_turn(const run_data *d, size_t i)
{
    const size_t n = i + 1 < SMOOTHED ? i + 1 : SMOOTHED;
    return verdict_turn(d->points + i + 1 - n, n);
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
        double *y = add_line(t, all, runs[i].label, d->measured.count, colour_of(i), false, &x);
        for (size_t k = 0; y != NULL && k < d->measured.count; k++) {
            x[k] = (double)d->measured.steps[k];
            y[k] = smooth_turn(d, k);
            last = fmax(last, x[k]);
        }
    }
    double *x = NULL;
    double *y = all->count > 0 ? add_line(t, all, "in balance", 2, STYLE_COLOURS, true, &x) : NULL;
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
        double *y = add_line(t, all, runs[i].label, n, colour_of(i), false, &x);
        for (size_t k = 0; y != NULL && k < n; k++) {
            x[k] = (double)d->measured.steps[k];
            y[k] = exp(d->points[k].log_norm);
        }
        if (!(law_at(d, 0).angle > 0)) {
            continue;
        }
        (void)snprintf(name, sizeof name, "%s, in balance", runs[i].label);
        y = add_line(t, all, name, n, colour_of(i), true, &x);
        for (size_t k = 0; y != NULL && k < n; k++) {
            x[k] = (double)d->measured.steps[k]; /* |w|^power over its balance is (angle in balance / angle)² */
            y[k] = exp(d->points[k].log_norm) * pow(smooth_turn(d, k), 2.0 / law_at(d, k).power);
        }
    }
}

/* From the start on, which is epoch 0. */
static void add_mean_weights(text_builder *t, lines *all, const report_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const run_data *d = &runs[i].data;
        double *x = NULL;
        double *y = add_line(t, all, runs[i].label, d->count + 1, colour_of(i), false, &x);
        for (size_t k = 0; y != NULL && k < d->count; k++) {
            y[0] = d->epochs[0].start_mean_abs_weight;
            x[k + 1] = (double)d->epochs[k].epoch;
            y[k + 1] = d->epochs[k].mean_abs_weight;
        }
    }
}

/* Whether validation is so far beyond training that one linear axis would show neither: as moving statistics that are
 * not the data's make it. */
static bool loss_is_far(const report_run *runs, size_t count)
{
    static const double far = 10;
    double training = 0;
    double validation = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < runs[i].data.count; k++) {
            training = fmax(training, runs[i].data.epochs[k].train_cross_entropy);
            validation = fmax(validation, runs[i].data.epochs[k].val_cross_entropy); /* which may be NaN */
        }
    }
    return validation > far * training;
}

void report_charts_learning(page *p, const report_run *runs, size_t count)
{
    lines all = {0};
    add_figure(&p->text, &all, runs, count, FIELD(train_accuracy), "training", false);
    add_figure(&p->text, &all, runs, count, FIELD(val_accuracy), "validation", true);
    draw(p, &all,
         (chart){.name = "accuracy",
                 .title = "Accuracy",
                 .x_label = "epoch",
                 .y_label = "share classified correctly",
                 .says = "Full lines: on the pictures of training, while it goes on. Dashed: on those of validation, "
                         "after each epoch, by moving statistics unless the configuration says precise: a dashed "
                         "line that stays low at first shows those statistics, which have yet to follow.",
                 .from_zero = true});
    add_figure(&p->text, &all, runs, count, FIELD(train_cross_entropy), "training", false);
    add_figure(&p->text, &all, runs, count, FIELD(val_cross_entropy), "validation", true);
    draw(p, &all,
         (chart){.name = "loss",
                 .title = "Loss without L2's penalty",
                 .x_label = "epoch",
                 .y_label = "cross-entropy",
                 .says = "Full lines: training. Dashed: validation. The penalty is left out, as it says nothing of the "
                         "answers.",
                 .logarithmic = loss_is_far(runs, count),
                 .from_zero = true});
}

static void draw_ten_weights(page *p, const report_run *r)
{
    lines all = {0};
    char name[NAME];
    char title[2 * NAME];
    const run_data *d = &r->data;
    for (size_t w = 0; w < RUNLOG_FIRST_WEIGHTS; w++) {
        double *x = NULL;
        (void)snprintf(name, sizeof name, "%zu", w + 1);
        double *y = add_line(&p->text, &all, name, d->count, colour_of(w), w >= STYLE_COLOURS, &x);
        for (size_t k = 0; y != NULL && k < d->count; k++) {
            x[k] = (double)d->epochs[k].epoch;
            y[k] = d->epochs[k].first_weights[w];
        }
    }
    (void)snprintf(name, sizeof name, "ten-weights-%s", r->tag);
    (void)snprintf(title, sizeof title, "%s: the article's ten weights", r->label);
    draw(p, &all,
         (chart){.name = name,
                 .title = title,
                 .x_label = "epoch that begins",
                 .y_label = "weight",
                 .says = "The first ten weights of the layer that is watched, as each epoch begins."});
}

void report_charts_weights(page *p, const report_run *runs, size_t count)
{
    lines all = {0};
    add_mean_weights(&p->text, &all, runs, count);
    draw(p, &all,
         (chart){.name = "mean-weight",
                 .title = "Mean size of a weight, |w|",
                 .x_label = "epoch",
                 .y_label = "mean |w|",
                 .says = "Over all weights that L2 covers, or would: whether they grow or shrink."});
    html_side_begin(&p->text);
    for (size_t i = 0; i < count; i++) {
        draw_ten_weights(p, &runs[i]);
    }
    html_side_end(&p->text);
}

void report_charts_balance(page *p, const report_run *runs, size_t count)
{
    lines all = {0};
    add_turns(&p->text, &all, runs, count);
    draw(p, &all,
         (chart){.name = "angle",
                 .title = "How far an update turns the filters, over the angle in balance",
                 .x_label = "step",
                 .y_label = "angle / angle in balance",
                 .says = "A run whose line has come to 1 is in balance. A line that falls first is one whose gradients "
                         "fade before decay has shortened the filters. The middle one of the layers, smoothed over "
                         "ten measurements.",
                 .from_zero = true});
    add_norms(&p->text, &all, runs, count);
    draw(p, &all,
         (chart){.name = "norm",
                 .title = "Length of the filters before a BatchNorm",
                 .x_label = "step",
                 .y_label = "length, mean of the layers",
                 .says = "Full lines: measured. Dashed: the length at which decay and the gradients of that moment "
                         "would be in balance; it falls as gradients fade, and the filters follow it. The mean is the "
                         "geometric one.",
                 .logarithmic = true});
}

void report_charts_rate(page *p, const report_run *runs, size_t count)
{
    lines all = {0};
    add_rates(&p->text, &all, runs, count);
    draw(p, &all,
         (chart){.name = "rate",
                 .title = "Learning rate",
                 .x_label = "epoch",
                 .y_label = "rate",
                 .says = "At the start of each epoch.",
                 .from_zero = true});
}
