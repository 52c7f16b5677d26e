#include "cli/report_html.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "cli/report_answers.h"
#include "cli/report_charts.h"
#include "cli/report_terms.h"
#include "cli/report_time.h"
#include "cli/report_weights.h"
#include "cli/report_words.h"
#include "instrument/balance.h"
#include "page/html.h"

enum { CELL = 96, COLUMNS = 7, TITLE = 256 };

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
        "run", "network", "epochs", "training accuracy", "validation accuracy", "mean |w|", "filters"};
    html_table_begin(t, "Figures of the first and the last epoch; of mean |w|, before the first and after the last",
                     headings, COLUMNS);
    for (size_t i = 0; i < count; i++) {
        const run_data *d = &runs[i].data;
        char kind[REPORT_WORDS], epochs[CELL], train[CELL], val[CELL], weights[CELL], filters[CELL];
        const char *const cells[COLUMNS] = {runs[i].label, kind, epochs, train, val, weights, filters};
        report_words_kind(kind, &runs[i]);
        (void)snprintf(epochs, CELL, "%zu of %llu", d->count, (unsigned long long)d->saved.train.epochs);
        span(train, d->epochs[0].train_accuracy, last_row(d)->train_accuracy, 4);
        span(val, d->epochs[0].val_accuracy, last_row(d)->val_accuracy, 4);
        span(weights, d->epochs[0].start_mean_abs_weight, last_row(d)->mean_abs_weight, 5);
        (void)run_data_stand(filters, CELL, d);
        html_row(t, cells, COLUMNS);
    }
    html_table_end(t);
}

static void add_term(text_builder *t, const char *term, const char *text)
{
    if (text[0] != '\0') {
        html_term(t, term, text);
    }
}

/* What a run shows, question by question. */
static void add_card(text_builder *t, const report_run *r, const report_run *bn, const report_run *both)
{
    char text[REPORT_WORDS];
    char title[REPORT_LABEL + REPORT_WORDS + 4];
    report_words_kind(text, r);
    (void)snprintf(title, sizeof title, "%s: %s", r->label, text);
    html_card_begin(t, title);
    html_terms_begin(t);
    report_words_learned(text, r);
    add_term(t, "Did it learn?", text);
    report_words_decay(text, r, bn != r ? bn : NULL);
    add_term(t, "What did L2 do?", text);
    report_words_length(text, r);
    add_term(t, "Long enough?", text);
    report_words_validation(text, r);
    add_term(t, "Validation", text);
    report_words_next(text, r, both != r ? both : NULL);
    add_term(t, "What next?", text);
    html_terms_end(t);
    html_card_end(t);
}

static void add_findings(text_builder *t, const report_run *runs, size_t count, const report_run *bn)
{
    static const char *const headings[] = {"run", "the article says", "does that hold here?", "by these figures"};
    static const char *const answers[] = {
        [FINDING_SHOWN] = "yes", [FINDING_NOT_SHOWN] = "no", [FINDING_UNKNOWN] = "cannot be said"};
    size_t all = 0;
    finding found[REPORT_SENTENCES];
    for (size_t i = 0; i < count; i++) {
        const size_t n = report_findings(found, &runs[i], bn);
        if (all == 0 && n > 0) {
            html_table_begin(t, "What the article says, and these runs", headings, 4);
        }
        for (size_t k = 0; k < n; k++) {
            const char *const cells[] = {runs[i].label, found[k].claim, answers[found[k].verdict], found[k].figures};
            html_row(t, cells, 4);
        }
        all += n;
    }
    if (all > 0) {
        html_table_end(t);
    }
}

/* Measured beside predicted, a line a layer, of the second half of the run. */
static void add_layers(text_builder *t, const run_data *d)
{
    static const char *const headings[COLUMNS] = {
        "layer", "filters", "length", "length in balance", "angle, rad", "angle in balance", "epsilon's share"};
    const series *s = &d->measured;
    if (s->count == 0) {
        return;
    }
    const uint64_t last = s->steps[s->count - 1];
    html_details_begin(t, "The layers, measured and predicted");
    html_table_begin(t, "Filters of the second half of the run", headings, COLUMNS);
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
        html_row(t, cells, COLUMNS);
    }
    html_table_end(t);
    html_details_end(t);
}

