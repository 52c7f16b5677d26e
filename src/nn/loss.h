#ifndef LOCKSTEP_NN_LOSS_H
#define LOCKSTEP_NN_LOSS_H

#include <stddef.h>

#include "base/real.h"

/* What a training loss is besides the cross-entropy of labels. All zero: nothing. */
typedef struct loss_options {
    double label_smoothing;      /* share of a target that all classes divide */
    const double *class_weights; /* [classes]: a sample's loss is times that of its class; NULL: 1. Not owned */
} loss_options;

/* What a sample is to be taken for. */
typedef struct loss_target {
    size_t label, other;
    double share; /* of label; other has the rest */
} loss_target;

/* Of one class of n; class c of sample n is at values[c / 8 * stride + c % 8], stride = 8 times the samples. */
typedef struct loss_values {
    const real *logits;
    real *gradient; /* NULL: none is wanted */
    size_t classes, stride;
} loss_values;

/*
 * Cross-entropy of one sample from its logits, in double: the sum of -t·log p, where the target t is share at label and
 * the rest at other, then (1 - smoothing)·t + smoothing/classes, as Keras and PyTorch have it; times the class weight.
 * gradient = (p - t)·weight·scale. *right: whether the largest logit is that of the class with the larger share.
 */
double loss_sample(const loss_values *v, const loss_options *o, const loss_target *t, double scale, int *right);

#endif
