#ifndef LOCKSTEP_TRAIN_EVALUATE_H
#define LOCKSTEP_TRAIN_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "train/records.h"
#include "train/session.h"

/* Means over the samples of a split. */
typedef struct evaluation {
    double loss; /* cross_entropy + penalty */
    double cross_entropy;
    double accuracy;
    double top5, macro_recall, calibration_error; /* as in train/metrics.h */
    size_t samples;                               /* 0: the split is empty, and the means are NaN */
} evaluation;

/* Of no samples. */
evaluation evaluation_of_none(void);

/* The first samples of a split as the network saw them; only with one rank. The caller owns both vectors. */
typedef struct evaluate_dump {
    float *images; /* [capacity][height][width][3] */
    float *logits; /* [capacity][classes] */
    size_t capacity;
    size_t count; /* filled so far */
} evaluate_dump;

/* How a rank is asked, batch by batch, whether to break off. All ranks break off together. */
typedef struct evaluate_breaks {
    unsigned (*requests)(void *context); /* this rank's, as step_agreement has them */
    void *context;
    bool stopped; /* broken off, by STEP_REQUEST_STOP of any rank: what was asked for is not there */
} evaluate_breaks;

/* What else is wanted of an evaluation; each may be NULL. */
typedef struct evaluate_extras {
    evaluate_dump *dump; /* what to fill */
    records *samples;    /* gets rank 0's records of all samples; elsewhere none. records_release in any case */
} evaluate_extras;

/*
 * Every sample of session->val exactly once, at this state. extras: NULL, or what else is wanted. breaks: NULL, or what
 * may break it off; what was asked for is then not there. Collective; a failure is returned by all ranks.
 */
int evaluate_split(session *s, const state *at, const evaluate_extras *extras, evaluate_breaks *breaks,
                   evaluation *out);

/*
 * Population statistics at the current weights, laid out as the moving ones: over the first `batches` training batches
 * (0: all) of an epoch, at the size of validation, weighted by samples; variances are E[variance + mean^2] - mean^2.
 * Those of frozen layers are the moving ones; where all are, no picture is read.
 * Needs a session that trains or estimates, whose train loader is between epochs. breaks: as for evaluate_split.
 * Collective; a failure is returned by all ranks.
 */
int evaluate_population(session *s, uint64_t epoch, size_t batches, evaluate_breaks *breaks, real *out);

#endif