static void add_environment(text_builder *t, const run_data *d)
{
    char text[256];
    char computed[CELL];
    html_details_begin(t, "The configuration");
    html_verbatim(t, d->info.config);
    html_details_end(t);
    html_details_begin(t, "The environment");
    (void)snprintf(text, sizeof text, "Computed by %s.", origin_describe(computed, CELL, &d->info.origin));
    html_paragraph(t, text);
    (void)snprintf(text, sizeof text, "Program: %s. Seed %llu, %llu steps, checksum of the data %016llx.",
                   d->info.program, (unsigned long long)d->info.seed, (unsigned long long)d->info.step,
                   (unsigned long long)d->info.data_checksum);
    html_paragraph(t, text);
    html_details_end(t);
}

static void add_run(page *p, const report_run *r)
{
    const html_place place = {r->tag, r->label};
    html_heading(&p->text, &place);
    report_answers_add(p, r);
    html_subheading(&p->text, "What it was");
    add_layers(&p->text, &r->data);
    add_environment(&p->text, &r->data);
}

static const html_place in_short = {"in-short", "In short"}, words = {"words", "How to read this"},
                        learning = {"learning", "Did they learn?"}, weights = {"weights", "What became of the weights"},
                        against = {"balance", "L2 against BatchNorm"}, rates = {"rates", "The learning rate"},
                        times = {"time", "Where the time went"};

static void add_contents(text_builder *t, const report_run *runs, size_t count)
{
    const html_place first[] = {in_short, words, learning, weights, against, rates, times};
    const size_t n = sizeof first / sizeof first[0];
    html_place *places = calloc(n + count, sizeof *places);
    if (places == NULL) {
        t->failed = true;
        return;
    }
    for (size_t i = 0; i < n + count; i++) {
        places[i] = i < n ? first[i] : (html_place){runs[i - n].tag, runs[i - n].label};
    }
    html_contents(t, places, n + count);
    free(places);
}

static void add_all(page *p, const report_run *runs, size_t count)
{
    html_heading(&p->text, &learning);
    html_side_begin(&p->text);
    report_charts_learning(p, runs, count);
    html_side_end(&p->text);
    html_heading(&p->text, &weights);
    report_charts_weights(p, runs, count);
    report_weights_add(p, runs, count);
    html_heading(&p->text, &against);
    report_terms_balance(&p->text, runs, count);
    html_side_begin(&p->text);
    report_charts_balance(p, runs, count);
    html_side_end(&p->text);
    html_heading(&p->text, &rates);
    html_side_begin(&p->text);
    report_charts_rate(p, runs, count);
    html_side_end(&p->text);
    html_heading(&p->text, &times);
    report_time_add(p, runs, count);
}

int report_html_make(page *out, const report_run *runs, size_t count)
{
    text_builder *t = &out->text;
    const report_run *bn = report_find(runs, count, "bn");
    const report_run *both = report_find(runs, count, "bn_l2");
    char lead[REPORT_WORDS];
    html_begin(t, "Lockstep: what L2 and BatchNorm did");
    add_contents(t, runs, count);
    html_heading(t, &in_short);
    report_words_lead(lead, runs, count);
    html_paragraph(t, lead);
    for (size_t i = 0; i < count; i++) {
        add_card(t, &runs[i], bn, both);
    }
    add_findings(t, runs, count, bn);
    add_runs(t, runs, count);
    html_heading(t, &words);
    report_terms_add(t);
    add_all(out, runs, count);
    for (size_t i = 0; i < count; i++) {
        add_run(out, &runs[i]);
    }
    html_end(t);
    const bool failed = t->failed || (out->apart != NULL && out->apart->failed);
    return failed ? error_set(LS_ENOMEM, "out of memory for the report") : LS_OK;
}
