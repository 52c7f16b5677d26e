#include "network/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Keras' class of a layer, and what it calls the first of them. */
static const struct {
    const char *class_name, *name;
} layers[GRAPH_OPS] = {
    [GRAPH_INPUT] = {"InputLayer", "input_layer"},
    [GRAPH_ZERO_PADDING] = {"ZeroPadding2D", "zero_padding2d"},
    [GRAPH_CONV] = {"Conv2D", "conv2d"},
    [GRAPH_DEPTHWISE] = {"DepthwiseConv2D", "depthwise_conv2d"},
    [GRAPH_BATCH_NORM] = {"BatchNormalization", "batch_normalization"},
    [GRAPH_RELU6] = {"ReLU", "re_lu"},
    [GRAPH_ADD] = {"Add", "add"},
    [GRAPH_MEAN] = {"GlobalAveragePooling2D", "global_average_pooling2d"},
    [GRAPH_DENSE] = {"Dense", "dense"},
};

const char *graph_class(const graph_node *node)
{
    return layers[node->op].class_name;
}

size_t graph_same_zeros(const graph_node *conv, size_t size, size_t out_size)
{
    const size_t reach = (out_size - 1) * conv->stride + conv->side;
    return reach > size ? reach - size : 0;
}

int graph_inputs(const graph_node *node)
{
    return node->op == GRAPH_INPUT ? 0 : node->op == GRAPH_ADD ? 2 : 1;
}

/* Whether a layer of the kind is called so: "conv2d", "conv2d_3"; name has this length. */
static int is_layer(graph_op op, const char *name, size_t length)
{
    const size_t first = strlen(layers[op].name);
    if (length < first || strncmp(name, layers[op].name, first) != 0) {
        return 0;
    }
    const size_t digits = length == first ? 0 : strspn(name + first + 1, "0123456789");
    return length == first || (name[first] == '_' && digits > 0 && first + 1 + digits == length);
}

