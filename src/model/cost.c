#include "model/cost.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/private.h"

const char *cost_kind_name(cost_kind kind)
{
    static const char *const names[COST_KINDS] = {"stem", "pointwise", "depthwise", "shortcut", "pool", "dense"};
    return names[kind];
}

const char *cost_direction_name(cost_direction direction)
{
    return direction == COST_FORWARD ? "forward" : "backward";
}

static double area(size_t height, size_t width, size_t channels)
{
    return (double)height * (double)width * (double)channels;
}

/* Bytes of an element between layers. */
static double stored(const model *m)
{
    return (double)kernel_stored_size(model_storage(&m->options));
}

/* Bytes of an element of a unit's input: images are `real`. */
static double stored_input(const model *m, const unit *u)
{
    return u->kind == UNIT_STEM ? (double)sizeof(real) : stored(m);
}

/* Elements of one sample of a unit's output. */
static double output_size(const unit *u)
{
    return area(u->out_height, u->out_width, u->cout);
}

static double input_size(const unit *u)
{
    return area(u->height, u->width, u->cin);
}

/* Elements of a layer's kernel. */
static double weights_of(const model *m, const model_layer *layer)
{
    return (double)m->table.tensors[m->net.nodes[layer->conv].variable].size;
}

/* The epilogue of a gradient reads the raw tensor for the mask and for BatchNorm's sums (unit_epilogue). */
static int epilogue_reads(const unit *u)
{
    return u->batch_norm || u->activation;
}

/* below: the layer before, NULL for the first. */
static double backward_bytes(const model *m, const unit *u, const model_layer *below)
{
    const double in = input_size(u);
    double elements = output_size(u) * (u->batch_norm ? 2 : 1); /* dy, z */
    if (below != NULL) {
        const int summed = below->add != MODEL_NONE; /* then below's z is another tensor than the input */
        elements += in;                              /* dx */
        elements += summed && epilogue_reads(&below->u) ? in : 0;
        elements += below->add_to != MODEL_NONE ? in : 0; /* added to dx */
    }
    return elements * stored(m) + in * stored_input(m, u); /* the latter for the weight gradient */
}

/* An entry that is called as the block of a node, with the shape of its output. */
static void begin(model_cost *out, cost_kind kind, const graph_node *n)
{
    *out = (model_cost){.kind = kind, .cin = n->shape.channels, .stride = 1};
    memcpy(out->name, n->block, sizeof out->name);
    out->cout = n->shape.channels;
    out->height = n->shape.height;
    out->width = n->shape.width;
}

static void unit_cost(model_cost *c, const model *m, size_t i)
{
    static const cost_kind kinds[] = {
        [UNIT_STEM] = COST_STEM, [UNIT_POINTWISE] = COST_POINTWISE, [UNIT_DEPTHWISE] = COST_DEPTHWISE};
    const model_layer *layer = &m->layers[i];
    const unit *u = &layer->u;
    const model_layer *below = i > 0 ? layer - 1 : NULL;
    begin(c, kinds[u->kind], &m->net.nodes[layer->conv]);
    c->cin = u->cin;
    c->stride = u->stride;
    const double weights = weights_of(m, layer);
    /* Every weight meets every pixel of the output map once; a depthwise one only those of its own channel. */
    const double flops = 2 * weights * (double)(u->out_height * u->out_width);
    const int passes = below != NULL ? 2 : 1; /* nobody asks for the images' gradient */
    c->work[COST_FORWARD] = (cost_work){
        .flops = flops,
        .bytes = input_size(u) * stored_input(m, u) + output_size(u) * stored(m),
        .shard_bytes = weights * sizeof(real),
    };
    c->work[COST_BACKWARD] = (cost_work){
        .flops = passes * flops,
        .bytes = backward_bytes(m, u, below),
        .shard_bytes = passes * weights * sizeof(real),
    };
}

/* Reads the layer's z and an earlier output, writes the sum; the gradient's addition is part of another kernel. */
static void add_cost(model_cost *c, const model *m, const model_layer *layer)
{
    begin(c, COST_SHORTCUT, &m->net.nodes[layer->end]);
    c->work[COST_FORWARD].bytes = 3 * output_size(&layer->u) * stored(m);
}

static void dense_cost(model_cost *c, const dense *d, const graph_node *n)
{
    const double features = (double)d->features;
    const double weights = features * (double)d->classes;
    const double ends = features + (double)d->classes;
    begin(c, COST_DENSE, n);
    c->cin = d->features;
    c->work[COST_FORWARD] = (cost_work){2 * weights, ends * sizeof(real), weights * sizeof(real)};
    c->work[COST_BACKWARD] = (cost_work){4 * weights, (ends + features) * sizeof(real), 2 * weights * sizeof(real)};
}

/* The mean and the dense layers, whose tensors are `real`: the last nodes. */
static void head_costs(model_cost *c, const model *m)
{
    const unit *u = &m->layers[m->layer_count - 1].u;
    const double features = (double)m->dense[0].features;
    const graph_node *mean = &m->net.nodes[m->net.count - m->dense_count - 1];
    begin(c, COST_POOL, mean);
    c->work[COST_FORWARD].bytes = output_size(u) * stored(m) + features * sizeof(real);
    c->work[COST_BACKWARD].bytes = output_size(u) * (1 + epilogue_reads(u)) * stored(m) + features * sizeof(real);
    for (size_t i = 0; i < m->dense_count; i++) {
        dense_cost(c + 1 + i, &m->dense[i], mean + 1 + i);
    }
}

int model_costs(model_cost **out, size_t *count, const model_options *options)
{
    model m = {.options = *options};
    *out = NULL;
    int code = model_lay_out(&m);
    if (code == LS_OK) {
        *out = calloc(m.rows, sizeof **out);
        code = *out == NULL ? error_set(LS_ENOMEM, "out of memory for the costs of layers") : LS_OK;
    }
    for (size_t i = 0; code == LS_OK && i < m.layer_count; i++) {
        const model_layer *layer = &m.layers[i];
        unit_cost(*out + layer->row, &m, i);
        if (layer->add != MODEL_NONE) {
            add_cost(*out + layer->row + 1, &m, layer);
        }
    }
    if (code == LS_OK) {
        head_costs(*out + model_pool_row(&m), &m);
        *count = m.rows;
    }
    model_drop(&m);
    return code;
}
