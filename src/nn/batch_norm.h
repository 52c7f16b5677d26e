#ifndef LOCKSTEP_NN_BATCH_NORM_H
#define LOCKSTEP_NN_BATCH_NORM_H

#include <stddef.h>

/* Over which samples a batch's moments are. */
typedef enum batch_norm_mode {
    BATCH_NORM_SYNC,  /* the global batch */
    BATCH_NORM_LOCAL, /* each rank's part of it */
} batch_norm_mode;

/* By which statistics a validation normalizes. */
typedef enum batch_norm_evaluate {
    BATCH_NORM_MOVING,
    BATCH_NORM_PRECISE, /* re-estimated over training batches */
} batch_norm_evaluate;

/* What the moving variance averages. */
typedef enum batch_norm_variance {
    BATCH_NORM_BIASED,
    BATCH_NORM_UNBIASED, /* times n/(n-1) */
} batch_norm_variance;

/* Section `batch_norm` of a configuration. Layers take the last three; the training step and validation the others. */
typedef struct batch_norm_options {
    batch_norm_mode mode;
    batch_norm_evaluate evaluate;
    size_t precise_batches; /* for BATCH_NORM_PRECISE; 0: all of an epoch */
    batch_norm_variance moving_variance;
    double momentum; /* of the moving statistics */
    double epsilon;  /* in the square root */
} batch_norm_options;

#endif
