#include "exchange/folded.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"

/* While nodes are taken in order. */
typedef struct folding {
    folded *f;
    const exchange_model *m;
    int keep_norms;
    size_t *layer_of; /* [nodes]: the layer that has the node's output so far */
    size_t *readers;  /* [nodes] */
} folding;

static const graph_node *node_of(const folding *d, size_t at)
{
    return &d->f->net.nodes[at];
}

static const real *values_of(const folding *d, size_t at, size_t variable)
{
    const state *s = d->m->weights;
    return state_values(s, &s->table->tensors[node_of(d, at)->variable + variable]);
}

/* The layer whose output node `at` reads, if it may become part of it: nobody else reads that. NULL: it may not. */
static folded_layer *layer_before(const folding *d, size_t at)
{
    const size_t in = node_of(d, at)->inputs[0];
    return d->readers[in] == 1 ? &d->f->layers[d->layer_of[in]] : NULL;
}

static folded_layer *append(folding *d, size_t at)
{
    const graph_node *n = node_of(d, at);
    folded_layer *layer = &d->f->layers[d->f->count++];
    *layer =
        (folded_layer){.op = n->op, .side = n->side, .stride = n->stride, .first = at, .node = at, .shape = n->shape};
    for (int i = 0; i < graph_inputs(n); i++) {
        layer->inputs[i] = d->layer_of[n->inputs[i]];
    }
    return layer;
}

/* Room for its weights: `window` numbers for each filter, and a bias of zeros. */
static int take_room(const folding *d, folded_layer *layer, size_t window)
{
    layer->filters = layer->shape.channels;
    layer->window = window;
    layer->kernel = malloc(window * layer->filters * sizeof *layer->kernel);
    layer->bias = calloc(layer->filters, sizeof *layer->bias);
    return layer->kernel != NULL && layer->bias != NULL
               ? LS_OK
               : error_set(LS_ENOMEM, "out of memory for the weights of layer %s", node_of(d, layer->first)->name);
}

static void copy(double *out, const real *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (double)values[i];
    }
}

static int take_kernel(const folding *d, folded_layer *layer, size_t at)
{
    const size_t size = d->m->weights->table->tensors[node_of(d, at)->variable].size;
    const int code = take_room(d, layer, size / layer->shape.channels);
    if (code == LS_OK) {
        copy(layer->kernel, values_of(d, at, 0), size);
    }
    return code;
}

/* Whether so many zeros before `size` rows or columns, and one after them, are what "same" puts there. */
static int is_same(const graph_node *conv, size_t size, size_t before, size_t out)
{
    return out == (size + conv->stride - 1) / conv->stride && before == graph_same_zeros(conv, size, out) / 2;
}

static void set_padding(const folding *d, folded_layer *layer, size_t at)
{
    const graph_node *n = node_of(d, at);
    const graph_node *before = node_of(d, n->inputs[0]);
    layer->same = n->padding == GRAPH_SAME || n->side == 1;
    if (before->op != GRAPH_ZERO_PADDING) {
        return;
    }
    const graph_shape *in = &node_of(d, before->inputs[0])->shape;
    layer->same =
        is_same(n, in->height, before->above, n->shape.height) && is_same(n, in->width, before->left, n->shape.width);
    if (!layer->same) {
        layer->above = before->above;
        layer->left = before->left;
        layer->below = layer->right = 1;
    }
}

static int take_conv(folding *d, size_t at)
{
    folded_layer *layer = append(d, at);
    set_padding(d, layer, at);
    return take_kernel(d, layer, at);
}

static int take_dense(folding *d, size_t at)
{
    folded_layer *layer = append(d, at);
    const int code = take_kernel(d, layer, at);
    layer->has_bias = 1;
    layer->clamp = node_of(d, at)->relu ? FOLDED_RELU : FOLDED_LINEAR;
    if (code == LS_OK) {
        copy(layer->bias, values_of(d, at, 1), layer->filters);
    }
    return code;
}

/* Where decay was taken as a rate, weights and statistics are kept larger than they stand for. */
double folded_epsilon(const exchange_model *m)
{
    return state_shrink_epsilon(m->weights->shrink, m->epsilon);
}

static void fold_norm(const folding *d, folded_layer *layer, size_t at)
{
    const double epsilon = folded_epsilon(d->m);
    const real *gamma = values_of(d, at, 0);
    const real *beta = values_of(d, at, 1);
    const real *mean = values_of(d, at, 2);
    const real *variance = values_of(d, at, 3);
    layer->has_bias = 1;
    layer->node = at;
    for (size_t c = 0; c < layer->filters; c++) {
        const double scale = (double)gamma[c] / sqrt((double)variance[c] + epsilon);
        layer->bias[c] = (double)beta[c] + (layer->bias[c] - (double)mean[c]) * scale;
        for (size_t i = 0; i < layer->window; i++) {
            layer->kernel[i * layer->filters + c] *= scale;
        }
    }
}

