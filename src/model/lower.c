/* From a network's graph to the layers that are computed: convolution, BatchNorm, ReLU6 and addition in one. */
#include <stdlib.h>

#include "base/error.h"
#include "model/private.h"

/* While nodes are taken in order. */
typedef struct lowering {
    model *m;
    size_t end; /* the node whose output the next one reads */
} lowering;

static const graph_node *node_of(const lowering *l, size_t at)
{
    return &l->m->net.nodes[at];
}

/* What node `at` reads; zero padding before it is its own. */
static size_t source_of(const lowering *l, size_t at)
{
    const graph_node *in = node_of(l, node_of(l, at)->inputs[0]);
    return in->op == GRAPH_ZERO_PADDING ? in->inputs[0] : node_of(l, at)->inputs[0];
}

/* Rows and columns of zeros before the input of convolution `at`, of stride 2. */
static void pad(const lowering *l, size_t at, unit *u)
{
    const graph_node *n = node_of(l, at);
    const graph_node *before = node_of(l, n->inputs[0]);
    const int padded = before->op == GRAPH_ZERO_PADDING;
    u->above = padded ? before->above : graph_same_zeros(n, u->height, u->out_height) / 2;
    u->left = padded ? before->left : graph_same_zeros(n, u->width, u->out_width) / 2;
}

/* Whether there are kernels for such a convolution after these nodes; which. */
static int kind_of(const lowering *l, size_t at, unit_kind *out)
{
    const graph_node *n = node_of(l, at);
    const graph_node *in = node_of(l, source_of(l, at));
    const int padded = source_of(l, at) != n->inputs[0];
    if (in->op == GRAPH_INPUT) {
        *out = UNIT_STEM;
        return n->op == GRAPH_CONV && n->side == 3 && n->stride == 2 &&
               n->padding == (padded ? GRAPH_VALID : GRAPH_SAME) && in->shape.channels == 3;
    }
    if (n->op == GRAPH_CONV) {
        *out = UNIT_POINTWISE;
        return n->side == 1 && n->stride == 1 && !padded;
    }
    *out = UNIT_DEPTHWISE;
    return n->side == 3 && ((n->stride == 1 && n->padding == GRAPH_SAME && !padded) ||
                            (n->stride == 2 && n->padding == GRAPH_VALID && padded));
}

static size_t offset_of(const model *m, const graph_node *n, size_t variable)
{
    return m->table.tensors[n->variable + variable].offset;
}

static int take_conv(lowering *l, size_t at)
{
    model *m = l->m;
    const graph_node *n = node_of(l, at);
    const graph_shape in = node_of(l, source_of(l, at))->shape;
    unit_kind kind = UNIT_STEM;
    if (!kind_of(l, at, &kind)) {
        return 0;
    }
    m->layers[m->layer_count++] = (model_layer){
        .u = {.kind = kind,
              .cin = in.channels,
              .cout = n->shape.channels,
              .height = in.height,
              .width = in.width,
              .out_height = n->shape.height,
              .out_width = n->shape.width,
              .stride = n->stride,
              .fixed = m->table.tensors[n->variable].frozen,
              .kernel = offset_of(m, n, 0)},
        .conv = at,
        .add = MODEL_NONE,
        .add_to = MODEL_NONE,
        .row = m->rows++,
    };
    if (n->stride == 2) {
        pad(l, at, &m->layers[m->layer_count - 1].u);
    }
    return 1;
}

static int take_norm(lowering *l, const graph_node *n, unit *u)
{
    const model *m = l->m;
    u->batch_norm = 1;
    u->still = m->table.tensors[n->variable].frozen;
    u->gamma = offset_of(m, n, 0);
    u->beta = offset_of(m, n, 1);
    u->mean = offset_of(m, n, 2);
    u->variance = offset_of(m, n, 3);
    return 1;
}

/* The shortcut's other end is the output of an earlier layer, which has no other shortcut. */
static int take_addition(lowering *l, const graph_node *n)
{
    model *m = l->m;
    model_layer *last = &m->layers[m->layer_count - 1];
    for (size_t i = 0; i + 1 < m->layer_count; i++) {
        model_layer *from = &m->layers[i];
        if (from->end == n->inputs[1] && from->add_to == MODEL_NONE) {
            last->add = (ptrdiff_t)i;
            from->add_to = (ptrdiff_t)m->layer_count - 1;
            m->rows++;
            return 1;
        }
    }
    return 0;
}

