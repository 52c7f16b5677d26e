#ifndef LOCKSTEP_EXCHANGE_QUANTIZE_H
#define LOCKSTEP_EXCHANGE_QUANTIZE_H

#include <stddef.h>
#include <stdint.h>

#include "exchange/folded.h"

/*
 * From float64 to 8 bits, as TensorFlow Lite defines it: a number is scale * (q - zero), with q from -128 to 127 for
 * activations and from -127 to 127, zero 0, for weights. Scales are float32, and all is computed from their rounded
 * values. Pure.
 */
typedef struct quantization {
    double scale; /* a float's value */
    int zero;
} quantization;

/* Of activations from least to most; 0 is among them, and is exact. */
quantization quantize_range(double least, double most);

/* A layer's weights. */
typedef struct quantized {
    int8_t *kernel; /* owned; [window][filters] */
    int32_t *bias;  /* owned; [filters], of scale in.scale * scales[filter] */
    float *scales;  /* owned; [filters]: all alike if they share one */
} quantized;

typedef struct quantized_from {
    quantization in, out; /* of its input and its output */
    const double *means;  /* of the channels of its input: the bias makes up for what rounded weights add to the mean
                             of an output; NULL: it does not */
    int per_filter;       /* each filter has a scale of its own */
} quantized_from;

/* Returns 0 or LS_ENOMEM; *out is released with quantized_release, on failure too. */
int quantize_layer(quantized *out, const folded_layer *layer, const quantized_from *from);
void quantized_release(quantized *q);

#endif
