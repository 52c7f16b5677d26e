#ifndef LOCKSTEP_TRAIN_PREDICT_H
#define LOCKSTEP_TRAIN_PREDICT_H

#include <stddef.h>

#include "base/pool.h"
#include "base/real.h"
#include "data/image.h"
#include "data/options.h"
#include "network/options.h"
#include "nn/batch_norm.h"
#include "optim/options.h"

/* A checkpoint's network on pictures. One process, no data set. */
typedef struct predictor predictor;

typedef struct predict_options {
    data_options input; /* but for its data set and orientation */
    network_options network;
    batch_norm_options norm;
    size_t classes;
    size_t batch; /* pictures at once at most; 0: 1 */
    int threads;
    const optimizer_options *averages; /* by which the averages of the weights are kept, to use them; else NULL */
    const real *moving; /* statistics to normalize by, laid out as the moving ones; NULL: the checkpoint's. Copied */
} predict_options;

/* Read the checkpoint, plan the network. Returns 0 or a negative code; *out: predictor_free. */
int predictor_create(predictor **out, const char *checkpoint, const predict_options *options);
void predictor_free(predictor *p);

/* Its threads, for work on pictures beside the network's; not owned. */
pool *predictor_threads(const predictor *p);

/* How pictures become its input, which says what augment_wish_of has them decoded for. */
const data_options *predictor_input(const predictor *p);

/*
 * Fit a decoded picture to the input, as number `at` of the pictures to come; by one of the threads. Threads may put
 * different pictures at the same time. Returns 0 or LS_ENOMEM.
 */
int predict_put(predictor *p, size_t at, const image *picture, int thread);

/* Run the network on the first `count` of them. probabilities: [count][classes], each with the sum 1. Returns 0 or a
 * negative code. What a picture gets does not depend on the others. */
int predict_run(predictor *p, size_t count, double *probabilities);

/* Softmax of n logits in double, safe for large ones. */
void predict_softmax(double *out, const double *logits, size_t n);

/* Put the numbers of the `top` largest of n probabilities into order, the largest first; of equals the lower number. */
void predict_rank(size_t *order, size_t top, const double *probabilities, size_t n);

#endif
