#ifndef LOCKSTEP_TRAIN_METRICS_H
#define LOCKSTEP_TRAIN_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"

/*
 * From what a network answered for each sample to figures of how well it does; docs/metrics.md has the definitions.
 * Pure: the same samples in the same order give the same bits. Nothing is collective.
 */
enum { METRICS_BINS = 15, METRICS_TOP = 5 };

/* What is kept of one sample. No padding: ranks exchange it. */
typedef struct metrics_sample {
    double loss;        /* cross-entropy */
    double probability; /* of the predicted class, which is the largest */
    uint32_t position;  /* in the split's order */
    uint32_t label;
    uint32_t predicted; /* of equally likely classes that of the lowest number */
    uint32_t rank; /* classes that come before the true one, by probability, then by number; 0: rightly predicted */
} metrics_sample;

/* logits: [classes], of the sample at this position of the split, whose class is label. */
metrics_sample metrics_sample_of(const real *logits, size_t classes, uint32_t label, uint32_t position);

/* NaN where it would be 0/0. */
typedef struct metrics_class {
    size_t support;   /* samples of the class */
    size_t predicted; /* samples that were taken for it */
    size_t right;     /* both */
    double precision, recall, f1;
} metrics_class;

/* The samples whose probability is in (i, i + 1] / METRICS_BINS, for number i. */
typedef struct metrics_bin {
    size_t samples, right;
    double probability; /* their sum */
} metrics_bin;

/* Of no samples, all means are NaN. */
typedef struct metrics {
    size_t samples, classes;
    size_t present; /* classes with samples: macro averages are over those; where precision is NaN it counts as 0 */
    double accuracy;
    double top5; /* NaN with METRICS_TOP classes or fewer */
    double macro_precision, macro_recall, macro_f1;
    double calibration_error; /* NaN also where a probability is */
    metrics_bin bins[METRICS_BINS];
    metrics_class *of_class; /* owned; [classes] */
} metrics;

/* Labels and predictions are below `classes`. Returns 0 or LS_ENOMEM; metrics_release in any case. */
int metrics_compute(metrics *out, const metrics_sample *samples, size_t count, size_t classes);
void metrics_release(metrics *m);

/* How many samples of one class were taken for another, or rightly for their own. */
typedef struct metrics_pair {
    uint32_t label, predicted;
    size_t count;
} metrics_pair;

/*
 * The confusion matrix, without its zeros, by label, then by prediction: *out [*pairs] for free(). Returns 0 or
 * LS_ENOMEM.
 */
int metrics_pairs(metrics_pair **out, size_t *pairs, const metrics_sample *samples, size_t count);

/* In place: leave those out whose prediction is right, put the most frequent first; returns how many are left. */
size_t metrics_confusions(metrics_pair *pairs, size_t count);

/*
 * The samples with the largest loss, that first, of equal ones the first in order; at most `wanted`: *out [*found] for
 * free(). Returns 0 or LS_ENOMEM.
 */
int metrics_worst(metrics_sample **out, size_t *found, const metrics_sample *samples, size_t count, size_t wanted);

#endif
