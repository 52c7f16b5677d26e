/* The report of an evaluation, for programs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/eval_report.h"

/* A name as it may be shown, for free(); NULL where memory ran out. */
static char *plain(const char *name)
{
    char *copy = strdup(name);
    if (copy != NULL) {
        text_make_plain(copy);
    }
    return copy;
}

static void json_name(json *j, const char *key, const char *name)
{
    char *copy = plain(name);
    json_text(j, key, copy != NULL ? copy : "");
    free(copy);
}

static void json_class_name(json *j, const char *key, const eval_report *r, size_t c)
{
    json_name(j, key, dataset_class_name(r->on.data, c));
}

static void json_summary(json *j, const eval_report *r)
{
    const eval_report_subject *on = &r->on;
    const metrics *m = &r->figures;
    json_text(j, "version", LOCKSTEP_VERSION);
    json_name(j, "checkpoint", on->checkpoint);
    json_number(j, "epoch", (double)on->epoch);
    json_number(j, "step", (double)on->step);
    json_name(j, "data", on->file);
    json_text(j, "split", dataset_split_name(on->split));
    json_number(j, "samples", (double)m->samples);
    json_number(j, "classes", (double)m->classes);
    json_number(j, "loss", on->figures.loss);
    json_number(j, "cross_entropy", on->figures.cross_entropy);
    json_number(j, "accuracy", on->figures.accuracy);
    json_number(j, "top5_accuracy", m->top5);
    json_number(j, "macro_precision", m->macro_precision);
    json_number(j, "macro_recall", m->macro_recall);
    json_number(j, "macro_f1", m->macro_f1);
    json_number(j, "classes_with_samples", (double)m->present);
    json_number(j, "calibration_error", m->calibration_error);
}

static void json_bins(json *j, const metrics *m)
{
    json_open(j, "calibration_bins", '[');
    for (size_t i = 0; i < METRICS_BINS; i++) {
        const metrics_bin *b = &m->bins[i];
        json_open(j, NULL, '{');
        json_number(j, "above", (double)i / METRICS_BINS);
        json_number(j, "to", (double)(i + 1) / METRICS_BINS);
        json_number(j, "samples", (double)b->samples);
        json_number(j, "right", (double)b->right);
        json_number(j, "probability", b->samples > 0 ? b->probability / (double)b->samples : NAN);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_classes(json *j, const eval_report *r)
{
    json_open(j, "per_class", '[');
    for (size_t c = 0; c < r->figures.classes; c++) {
        const metrics_class *k = &r->figures.of_class[c];
        json_open(j, NULL, '{');
        json_class_name(j, "name", r, c);
        json_number(j, "support", (double)k->support);
        json_number(j, "predicted", (double)k->predicted);
        json_number(j, "right", (double)k->right);
        json_number(j, "precision", k->precision);
        json_number(j, "recall", k->recall);
        json_number(j, "f1", k->f1);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_matrix(json *j, const eval_report *r)
{
    json_open(j, "confusion_matrix", '[');
    for (size_t c = 0; c < r->figures.classes; c++) {
        json_open(j, NULL, '[');
        for (size_t p = 0; p < r->figures.classes; p++) {
            json_number(j, NULL, (double)eval_report_confusion(r, c, p));
        }
        json_close(j, ']');
    }
    json_close(j, ']');
}

static void json_confusions(json *j, const eval_report *r)
{
    json_open(j, "confusions", '[');
    for (size_t i = 0; i < r->confusion_count; i++) {
        const metrics_pair *p = &r->confusions[i];
        json_open(j, NULL, '{');
        json_class_name(j, "true", r, p->label);
        json_class_name(j, "predicted", r, p->predicted);
        json_number(j, "samples", (double)p->count);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_worst(json *j, const eval_report *r)
{
    json_open(j, "worst", '[');
    for (size_t i = 0; i < r->worst_count; i++) {
        const metrics_sample *s = &r->worst[i];
        json_open(j, NULL, '{');
        json_name(j, "name", eval_report_picture(r, s));
        json_number(j, "loss", s->loss);
        json_class_name(j, "true", r, s->label);
        json_class_name(j, "predicted", r, s->predicted);
        json_number(j, "probability", s->probability);
        json_close(j, '}');
    }
    json_close(j, ']');
}

void eval_report_json(FILE *to, const eval_report *r)
{
    json j = {.to = to};
    json_open(&j, NULL, '{');
    json_summary(&j, r);
    json_bins(&j, &r->figures);
    json_classes(&j, r);
    if (r->figures.classes <= EVAL_JSON_CLASSES) {
        json_matrix(&j, r);
    }
    json_confusions(&j, r);
    if (r->worst_count > 0) {
        json_worst(&j, r);
    }
    json_close(&j, '}');
}

/* In quotes, each of its own doubled, where a reader would take it for several cells. */
static void csv_name(FILE *to, const char *name)
{
    char *copy = plain(name);
    const char *text = copy != NULL ? copy : "";
    const bool quoted = strpbrk(text, ",\"") != NULL;
    (void)fputs(quoted ? "\"" : "", to);
    for (; *text != '\0'; text++) {
        (void)fprintf(to, *text == '"' ? "%c\"" : "%c", *text);
    }
    (void)fputs(quoted ? "\"" : "", to);
    free(copy);
}

/* Nothing where it is a share of nothing. */
static void csv_share(FILE *to, double x)
{
    if (isnan(x)) {
        (void)fputc(',', to);
    } else {
        (void)fprintf(to, ",%.9g", x);
    }
}

void eval_report_csv(FILE *to, const eval_report *r)
{
    (void)fputs("class,support,predicted,right,precision,recall,f1\n", to);
    for (size_t c = 0; c < r->figures.classes; c++) {
        const metrics_class *k = &r->figures.of_class[c];
        csv_name(to, dataset_class_name(r->on.data, c));
        (void)fprintf(to, ",%zu,%zu,%zu", k->support, k->predicted, k->right);
        csv_share(to, k->precision);
        csv_share(to, k->recall);
        csv_share(to, k->f1);
        (void)fputc('\n', to);
    }
}