static int no_form(const folding *d, size_t at)
{
    const graph_node *n = node_of(d, at);
    return error_set(LS_EUSAGE, "layer %s: a network with a %s in this place cannot be exported", n->name,
                     graph_class(n));
}

static int keep_norm(folding *d, size_t at)
{
    folded_layer *layer = append(d, at);
    const int code = take_room(d, layer, 4);
    for (size_t i = 0; code == LS_OK && i < 4; i++) {
        copy(layer->kernel + i * layer->filters, values_of(d, at, i), layer->filters);
    }
    return code;
}

static int take_norm(folding *d, size_t at, folded_layer *before)
{
    if (d->keep_norms) {
        return keep_norm(d, at);
    }
    if (before == NULL || before->clamp != FOLDED_LINEAR || before->kernel == NULL) {
        return no_form(d, at);
    }
    fold_norm(d, before, at);
    return LS_OK;
}

static int take_node(folding *d, size_t at)
{
    const graph_node *n = node_of(d, at);
    folded_layer *before = at > 0 ? layer_before(d, at) : NULL;
    switch (n->op) {
    case GRAPH_CONV:
    case GRAPH_DEPTHWISE: return take_conv(d, at);
    case GRAPH_DENSE: return take_dense(d, at);
    case GRAPH_BATCH_NORM: return take_norm(d, at, before);
    case GRAPH_RELU6:
        if (before == NULL || before->clamp != FOLDED_LINEAR || before->op == GRAPH_INPUT || before->op == GRAPH_MEAN) {
            return no_form(d, at);
        }
        before->clamp = FOLDED_RELU6;
        before->node = at;
        return LS_OK;
    case GRAPH_ZERO_PADDING: /* the convolution that reads it does both */
        return d->readers[at] == 1 &&
                       (node_of(d, at + 1)->op == GRAPH_CONV || node_of(d, at + 1)->op == GRAPH_DEPTHWISE)
                   ? LS_OK
                   : no_form(d, at);
    default: (void)append(d, at); return LS_OK;
    }
}

static int check_finite(const folding *d)
{
    for (size_t i = 0; i < d->f->count; i++) {
        const folded_layer *layer = &d->f->layers[i];
        int finite = 1;
        for (size_t k = 0; k < layer->window * layer->filters; k++) {
            finite = finite && isfinite((float)layer->kernel[k]);
        }
        for (size_t k = 0; k < layer->filters; k++) {
            finite = finite && isfinite((float)layer->bias[k]);
        }
        if (!finite) {
            return error_set(LS_ENUMERIC,
                             "layer %s: a weight would not be finite as float32; export weights from before they "
                             "diverged",
                             node_of(d, layer->first)->name);
        }
    }
    return LS_OK;
}

static int fold(folding *d)
{
    folded *f = d->f;
    int code = LS_OK;
    for (size_t i = 0; i < f->net.count; i++) {
        for (int k = 0; k < graph_inputs(node_of(d, i)); k++) {
            d->readers[node_of(d, i)->inputs[k]]++;
        }
    }
    for (size_t i = 0; code == LS_OK && i < f->net.count; i++) {
        const size_t before = f->count;
        code = take_node(d, i);
        d->layer_of[i] = f->count == before ? d->layer_of[node_of(d, i)->inputs[0]] : f->count - 1;
    }
    return code == LS_OK ? check_finite(d) : code;
}

/* The graph, with the places of its nodes' variables, which are those of the weights. */
static int build(graph *out, const exchange_model *m)
{
    const tensor_table *have = m->weights->table;
    tensor_table t;
    tensor_table_init(&t);
    int code = network_check(&m->spec);
    if (code == LS_OK) {
        code = network_build(out, &m->spec);
    }
    if (code == LS_OK) {
        code = graph_variables(&t, out);
    }
    if (code == LS_OK && (t.weights_size != have->weights_size || t.moving_size != have->moving_size)) {
        code = error_set(LS_ERROR, "the weights are another network's");
    }
    tensor_table_release(&t);
    return code;
}

int folded_create(folded *out, const exchange_model *m, int keep_norms)
{
    *out = (folded){0};
    int code = build(&out->net, m);
    if (code != LS_OK) {
        return code;
    }
    folding d = {.f = out, .m = m, .keep_norms = keep_norms};
    out->layers = calloc(out->net.count, sizeof *out->layers);
    d.layer_of = calloc(out->net.count, sizeof *d.layer_of);
    d.readers = calloc(out->net.count, sizeof *d.readers);
    if (out->layers == NULL || d.layer_of == NULL || d.readers == NULL) {
        code = error_set(LS_ENOMEM, "out of memory for the layers");
    } else {
        code = fold(&d);
    }
    free(d.layer_of);
    free(d.readers);
    return code;
}

void folded_release(folded *f)
{
    for (size_t i = 0; f->layers != NULL && i < f->count; i++) {
        free(f->layers[i].kernel);
        free(f->layers[i].bias);
    }
    free(f->layers);
    graph_release(&f->net);
    *f = (folded){0};
}
