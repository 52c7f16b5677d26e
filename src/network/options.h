#ifndef LOCKSTEP_NETWORK_OPTIONS_H
#define LOCKSTEP_NETWORK_OPTIONS_H

#include <stdbool.h>

typedef enum model_precision {
    PRECISION_FLOAT32, /* all is `real`, which is float64 in the build `double` */
    PRECISION_MIXED,   /* activations and gradients between layers are bf16, the rest `real`; not in `double` */
} model_precision;

/* Section `model` of a configuration: which network. */
typedef struct network_options {
    bool batch_norm; /* after each convolution */
    double alpha;    /* width: channels are times this, as the network rounds them; 0: 1 */
    model_precision precision;
    double dropout; /* probability that a feature is left out before the dense layer, in training */
} network_options;

#endif
