#include "cli/report_html.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "cli/report_charts.h"
#include "instrument/balance.h"
#include "page/html.h"

enum { CELL = 96, COLUMNS = 7 };

/* "first to last"; a dash where there is none. */
static void span(char out[CELL], double first, double last, int digits)
{
    if (isnan(first) || isnan(last)) {
        (void)snprintf(out, CELL, "–");
    } else {
        (void)snprintf(out, CELL, "%.*f to %.*f", digits, first, digits, last);
    }
}

static const runlog_epoch_row *last_row(const run_data *d)
{
    return &d->epochs[d->count - 1];
}

static void add_runs(text_builder *t, const report_run *runs, size_t count)
{
    static const char *const headings[COLUMNS] = {
        "run", "experiment", "epochs", "training accuracy", "validation accuracy", "mean |w|", "filters"};
    html_table_begin(t, "The runs, from the first epoch to the last");
    html_row(t, headings, COLUMNS, 1);
    for (size_t i = 0; i < count; i++) {
        const run_data *d = &runs[i].data;
        char epochs[CELL], train[CELL], val[CELL], weights[CELL], filters[CELL];
        const char *const cells[COLUMNS] = {d->dir, d->info.experiment, epochs, train, val, weights, filters};
        (void)snprintf(epochs, CELL, "%zu", d->count);
        span(train, d->epochs[0].train_accuracy, last_row(d)->train_accuracy, 4);
        span(val, d->epochs[0].val_accuracy, last_row(d)->val_accuracy, 4);
        span(weights, d->epochs[0].start_mean_abs_weight, last_row(d)->mean_abs_weight, 5);
        (void)run_data_stand(filters, CELL, d);
        html_row(t, cells, COLUMNS, 0);
    }
    html_table_end(t);
}

/* What L2 did in a run without BatchNorm, or with it, and what to do next. */
static void add_stand(text_builder *t, const run_data *d)
{
    char text[512];
    char words[CELL];
    if (d->measured.count == 0) {
        return;
    }
    const verdict v = run_data_verdict(d);
    const rate_run run = run_data_rate_run(d);
    const double per_epoch = run.steps_per_epoch > 0 ? (double)run.steps_per_epoch : 1;
    switch (v.kind) {
    case VERDICT_GROWING:
        (void)snprintf(text, sizeof text,
                       "Its filters only grow: each update pushes a filter outward, nothing pulls it back, and the "
                       "longer it is the less an update turns it. L2 (l2.c) would hold the length.");
        break;
    case VERDICT_EQUILIBRIUM:
        (void)snprintf(text, sizeof text,
                       "Decay and gradients are in balance: an update turns the filters by %.2f times the angle that "
                       "theory gives. %.1f time constants are over, so L2 shows here what it does in the long run.",
                       v.turn, v.clock);
        break;
    case VERDICT_RELAXING:
        (void)snprintf(text, sizeof text,
                       "Decay and gradients are not yet in balance: an update turns the filters by %.2f of the angle "
                       "that theory gives, and only %.2f time constants are over. At this rate some %.0f steps (%.0f "
                       "epochs) more would do; what is seen of L2 here is the way there.",
                       v.turn, v.clock, v.steps, ceil(v.steps / per_epoch));
        break;
    case VERDICT_DESTABILIZED:
        (void)snprintf(text, sizeof text,
                       "Its filters shrink until gradients grow large and throw them outward, about every %.0f steps: "
                       "there is more decay than these gradients can balance. Lower l2.c or the rate, or make the task "
                       "harder (augment, loss.label_smoothing).",
                       v.steps);
        break;
    case VERDICT_DECAYING:
        (void)snprintf(text, sizeof text,
                       "Gradients vanish, so decay shortens the filters unopposed (%.2f of the balance's angle). The "
                       "training data are learned; stop, or make the task harder.",
                       v.turn);
        break;
    default:
        (void)snprintf(text, sizeof text, "How decay and BatchNorm stand cannot be told: %s.",
                       verdict_text(words, CELL, &v));
    }
    html_paragraph(t, text);
}

