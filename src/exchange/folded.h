#ifndef LOCKSTEP_EXCHANGE_FOLDED_H
#define LOCKSTEP_EXCHANGE_FOLDED_H

#include <stddef.h>

#include "exchange/model.h"
#include "network/graph.h"

/*
 * A network as programs that only infer compute it: BatchNorm is folded into the convolution before it, zero padding
 * and activations belong to the layer that they stand beside. Numbers are float64, and finite as float32.
 */
typedef enum folded_clamp { FOLDED_LINEAR, FOLDED_RELU, FOLDED_RELU6 } folded_clamp;

typedef struct folded_layer {
    graph_op op;        /* as the graph has them, but for GRAPH_ZERO_PADDING and GRAPH_RELU6 */
    size_t inputs[2];   /* layers before it */
    size_t first, node; /* of the graph: the first and the last that it stands for; it has the output of the last */
    size_t side, stride;
    int same; /* pads as "same" does: as little as the output needs, the smaller half above and on the left */
    size_t above, below, left, right; /* else rows and columns of zeros around the input */
    folded_clamp clamp;
    graph_shape shape;      /* of its output */
    size_t window, filters; /* products in a sum; channels. 0: it has no weights */
    double *kernel;         /* [window][filters], as Keras: (rows, columns, in, out), (rows, columns, channels); of
                               a BatchNorm that is kept: gamma, beta, mean, variance */
    double *bias;           /* [filters]; zeros where the network has none: */
    int has_bias;
} folded_layer;

typedef struct folded {
    graph net;            /* owned */
    folded_layer *layers; /* owned; [count]; the last is the network's output */
    size_t count;
} folded;

/*
 * keep_norms: each BatchNorm stays a layer. Returns 0; LS_ENOMEM; LS_EUSAGE where a network cannot be of this size, or
 * this has no form for a node of it in its place; LS_ENUMERIC where a weight is not finite; LS_ERROR where the weights
 * are another network's. *out is the caller's to release, on failure too.
 */
int folded_create(folded *out, const exchange_model *m, int keep_norms);

/* The epsilon of its BatchNorms, for weights as they are kept. */
double folded_epsilon(const exchange_model *m);

void folded_release(folded *f);

#endif
