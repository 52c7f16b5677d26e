#ifndef LOCKSTEP_MODEL_COST_H
#define LOCKSTEP_MODEL_COST_H

#include "model/model.h"

/* What each layer has to compute and to move, from shapes alone: the measure that its time is held against. */
typedef enum cost_kind {
    COST_STEM,
    COST_POINTWISE,
    COST_DEPTHWISE,
    COST_SHORTCUT,
    COST_POOL,
    COST_DENSE,
    COST_KINDS
} cost_kind;

typedef enum cost_direction { COST_FORWARD, COST_BACKWARD, COST_DIRECTIONS } cost_direction;

/*
 * flops: a multiplication and an addition are two; those of convolutions and the dense layer, of real channels;
 * backward is data and weight gradient together. bytes: what a kernel must read and write of tensors with a sample
 * dimension, once each. shard_bytes: its weights and their gradient, which every call reads or writes.
 */
typedef struct cost_work {
    double flops;       /* an image */
    double bytes;       /* an image */
    double shard_bytes; /* a shard */
} cost_work;

typedef struct model_cost {
    char name[GRAPH_BLOCK_SIZE]; /* "block3.depthwise" */
    cost_kind kind;
    size_t cin, cout;                /* channels */
    size_t height, width;            /* of the output map */
    size_t stride;                   /* 1 or 2 */
    cost_work work[COST_DIRECTIONS]; /* all zero where there is no such pass of its own */
} model_cost;

/* *out: [*count], in the network's order, a layer for each row of a model_profile; for free(). 0 or a negative code. */
int model_costs(model_cost **out, size_t *count, const model_options *options);

/* "pointwise", "forward". */
const char *cost_kind_name(cost_kind kind);
const char *cost_direction_name(cost_direction direction);

#endif
