#ifndef LOCKSTEP_MODEL_PLAN_H
#define LOCKSTEP_MODEL_PLAN_H

#include "model/model.h"

/* What a model takes from its arena, in bytes, by purpose. */
typedef struct model_memory_plan {
    size_t activations;      /* what convolutions write: of all layers in training, until backward has read it */
    size_t block_outputs;    /* sums of blocks with a shortcut */
    size_t head;             /* pooled features, logits, their gradients, the dense layer's packed weights */
    size_t inner_gradients;  /* on their way through a block, in places that take turns */
    size_t outer_gradients;  /* of blocks' outputs, in places that take turns */
    size_t weight_gradients; /* of one layer, a shard each */
    size_t packed;           /* convolutions' weights in the kernels' order */
    size_t batch_norm;       /* lenses, moments and gradient sums */
    size_t scratch;          /* a thread each */
    size_t total;            /* of the above */
} model_memory_plan;

/* What model_create would take for these options and this many threads, without taking it. 0 or a negative code, as
 * model_create. */
int model_plan(model_memory_plan *out, const model_options *options, int threads);

#endif