int graph_is_variable(const char *name)
{
    static const struct {
        graph_op op;
        tensor_role first, last;
    } kinds[] = {
        {GRAPH_CONV, TENSOR_CONV_KERNEL, TENSOR_CONV_KERNEL},
        {GRAPH_DEPTHWISE, TENSOR_DEPTHWISE_KERNEL, TENSOR_DEPTHWISE_KERNEL},
        {GRAPH_BATCH_NORM, TENSOR_GAMMA, TENSOR_MOVING_VARIANCE},
        {GRAPH_DENSE, TENSOR_DENSE_KERNEL, TENSOR_DENSE_BIAS},
    };
    const char *leaf = strchr(name, '/');
    for (size_t i = 0; leaf != NULL && i < sizeof kinds / sizeof *kinds; i++) {
        for (int role = (int)kinds[i].first; role <= (int)kinds[i].last; role++) {
            if (is_layer(kinds[i].op, name, (size_t)(leaf - name)) &&
                strcmp(leaf + 1, tensor_role_name((tensor_role)role)) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

static void give_name(const graph *g, graph_node *node)
{
    size_t before = 0;
    for (size_t i = 0; i < g->count; i++) {
        before += g->nodes[i].op == node->op;
    }
    if (before == 0) {
        (void)snprintf(node->name, sizeof node->name, "%s", layers[node->op].name);
    } else {
        (void)snprintf(node->name, sizeof node->name, "%s_%zu", layers[node->op].name, before);
    }
}

/* Rows or columns of a convolution's output; 0 where the kernel does not fit. */
static size_t steps(const graph_node *node, size_t size)
{
    if (node->padding == GRAPH_SAME) {
        return (size + node->stride - 1) / node->stride;
    }
    return size < node->side ? 0 : (size - node->side) / node->stride + 1;
}

static int infer_shape(const graph *g, graph_node *node)
{
    for (int i = 0; i < graph_inputs(node); i++) {
        if (node->inputs[i] >= g->count) {
            return error_set(LS_ERROR, "layer %s reads a layer that comes after it", node->name);
        }
    }
    if (node->op == GRAPH_INPUT) {
        return LS_OK;
    }
    const graph_shape *in = &g->nodes[node->inputs[0]].shape;
    node->shape = *in;
    switch (node->op) {
    case GRAPH_ZERO_PADDING:
        node->shape = (graph_shape){node->above + in->height + 1, node->left + in->width + 1, in->channels};
        break;
    case GRAPH_CONV:
    case GRAPH_DEPTHWISE:
        node->shape.height = steps(node, in->height);
        node->shape.width = steps(node, in->width);
        node->shape.channels = node->op == GRAPH_CONV ? node->filters : in->channels;
        break;
    case GRAPH_ADD:
        if (memcmp(in, &g->nodes[node->inputs[1]].shape, sizeof *in) != 0) {
            return error_set(LS_EUSAGE, "layer %s adds tensors of different shapes", node->name);
        }
        break;
    case GRAPH_MEAN: node->shape = (graph_shape){1, 1, in->channels}; break;
    case GRAPH_DENSE: node->shape.channels = node->filters; break;
    default: break;
    }
    if (node->shape.height == 0 || node->shape.width == 0 || node->shape.channels == 0) {
        return error_set(LS_EUSAGE, "layer %s has no output for an input of %zux%zux%zu", node->name, in->height,
                         in->width, in->channels);
    }
    return LS_OK;
}

size_t graph_append(graph *g, graph_node node)
{
    if (g->code != LS_OK) {
        return 0;
    }
    give_name(g, &node);
    memcpy(node.block, g->block, sizeof node.block);
    g->code = infer_shape(g, &node);
    graph_node *grown = g->code == LS_OK ? realloc(g->nodes, (g->count + 1) * sizeof *grown) : NULL;
    if (grown == NULL) {
        g->code = g->code != LS_OK ? g->code : error_set(LS_ENOMEM, "out of memory for a network's layers");
        return 0;
    }
    g->nodes = grown;
    g->nodes[g->count] = node;
    return g->count++;
}

void graph_block(graph *g, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(g->block, sizeof g->block, format, arguments);
    va_end(arguments);
}

/* Whether a BatchNorm reads node `at`: then the network's output does not depend on the norm of the node's kernel. */
static int is_normalized(const graph *g, size_t at)
{
    for (size_t i = at + 1; i < g->count; i++) {
        if (g->nodes[i].op == GRAPH_BATCH_NORM && g->nodes[i].inputs[0] == at) {
            return 1;
        }
    }
    return 0;
}

/* Node `at`, as a layer of the table. */
static int add_variables(tensor_table *t, const graph *g, size_t at)
{
    const graph_node *node = &g->nodes[at];
    const size_t in = g->nodes[node->inputs[0]].shape.channels;
    const size_t out = node->shape.channels;
    int code = tensor_table_add_layer(t, node->name);
    if (code != LS_OK) {
        return code;
    }
    switch (node->op) {
    case GRAPH_CONV:
        return tensor_table_add(t, TENSOR_CONV_KERNEL, 4, (const size_t[]){node->side, node->side, in, out},
                                is_normalized(g, at));
    case GRAPH_DEPTHWISE:
        return tensor_table_add(t, TENSOR_DEPTHWISE_KERNEL, 4, (const size_t[]){node->side, node->side, in, 1},
                                is_normalized(g, at));
    case GRAPH_BATCH_NORM:
        for (int role = TENSOR_GAMMA; code == LS_OK && role <= TENSOR_MOVING_VARIANCE; role++) {
            code = tensor_table_add(t, (tensor_role)role, 1, &out, 0);
        }
        return code;
    case GRAPH_DENSE:
        code = tensor_table_add(t, TENSOR_DENSE_KERNEL, 2, (const size_t[]){in, out}, 0);
        return code == LS_OK ? tensor_table_add(t, TENSOR_DENSE_BIAS, 1, &out, 0) : code;
    default: return LS_OK;
    }
}

int graph_variables(tensor_table *out, graph *g)
{
    int code = LS_OK;
    tensor_table_init(out);
    for (size_t i = 0; code == LS_OK && i < g->count; i++) {
        g->nodes[i].variable = out->count;
        code = add_variables(out, g, i);
    }
    if (code != LS_OK) {
        tensor_table_release(out);
    }
    return code;
}

void graph_release(graph *g)
{
    free(g->nodes);
    *g = (graph){0};
}
