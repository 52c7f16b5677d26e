#ifndef LOCKSTEP_EXCHANGE_MODEL_H
#define LOCKSTEP_EXCHANGE_MODEL_H

#include <stddef.h>

#include "network/network.h"
#include "tensor/state.h"

/*
 * A network with its weights, as files of other programs hold it. Nothing in it is owned.
 *
 * The graph follows from `spec` (network_build), and so does the table of the variables (graph_variables), in which
 * each node says where its own begin.
 */
typedef struct exchange_model {
    network_spec spec;
    double epsilon;               /* BatchNorm's, added to the variance */
    double momentum;              /* what its moving statistics keep of themselves at a step */
    double mean[3], deviation[3]; /* red, green, blue: the network's input is (pixel / 255 - mean) / deviation */
    const state *weights;         /* weights and moving statistics, over a table of the spec */
    const char *const *classes;   /* names: [spec.classes] */
    const char *program;          /* who wrote it: "lockstep 1.2" */
} exchange_model;

/* All three colours alike: the input is (pixel / 255 - shift) / scale. 0..1 is (1, 0), -1..1 is (0.5, 0.5). */
void exchange_set_pixels(exchange_model *m, double scale, double shift);

#endif
