#include "cli/report_answers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/report_words.h"
#include "page/html.h"
#include "page/matrix.h"

enum { CELL = 64, TEXT = 512, LISTED = 20 };

static const char *class_name(const report_run *r, size_t c)
{
    return c < r->data.info.class_count ? r->data.info.classes[c] : "?";
}

/* A share of all as a percentage, a dash where there is none. */
static void percentage(char out[CELL], double share)
{
    (void)snprintf(out, CELL, isnan(share) ? "–" : "%.1f\u00a0%%", 100 * share);
}

static void add_evaluation(text_builder *t, const char *name, const evaluation *e)
{
    char accuracy[CELL], entropy[CELL], top5[CELL], recall[CELL], calibration[CELL];
    const char *const cells[] = {name, accuracy, entropy, top5, recall, calibration};
    percentage(accuracy, e->accuracy);
    (void)snprintf(entropy, CELL, "%.4f", e->cross_entropy);
    percentage(top5, e->top5);
    percentage(recall, e->macro_recall);
    percentage(calibration, e->calibration_error);
    html_row(t, cells, sizeof cells / sizeof cells[0]);
}

static void add_statistics(text_builder *t, const report_run *r)
{
    static const char *const headings[] = {"evaluated by",         "accuracy",          "cross-entropy",
                                           "among the first five", "mean over classes", "calibration error"};
    char text[REPORT_WORDS];
    char precise[TEXT];
    char caption[TEXT];
    const report_eval *e = &r->eval;
    (void)snprintf(caption, sizeof caption, "The %zu validation pictures, after epoch %llu", e->moving.samples,
                   (unsigned long long)e->answers.on.epoch);
    html_table_begin(t, caption, headings, sizeof headings / sizeof headings[0]);
    add_evaluation(t, r->data.saved.model.batch_norm ? "BatchNorm's moving statistics" : "the network", &e->moving);
    if (e->precise.samples > 0) {
        (void)snprintf(precise, sizeof precise, "statistics re-estimated over %zu batches of %zu training pictures",
                       e->batches, e->batch);
        add_evaluation(t, precise, &e->precise);
    }
    html_table_end(t);
    report_words_validation(text, r);
    if (text[0] != '\0') {
        html_paragraph(t, text);
    }
    if (e->why_moving[0] != '\0') {
        (void)snprintf(text, sizeof text, "BatchNorm's statistics could not be re-estimated: %s", e->why_moving);
        html_note(t, text);
    }
}

/* "What follows is by ...", where there are two. */
static void add_which(text_builder *t, const report_run *r)
{
    if (r->eval.precise.samples > 0) {
        html_note(t, r->eval.by_precise ? "What follows is by the re-estimated statistics."
                                        : "What follows is by the moving statistics, as in the run's validation.");
    }
}

/* Whether all pictures get the same answer, which then says nothing of any of them. */
static bool all_alike(const report_run *r)
{
    const metrics *m = &r->eval.answers.figures;
    for (size_t c = 0; c < m->classes; c++) {
        if (m->of_class[c].predicted == m->samples) {
            return true;
        }
    }
    return false;
}

/* "Of 297 pictures 270 are classified correctly. Most often 8 is predicted as 1 (5 times)." */
static void summary(char out[TEXT], const report_run *r)
{
    const eval_report *a = &r->eval.answers;
    const size_t right = (size_t)floor(a->figures.accuracy * (double)a->figures.samples + 0.5);
    int n = snprintf(out, TEXT, "Of %zu pictures %zu are classified correctly.", a->figures.samples, right);
    if (all_alike(r)) {
        (void)snprintf(out, TEXT, "All %zu pictures get the same answer.", a->figures.samples);
    } else if (a->confusion_count > 0 && n > 0 && n < TEXT) {
        const metrics_pair *most = &a->confusions[0];
        (void)snprintf(out + n, TEXT - (size_t)n, " Most often %.80s is predicted as %.80s (%zu times).",
                       class_name(r, most->label), class_name(r, most->predicted), most->count);
    }
}

static void add_matrix(page *p, const report_run *r)
{
    char name[REPORT_TAG + 16];
    char title[REPORT_LABEL + 32];
    char says[TEXT];
    const eval_report *a = &r->eval.answers;
    const size_t n = a->figures.classes;
    size_t *cells = calloc(n * n, sizeof *cells);
    if (cells == NULL) {
        p->text.failed = true;
        return;
    }
    for (size_t i = 0; i < n * n; i++) {
        cells[i] = eval_report_confusion(a, i / n, i % n);
    }
    (void)snprintf(name, sizeof name, "confusions-%s", r->tag);
    (void)snprintf(title, sizeof title, "%s: true and predicted classes", r->label);
    summary(says, r);
    const matrix m = {.name = name,
                      .title = title,
                      .says = says,
                      .row_label = "true class",
                      .column_label = "predicted class",
                      .names = (const char *const *)r->data.info.classes,
                      .cells = cells,
                      .count = n};
    matrix_add(p, &m);
    free(cells);
}

