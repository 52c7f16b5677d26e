#include "train/metrics.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Classes before the true one. What cannot be compared, NaN, is before it, so that no figure improves by it. */
static uint32_t rank_of(const real *logits, size_t classes, size_t label)
{
    uint32_t before = 0;
    for (size_t c = 0; c < classes; c++) {
        const bool after = c < label ? logits[c] < logits[label] : logits[c] <= logits[label];
        before += c != label && !after;
    }
    return before;
}

/* Loss and prediction are computed as the loss in training is (nn/dense.c). */
metrics_sample metrics_sample_of(const real *logits, size_t classes, uint32_t label, uint32_t position)
{
    size_t best = 0;
    double sum = 0;
    for (size_t c = 1; c < classes; c++) {
        best = logits[c] > logits[best] ? c : best;
    }
    const double top = (double)logits[best];
    for (size_t c = 0; c < classes; c++) {
        sum += exp((double)logits[c] - top);
    }
    return (metrics_sample){
        .loss = log(sum) + top - (double)logits[label],
        .probability = 1 / sum,
        .position = position,
        .label = label,
        .predicted = (uint32_t)best,
        .rank = rank_of(logits, classes, label),
    };
}

/* NaN for 0/0. */
static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

static void add_to_bin(metrics *m, const metrics_sample *s)
{
    const double place = ceil(s->probability * METRICS_BINS) - 1;
    const size_t i = place > 0 ? (size_t)fmin(place, METRICS_BINS - 1) : 0; /* NaN: the first, whose sum it is then */
    m->bins[i].samples++;
    m->bins[i].right += s->predicted == s->label;
    m->bins[i].probability += s->probability;
}

static double calibration_error(const metrics *m)
{
    double sum = 0;
    for (size_t i = 0; i < METRICS_BINS; i++) {
        sum += fabs((double)m->bins[i].right - m->bins[i].probability);
    }
    return ratio(sum, (double)m->samples);
}

static void finish_classes(metrics *m)
{
    double precision = 0;
    double recall = 0;
    double f1 = 0;
    for (size_t c = 0; c < m->classes; c++) {
        metrics_class *k = &m->of_class[c];
        k->precision = ratio((double)k->right, (double)k->predicted);
        k->recall = ratio((double)k->right, (double)k->support);
        k->f1 = ratio(2 * (double)k->right, (double)(k->support + k->predicted));
        if (k->support > 0) {
            m->present++;
            precision += k->predicted > 0 ? k->precision : 0;
            recall += k->recall;
            f1 += k->f1;
        }
    }
    m->macro_precision = ratio(precision, (double)m->present);
    m->macro_recall = ratio(recall, (double)m->present);
    m->macro_f1 = ratio(f1, (double)m->present);
}

int metrics_compute(metrics *out, const metrics_sample *samples, size_t count, size_t classes)
{
    size_t right = 0;
    size_t top = 0;
    *out = (metrics){.samples = count, .classes = classes};
    out->of_class = calloc(classes + 1, sizeof *out->of_class);
    if (out->of_class == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the figures of %zu classes", classes);
    }
    for (size_t i = 0; i < count; i++) {
        const metrics_sample *s = &samples[i];
        const bool is_right = s->predicted == s->label;
        out->of_class[s->label].support++;
        out->of_class[s->predicted].predicted++;
        out->of_class[s->label].right += is_right;
        right += is_right;
        top += s->rank < METRICS_TOP;
        add_to_bin(out, s);
    }
    out->accuracy = ratio((double)right, (double)count);
    out->top5 = classes > METRICS_TOP ? ratio((double)top, (double)count) : NAN;
    out->calibration_error = calibration_error(out);
    finish_classes(out);
    return LS_OK;
}

void metrics_release(metrics *m)
{
    free(m->of_class);
    m->of_class = NULL;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *a, const void *b)
{
    const metrics_pair *x = a;
    const metrics_pair *y = b;
    return x->label != y->label ? compare_numbers(x->label, y->label) : compare_numbers(x->predicted, y->predicted);
}

static int by_count(const void *a, const void *b)
{
    const metrics_pair *x = a;
    const metrics_pair *y = b;
    return x->count != y->count ? compare_numbers(y->count, x->count) : by_place(a, b);
}

int metrics_pairs(metrics_pair **out, size_t *pairs, const metrics_sample *samples, size_t count)
{
    size_t n = 0;
    *pairs = 0;
    *out = calloc(count + 1, sizeof **out);
    if (*out == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the confusions of %zu samples", count);
    }
    metrics_pair *p = *out;
    for (size_t i = 0; i < count; i++) {
        p[i] = (metrics_pair){samples[i].label, samples[i].predicted, 1};
    }
    qsort(p, count, sizeof *p, by_place);
    for (size_t i = 0; i < count; i++) {
        if (n > 0 && by_place(&p[n - 1], &p[i]) == 0) {
            p[n - 1].count++;
        } else {
            p[n++] = p[i];
        }
    }
    *pairs = n;
    return LS_OK;
}

size_t metrics_confusions(metrics_pair *pairs, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].label != pairs[i].predicted) {
            pairs[n++] = pairs[i];
        }
    }
    qsort(pairs, n, sizeof *pairs, by_count);
    return n;
}

static int by_loss(const void *a, const void *b)
{
    const metrics_sample *x = a;
    const metrics_sample *y = b;
    return x->loss > y->loss ? -1 : x->loss < y->loss ? 1 : compare_numbers(x->position, y->position);
}

int metrics_worst(metrics_sample **out, size_t *found, const metrics_sample *samples, size_t count, size_t wanted)
{
    *found = 0;
    *out = calloc(count + 1, sizeof **out);
    if (*out == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the largest of %zu losses", count);
    }
    if (count > 0) {
        memcpy(*out, samples, count * sizeof *samples);
        qsort(*out, count, sizeof **out, by_loss);
    }
    *found = wanted < count ? wanted : count;
    return LS_OK;
}
