#ifndef LOCKSTEP_TRAIN_CLASS_WEIGHTS_H
#define LOCKSTEP_TRAIN_CLASS_WEIGHTS_H

#include "data/dataset.h"

/*
 * What loss.class_weights means for a data set: NULL for "none" or NULL; for "balanced" the mean number of training
 * pictures of a class over its own (scikit-learn's `balanced`; 0 for a class without); else a number for each class,
 * with commas between. *out: [classes], for free(). LS_EUSAGE, LS_ENOMEM.
 */
int class_weights_of(double **out, const char *asked, const dataset *data);

#endif