static void add_confusions(text_builder *t, const report_run *r)
{
    static const char *const headings[] = {"true class", "predicted class", "pictures", "of the class"};
    char caption[TEXT];
    const eval_report *a = &r->eval.answers;
    const size_t shown = a->confusion_count < LISTED ? a->confusion_count : LISTED;
    summary(caption, r);
    html_paragraph(t, caption);
    (void)snprintf(caption, sizeof caption, "The most frequent errors: %zu of %zu pairs", shown, a->confusion_count);
    html_table_begin(t, caption, headings, sizeof headings / sizeof headings[0]);
    for (size_t i = 0; i < shown; i++) {
        char count[CELL], share[CELL];
        const metrics_pair *pair = &a->confusions[i];
        const char *const cells[] = {class_name(r, pair->label), class_name(r, pair->predicted), count, share};
        (void)snprintf(count, CELL, "%zu", pair->count);
        percentage(share, (double)pair->count / (double)a->figures.of_class[pair->label].support);
        html_row(t, cells, sizeof cells / sizeof cells[0]);
    }
    html_table_end(t);
}

/* A class and its recall, to put them into order. */
typedef struct ranked {
    size_t number;
    double recall;
} ranked;

static int by_recall(const void *a, const void *b)
{
    const ranked *x = a;
    const ranked *y = b;
    if (isnan(x->recall) || isnan(y->recall)) {
        return isnan(x->recall) - isnan(y->recall);
    }
    return x->recall != y->recall ? (x->recall > y->recall) - (x->recall < y->recall)
                                  : (x->number > y->number) - (x->number < y->number);
}

static void add_class(text_builder *t, const report_run *r, size_t number)
{
    char support[CELL], recall[CELL], precision[CELL], f1[CELL];
    const metrics_class *k = &r->eval.answers.figures.of_class[number];
    const char *const cells[] = {class_name(r, number), support, recall, precision, f1};
    (void)snprintf(support, CELL, "%zu", k->support);
    percentage(recall, k->recall);
    percentage(precision, k->precision);
    percentage(f1, k->f1);
    html_row(t, cells, sizeof cells / sizeof cells[0]);
}

static void add_classes(text_builder *t, const report_run *r)
{
    static const char *const headings[] = {"class", "pictures", "of these found (recall)",
                                           "of those predicted, right (precision)", "F1"};
    const size_t n = r->eval.answers.figures.classes;
    const size_t shown = n < LISTED ? n : LISTED;
    char caption[TEXT];
    ranked *all = calloc(n + 1, sizeof *all);
    if (all == NULL) {
        t->failed = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        all[i] = (ranked){i, r->eval.answers.figures.of_class[i].recall};
    }
    qsort(all, n, sizeof *all, by_recall);
    if (shown < n) {
        (void)snprintf(caption, sizeof caption, "The worst %zu of %zu classes", shown, n);
    } else {
        (void)snprintf(caption, sizeof caption, "The classes, the worst first");
    }
    html_details_begin(t, caption);
    html_table_begin(t, caption, headings, sizeof headings / sizeof headings[0]);
    for (size_t i = 0; i < shown; i++) {
        add_class(t, r, all[i].number);
    }
    html_table_end(t);
    html_details_end(t);
    free(all);
}

static void add_picture(text_builder *t, const report_run *r, const report_picture *w)
{
    char labelled[TEXT], told[TEXT], loss[CELL], alt[2 * TEXT + 32];
    const metrics_sample *s = &w->told;
    const char *const lines[] = {labelled, told, loss, w->name};
    const char *name = class_name(r, s->label);
    (void)snprintf(labelled, sizeof labelled, "Labelled %.200s", name);
    if (s->label == s->predicted) {
        (void)snprintf(told, sizeof told, "classified correctly, at %.1f\u00a0%%", 100 * s->probability);
    } else {
        (void)snprintf(told, sizeof told, "predicted as %.200s at %.1f\u00a0%%, as %.200s at %.2g\u00a0%%",
                       class_name(r, s->predicted), 100 * s->probability, name, 100 * exp(-s->loss));
    }
    (void)snprintf(loss, sizeof loss, "loss %.3f", s->loss);
    (void)snprintf(alt, sizeof alt, "A validation picture. %s, %s.", labelled, told);
    html_picture_add(t, &(html_picture){.type = w->copy.kind == IMAGE_PNG ? "image/png" : "image/jpeg",
                                        .bytes = w->copy.bytes,
                                        .size = w->copy.size,
                                        .width = w->copy.width,
                                        .height = w->copy.height,
                                        .alt = alt,
                                        .lines = lines,
                                        .line_count = sizeof lines / sizeof lines[0]});
}

static void add_worst(text_builder *t, const report_run *r)
{
    if (r->eval.worst_count == 0 || all_alike(r)) {
        return;
    }
    html_subheading(t, "The pictures with the largest loss");
    html_note(t,
              "Where the network gives the label the least probability. The label may be wrong, the picture hard, or "
              "the statistics that it is answered by behind the weights.");
    html_pictures_begin(t);
    for (size_t i = 0; i < r->eval.worst_count; i++) {
        add_picture(t, r, &r->eval.worst[i]);
    }
    html_pictures_end(t);
}

void report_answers_add(page *p, const report_run *r)
{
    text_builder *t = &p->text;
    char text[REPORT_WHY + 64];
    const report_eval *e = &r->eval;
    if (!e->done && e->why_not[0] == '\0') {
        return;
    }
    html_subheading(t, "What the network answers");
    if (!e->done) {
        (void)snprintf(text, sizeof text, "It was not evaluated for this page: %s.", e->why_not);
        html_note(t, text);
        return;
    }
    add_statistics(t, r);
    add_which(t, r);
    if (e->answers.figures.classes <= MATRIX_MOST) {
        add_matrix(p, r);
    } else {
        add_confusions(t, r);
    }
    add_classes(t, r);
    add_worst(t, r);
}
