#ifndef LOCKSTEP_MODEL_PRIVATE_H
#define LOCKSTEP_MODEL_PRIVATE_H

#include "base/arena.h"
#include "model/plan.h"
#include "nn/dense.h"
#include "nn/unit.h"

enum { MODEL_UNITS = PROFILE_UNITS, MODEL_BLOCKS = PROFILE_BLOCKS };

/* Units first..first + count - 1; the last one's output, plus the block's input with a shortcut, is the block's. */
typedef struct model_block {
    size_t first, count;
    int shortcut;
    void *out; /* with a shortcut: [shards][...], stored */
    size_t stride;
} model_block;

struct model {
    model_options options;
    tensor_table table;     /* owned */
    arena memory;           /* owned; all pointers below lie in it */
    model_profile *profile; /* not owned; NULL: no times are taken */
    unit units[MODEL_UNITS];
    size_t unit_count;
    model_block blocks[MODEL_BLOCKS];
    size_t block_count;
    size_t map_height, map_width; /* while building, then of the last map */
    dense head;
    nn_run run;
    real *pooled, *dpooled; /* [shards][160][samples][8] */
    size_t pooled_stride;
    void *inner[2]; /* stored: gradients inside a block, taking turns */
    size_t inner_stride;
    void *outer[2]; /* stored: gradients of block outputs, taking turns */
    size_t outer_stride;
};

/* How tensors between layers are stored. */
kernel_storage model_storage(const model_options *o);
/* Units and blocks with their shapes, from m->options alone; nothing is allocated or bound. */
void model_lay_out(model *m);
/* Once laid out: all of the model's memory from the arena, for this many threads; *out says what for. */
void model_take_memory(model *m, arena *a, int threads, model_memory_plan *out);

#endif
