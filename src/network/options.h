#ifndef LOCKSTEP_NETWORK_OPTIONS_H
#define LOCKSTEP_NETWORK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum model_precision {
    PRECISION_FLOAT32, /* all is `real`, which is float64 in the build `double` */
    PRECISION_MIXED,   /* activations and gradients between layers are bf16, the rest `real`; not in `double` */
} model_precision;

/* Where zeros are put around the input of a convolution that halves it; of an even size, the first two are the same. */
typedef enum model_padding {
    PADDING_ARTICLE,   /* below and on the right; the first convolution as Keras' "same" */
    PADDING_KERAS,     /* as keras.applications.MobileNetV2: of an odd size on all sides */
    PADDING_SYMMETRIC, /* on all sides, as PyTorch */
} model_padding;

enum { NETWORK_MOST_DEPTH = 8, NETWORK_MOST_UNITS = 65536 };

/* Section `model` of a configuration: which network. */
typedef struct network_options {
    bool batch_norm; /* after each convolution */
    double alpha;    /* width: channels are times this, as the network rounds them; 0: 1 */
    double depth;    /* how often blocks are repeated is times this, rounded up; 0: 1 */
    bool fixed_ends; /* alpha and depth leave the first and the last convolution, the first and the last block alone */
    model_padding padding;
    size_t head_units; /* of a dense layer with ReLU before the last one; 0: there is none */
    model_precision precision;
    double dropout; /* probability that an input of the last layer is left out, in training */
} network_options;

/* What alpha and depth come to: 0 stands for 1. */
static inline double network_width(const network_options *o)
{
    return o->alpha == 0 ? 1 : o->alpha;
}

static inline double network_depth(const network_options *o)
{
    return o->depth == 0 ? 1 : o->depth;
}

#endif