static void add_sentences(text_builder *t, const report_run *r, const report_run *bn)
{
    char sentences[REPORT_SENTENCES][REPORT_SENTENCE];
    char text[REPORT_SENTENCE + CELL];
    const size_t n = report_sentences(sentences, r, bn);
    (void)snprintf(text, sizeof text, "%s (%s)", r->data.dir, r->data.info.experiment);
    text_add(t, "<h3>");
    html_text(t, text);
    text_add(t, "</h3>\n");
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(text, sizeof text, "This run %s.", sentences[i]);
        html_paragraph(t, text);
    }
    add_stand(t, &r->data);
}

/* Measured beside predicted, a line a layer, of the second half of the run. */
static void add_layers(text_builder *t, const run_data *d)
{
    static const char *const headings[] = {
        "layer", "filters", "|w|", "|w| in balance", "angle", "angle in balance", "epsilon's share"};
    const series *s = &d->measured;
    if (s->count == 0) {
        return;
    }
    const uint64_t last = s->steps[s->count - 1];
    html_details_begin(t, "The layers, measured and predicted");
    html_table_begin(t, "Filters of the second half of the run");
    html_row(t, headings, COLUMNS, 1);
    for (size_t i = 0; i < s->layers; i++) {
        const balance b = balance_of(s, i, last / 2 + 1, last, &d->saved.optimizer);
        char filters[CELL], norm[CELL], norm_predicted[CELL], angle[CELL], angle_predicted[CELL], epsilon[CELL];
        const char *const cells[COLUMNS] = {s->names[i], filters,         norm,   norm_predicted,
                                            angle,       angle_predicted, epsilon};
        (void)snprintf(filters, CELL, "%llu", (unsigned long long)s->filters[i]);
        (void)snprintf(norm, CELL, "%.4f", b.norm);
        (void)snprintf(norm_predicted, CELL, isfinite(b.norm_predicted) ? "%.4f" : "–", b.norm_predicted);
        (void)snprintf(angle, CELL, "%.5f", b.angle);
        (void)snprintf(angle_predicted, CELL, b.angle_predicted > 0 ? "%.5f" : "–", b.angle_predicted);
        (void)snprintf(epsilon, CELL, "%.4f", b.epsilon_share);
        html_row(t, cells, COLUMNS, 0);
    }
    html_table_end(t);
    html_details_end(t);
}

static void add_details(text_builder *t, const report_run *r)
{
    char text[256];
    char computed[CELL];
    html_heading(t, r->data.dir);
    report_charts_of_run(t, &r->data);
    add_layers(t, &r->data);
    html_details_begin(t, "The configuration");
    html_verbatim(t, r->data.info.config);
    html_details_end(t);
    html_details_begin(t, "The environment");
    (void)snprintf(text, sizeof text, "Computed by %s.", origin_describe(computed, CELL, &r->data.info.origin));
    html_paragraph(t, text);
    (void)snprintf(text, sizeof text, "Program: %s. Seed %llu, %llu steps, checksum of the data %016llx.",
                   r->data.info.program, (unsigned long long)r->data.info.seed, (unsigned long long)r->data.info.step,
                   (unsigned long long)r->data.info.data_checksum);
    html_paragraph(t, text);
    html_details_end(t);
}

int report_html_make(text_builder *out, const report_run *runs, size_t count)
{
    const report_run *bn = report_find(runs, count, "bn");
    html_begin(out, "Lockstep: what L2 and BatchNorm did");
    add_runs(out, runs, count);
    html_heading(out, "What they show");
    for (size_t i = 0; i < count; i++) {
        add_sentences(out, &runs[i], bn);
    }
    html_heading(out, "The runs side by side");
    report_charts_of_all(out, runs, count);
    for (size_t i = 0; i < count; i++) {
        add_details(out, &runs[i]);
    }
    html_end(out);
    return out->failed ? error_set(LS_ENOMEM, "out of memory for the report") : LS_OK;
}
