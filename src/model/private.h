#ifndef LOCKSTEP_MODEL_PRIVATE_H
#define LOCKSTEP_MODEL_PRIVATE_H

#include "base/arena.h"
#include "model/plan.h"
#include "nn/dense.h"
#include "nn/dropout.h"
#include "nn/unit.h"

enum { MODEL_NONE = -1, MODEL_MOST_DENSE = 2, MODEL_MOST_LAYERS = 512 };

/*
 * Nodes of the graph that are computed together: a convolution, BatchNorm and ReLU6 if they follow, an addition if that
 * comes next. Each layer reads what the one before it leaves.
 */
typedef struct model_layer {
    unit u;
    size_t conv, end; /* nodes: its convolution, and its last, whose output is the layer's */
    ptrdiff_t add;    /* the layer whose output is added to this one's; MODEL_NONE */
    ptrdiff_t add_to; /* the layer that adds this one's output to its own; MODEL_NONE */
    size_t row;       /* in a model_profile; an addition has the next one */
    int slot;         /* of the gradient of its output */
    void *sum;        /* with an addition: [shards][...], stored, of u.z_stride */
} model_layer;

/*
 * Gradients of layers' outputs, which take turns in a few places: of outputs with ReLU6, within a block, and of the
 * others, between blocks, which are narrower and are kept while a shortcut waits for them.
 */
enum { MODEL_SLOTS = 4 };
typedef struct model_gradients {
    void *slots[MODEL_SLOTS]; /* stored: [shards][stride] */
    int count;
    size_t stride;
} model_gradients;

struct model {
    model_options options;
    graph net;                    /* owned */
    tensor_table table;           /* owned */
    model_layer *layers;          /* owned; [layer_count] */
    arena memory;                 /* owned; the pointers to tensors, here and in layers, lie in it */
    model_profile *profile;       /* not owned; NULL: no times are taken */
    const model_watcher *watcher; /* not owned; NULL: nobody watches */
    size_t layer_count;
    size_t rows;                   /* of a model_profile: the last are the mean's, and one for each dense layer */
    dense dense[MODEL_MOST_DENSE]; /* the last one's outputs are the network's */
    size_t dense_count;
    size_t first; /* the first layer that backward computes a gradient for; layer_count: none */
    nn_run run;
    real *pooled, *dpooled; /* [shards][features/8][samples][8] */
    size_t pooled_stride;
    dropout dropped;              /* of the last forward that trains: of what the last dense layer reads */
    model_gradients gradients[2]; /* [u.activation] */
};

/* How tensors between layers are stored. */
kernel_storage model_storage(const model_options *o);

/*
 * Graph, table and layers with their shapes, from m->options alone; nothing is taken from the arena. Returns 0 or a
 * negative code; released with model_drop, on failure too.
 */
int model_lay_out(model *m);
void model_drop(model *m);
/* The layers of m->net: LS_EUSAGE where this program has no way to compute a node in its place. */
int model_lower(model *m);

/* Once laid out: all of the model's memory from the arena, for this many threads; *out says what for. */
void model_take_memory(model *m, arena *a, int threads, model_memory_plan *out);

/* What the last convolution leaves, through the mean and the dense layers, to logits; and back to its gradient. */
void model_head_forward(model *m, const state *s, const batch *b, model_mode mode);
void model_head_backward(model *m, real *grads);

/* Show node `node` to whoever watches. */
void model_show(const model *m, size_t node, size_t pixels, const nn_source *output);

/* What the layer after this one reads. */
nn_source model_layer_output(const model_layer *layer);
/* Where the gradient of its output is, and the stride there. */
void *model_layer_gradient(const model *m, const model_layer *layer, size_t *stride);

/* The last dense layer. */
static inline dense *model_classifier(model *m)
{
    return &m->dense[m->dense_count - 1];
}

/* Rows of a profile. */
static inline size_t model_pool_row(const model *m)
{
    return m->rows - m->dense_count - 1;
}

/* Whether backward reads what this layer's forward wrote, so that it has to stay. */
static inline int model_layer_stays(const model *m, size_t i)
{
    return m->options.training && m->first < m->layer_count && i + 1 >= m->first;
}

#endif
