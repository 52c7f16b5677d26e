#include "cli/eval_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"

enum { LISTED = 20 }; /* confusions that are printed in place of a matrix */

int eval_report_make(eval_report *out, const eval_report_subject *on, const records *samples, size_t worst)
{
    *out = (eval_report){.on = *on};
    int code = metrics_compute(&out->figures, samples->samples, samples->count, dataset_classes(on->data));
    if (code == LS_OK) {
        code = metrics_pairs(&out->pairs, &out->pair_count, samples->samples, samples->count);
    }
    if (code == LS_OK) {
        code = metrics_pairs(&out->confusions, &out->confusion_count, samples->samples, samples->count);
        out->confusion_count = metrics_confusions(out->confusions, out->confusion_count);
    }
    if (code == LS_OK && worst > 0) {
        code = metrics_worst(&out->worst, &out->worst_count, samples->samples, samples->count, worst);
    }
    return code;
}

void eval_report_release(eval_report *r)
{
    metrics_release(&r->figures);
    free(r->pairs);
    free(r->confusions);
    free(r->worst);
    *r = (eval_report){0};
}

static int by_place(const void *a, const void *b)
{
    const metrics_pair *x = a;
    const metrics_pair *y = b;
    return x->label != y->label ? (x->label > y->label) - (x->label < y->label)
                                : (x->predicted > y->predicted) - (x->predicted < y->predicted);
}

size_t eval_report_confusion(const eval_report *r, size_t label, size_t predicted)
{
    const metrics_pair key = {(uint32_t)label, (uint32_t)predicted, 0};
    const metrics_pair *found = bsearch(&key, r->pairs, r->pair_count, sizeof key, by_place);
    return found != NULL ? found->count : 0;
}

const char *eval_report_picture(const eval_report *r, const metrics_sample *s)
{
    size_t count = 0;
    const uint32_t *indices = dataset_indices(r->on.data, r->on.split, &count);
    return s->position < count ? dataset_name(r->on.data, indices[s->position]) : "";
}

static const char *class_name(const eval_report *r, size_t c)
{
    return dataset_class_name(r->on.data, c);
}

static void print_summary(const eval_report *r)
{
    const metrics *m = &r->figures;
    if (!isnan(m->top5)) {
        log_info("  top-5 accuracy     %.6f", m->top5);
    }
    log_info("  macro averages     precision %.6f recall %.6f f1 %.6f", m->macro_precision, m->macro_recall,
             m->macro_f1);
    if (m->present < m->classes) {
        log_info("                     over the %zu of %zu classes that have samples", m->present, m->classes);
    }
    log_info("  calibration error  %.6f", m->calibration_error);
}

/* A share, or a dash where it is of nothing. */
static void add_share(text_builder *line, double x)
{
    if (isnan(x)) {
        text_add(line, "  %9s", "-");
    } else {
        text_add(line, "  %9.4f", x);
    }
}

static void print_class(const eval_report *r, size_t c)
{
    const metrics_class *k = &r->figures.of_class[c];
    text_builder line = {0};
    text_add(&line, "  %5zu  %9zu  %9zu  %9zu", c, k->support, k->predicted, k->right);
    add_share(&line, k->precision);
    add_share(&line, k->recall);
    add_share(&line, k->f1);
    log_info("%s  %s", text_of(&line), class_name(r, c));
    text_release(&line);
}

static void print_classes(const eval_report *r)
{
    log_info("  class    samples  predicted      right  precision     recall         f1  name");
    for (size_t c = 0; c < r->figures.classes; c++) {
        print_class(r, c);
    }
}

/* Cells are as wide as the largest count. */
static int cell_width(const eval_report *r)
{
    size_t most = 0;
    for (size_t i = 0; i < r->pair_count; i++) {
        most = r->pairs[i].count > most ? r->pairs[i].count : most;
    }
    const int digits = snprintf(NULL, 0, "%zu", most);
    return digits > 2 ? digits : 2;
}

static void print_matrix(const eval_report *r)
{
    const int width = cell_width(r);
    text_builder line = {0};
    log_info("  confusions: a row for each true class, a column for each predicted one");
    text_add(&line, "       ");
    for (size_t p = 0; p < r->figures.classes; p++) {
        text_add(&line, "  %*zu", width, p);
    }
    log_info("%s", text_of(&line));
    text_release(&line);
    for (size_t c = 0; c < r->figures.classes; c++) {
        text_add(&line, "  %5zu", c);
        for (size_t p = 0; p < r->figures.classes; p++) {
            text_add(&line, "  %*zu", width, eval_report_confusion(r, c, p));
        }
        log_info("%s", text_of(&line));
        text_release(&line);
    }
}

static void print_confusions(const eval_report *r)
{
    const size_t shown = r->confusion_count < LISTED ? r->confusion_count : LISTED;
    log_info("  confusions: %zu of %zu, the most frequent first", shown, r->confusion_count);
    for (size_t i = 0; i < shown; i++) {
        const metrics_pair *p = &r->confusions[i];
        log_info("  %9zu  %s, taken for %s", p->count, class_name(r, p->label), class_name(r, p->predicted));
    }
}

static void print_worst(const eval_report *r)
{
    log_info("  largest losses: loss, probability of the prediction, picture");
    for (size_t i = 0; i < r->worst_count; i++) {
        const metrics_sample *s = &r->worst[i];
        const char *told = s->label == s->predicted ? "as predicted" : "taken for ";
        log_info("  %9.4f  %6.4f  %s: %s, %s%s", s->loss, s->probability, eval_report_picture(r, s),
                 class_name(r, s->label), told, s->label == s->predicted ? "" : class_name(r, s->predicted));
    }
}

void eval_report_print(const eval_report *r, bool with_classes)
{
    print_summary(r);
    if (with_classes) {
        print_classes(r);
        if (r->figures.classes <= EVAL_PRINTED_CLASSES) {
            print_matrix(r);
        } else {
            print_confusions(r);
        }
    }
    if (r->worst_count > 0) {
        print_worst(r);
    }
}