static int take_dense(lowering *l, const graph_node *n)
{
    model *m = l->m;
    if (m->dense_count == MODEL_MOST_DENSE) {
        return 0;
    }
    m->dense[m->dense_count++] = (dense){.features = node_of(l, l->end)->shape.channels,
                                         .classes = n->shape.channels,
                                         .relu = n->relu,
                                         .fixed = m->table.tensors[n->variable].frozen,
                                         .kernel = offset_of(m, n, 0),
                                         .bias = offset_of(m, n, 1)};
    m->rows++;
    return 1;
}

/* 0 where there is no way to compute it in this place. */
static int take_node(lowering *l, size_t at)
{
    model *m = l->m;
    const graph_node *n = node_of(l, at);
    const graph_op before = node_of(l, l->end)->op;
    unit *u = m->layer_count > 0 ? &m->layers[m->layer_count - 1].u : NULL;
    const int is_linear =
        u != NULL && (before == GRAPH_CONV || before == GRAPH_DEPTHWISE || before == GRAPH_BATCH_NORM);
    const int is_map = before != GRAPH_MEAN && before != GRAPH_DENSE;
    if (at > 0 && source_of(l, at) != l->end) {
        return 0; /* not a chain */
    }
    switch (n->op) {
    case GRAPH_INPUT: return at == 0;
    case GRAPH_ZERO_PADDING: return 1;
    case GRAPH_CONV:
    case GRAPH_DEPTHWISE: return is_map && m->layer_count < MODEL_MOST_LAYERS && take_conv(l, at);
    case GRAPH_BATCH_NORM: return is_linear && before != GRAPH_BATCH_NORM && take_norm(l, n, u);
    case GRAPH_RELU6:
        if (is_linear) {
            u->activation = 1;
        }
        return is_linear;
    case GRAPH_ADD: return is_linear && take_addition(l, n);
    case GRAPH_MEAN: m->rows += u != NULL && is_map ? 1 : 0; return u != NULL && is_map;
    default: return !is_map && take_dense(l, n);
    }
}

/*
 * A slot for the gradient of each layer's output: it is there from the backward pass of the layer above to the layer's
 * own, and with an addition to that of the layer above the one it adds.
 */
static int give_slots(model *m)
{
    for (size_t i = m->layer_count; i-- > 0;) {
        model_layer *layer = &m->layers[i];
        model_gradients *kind = &m->gradients[layer->u.activation];
        int taken[MODEL_SLOTS] = {0};
        for (size_t j = i + 1; j < m->layer_count; j++) {
            const model_layer *above = &m->layers[j];
            const size_t until = above->add == MODEL_NONE ? j : (size_t)above->add + 1;
            taken[above->slot] += above->u.activation == layer->u.activation && until <= i + 1;
        }
        while (layer->slot < MODEL_SLOTS && taken[layer->slot] > 0) {
            layer->slot++;
        }
        if (layer->slot == MODEL_SLOTS) {
            return error_set(LS_EUSAGE, "layer %s: more than %d gradients wait for shortcuts at once",
                             m->net.nodes[layer->conv].name, (int)MODEL_SLOTS);
        }
        kind->count = layer->slot < kind->count ? kind->count : layer->slot + 1;
    }
    return LS_OK;
}

/* Where backward ends: below it everything is frozen. */
static void find_first(model *m)
{
    m->first = m->layer_count;
    for (size_t i = m->layer_count; i-- > 0;) {
        const unit *u = &m->layers[i].u;
        if (!u->fixed || (u->batch_norm && !u->still)) {
            m->first = i;
        }
    }
}

int model_lower(model *m)
{
    lowering l = {.m = m};
    m->layers = calloc(MODEL_MOST_LAYERS, sizeof *m->layers);
    if (m->layers == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the layers");
    }
    for (size_t i = 0; i < m->net.count; i++) {
        if (!take_node(&l, i)) {
            return error_set(LS_EUSAGE, "layer %s: no way is known to compute a %s in this place", m->net.nodes[i].name,
                             graph_class(&m->net.nodes[i]));
        }
        if (m->net.nodes[i].op == GRAPH_ZERO_PADDING) {
            continue; /* the convolution that reads it does both */
        }
        l.end = i;
        if (m->layer_count > 0 && m->net.nodes[i].op < GRAPH_MEAN) {
            m->layers[m->layer_count - 1].end = i;
        }
    }
    if (m->dense_count == 0) {
        return error_set(LS_EUSAGE, "a network must end in a dense layer");
    }
    find_first(m);
    return give_slots(m);
}
