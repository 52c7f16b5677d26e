#ifndef LOCKSTEP_EXCHANGE_CALIBRATE_H
#define LOCKSTEP_EXCHANGE_CALIBRATE_H

#include <stddef.h>

#include "base/real.h"
#include "exchange/model.h"
#include "exchange/ranges.h"

/*
 * Ranges of a network's activations, from pictures: for weights and activations of 8 bits (exchange/tflite.h). The
 * pictures go through the network as `lockstep eval` computes it. The same pictures in the same order give the same
 * ranges, whatever the number of threads.
 */
typedef struct calibration calibration;

typedef enum calibration_rule {
    CALIBRATION_ALL,   /* from the least to the largest value */
    CALIBRATION_SHARE, /* this share of all values; the outermost are cut off */
    CALIBRATION_ERROR, /* where the squared error of all values, rounded or cut off, is the least; the best so far */
} calibration_rule;

typedef struct calibration_options {
    calibration_rule rule;
    double share; /* CALIBRATION_SHARE: as 0.9999 */
} calibration_options;

/* m and what it points to must outlive the calibration. Returns 0 or a negative code; *out: calibration_free. */
int calibration_create(calibration **out, const exchange_model *m, int threads);
void calibration_free(calibration *c);

/* n pictures more, [n][height][width][3] of the network's size, prepared as its input is. Returns 0 or a code. */
int calibration_add(calibration *c, const real *images, size_t n);

/*
 * What was seen so far. Returns 0; LS_ENOMEM; LS_EUSAGE where no picture was; LS_ENUMERIC where an activation was not
 * finite. *out is released with exchange_ranges_release after a success.
 */
int calibration_ranges(exchange_ranges *out, const calibration *c, const calibration_options *o);

#endif
