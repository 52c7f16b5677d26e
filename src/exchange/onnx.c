#include "exchange/onnx.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/output.h"
#include "exchange/onnx_message.h"

static const char what[] = "an ONNX model";
static const char input_name[] = "input";
static const char least_name[] = "relu6/least", most_name[] = "relu6/most"; /* what Clip lets through */
static const char logits[] = "logits", probabilities[] = "probabilities";

enum { NAME_SIZE = TENSOR_NAME_SIZE + 32 };

typedef struct writer {
    const exchange_model *m;
    onnx_options o;
    graph g;
    tensor_table table;
    float *values;  /* [the most of a tensor] */
    double *factor; /* [the most channels]: of a convolution's outputs, as is `bias` */
    float *bias;
    text_builder out; /* the graph's message */
} writer;

/* --- What is left of the network's graph -------------------------------------------------------------------------- */

/* The convolution that node `at`, a BatchNorm, becomes a part of; 0, which is the input: none. */
static size_t folded_into(const writer *w, size_t at)
{
    const graph_node *nodes = w->g.nodes;
    const size_t conv = nodes[at].inputs[0];
    if (w->o.keep_batch_norm || nodes[at].op != GRAPH_BATCH_NORM ||
        (nodes[conv].op != GRAPH_CONV && nodes[conv].op != GRAPH_DEPTHWISE)) {
        return 0;
    }
    for (size_t i = conv + 1; i < w->g.count; i++) { /* something else may read what it is before */
        for (int k = 0; k < graph_inputs(&nodes[i]); k++) {
            if (i != at && nodes[i].inputs[k] == conv) {
                return 0;
            }
        }
    }
    return conv;
}

/* The BatchNorm that becomes a part of node `at`; 0: none. */
static size_t norm_of(const writer *w, size_t at)
{
    for (size_t i = at + 1; i < w->g.count; i++) {
        if (w->g.nodes[i].inputs[0] == at && folded_into(w, i) == at) {
            return i;
        }
    }
    return 0;
}

/* The name of what node `at` gives. Padding and a BatchNorm may have no node of their own. */
static const char *value_of(const writer *w, size_t at)
{
    const graph_node *nodes = w->g.nodes;
    while (nodes[at].op == GRAPH_ZERO_PADDING || folded_into(w, at) != 0) {
        at = nodes[at].inputs[0];
    }
    return nodes[at].op == GRAPH_INPUT ? input_name : nodes[at].name;
}

/* --- Weights ------------------------------------------------------------------------------------------------------ */

static const real *weights_of(const writer *w, size_t variable)
{
    return state_values(w->m->weights, &w->table.tensors[variable]);
}

static int add_tensor(writer *w, const char *name, const size_t *dims, size_t rank, const float *values)
{
    size_t n = 1;
    for (size_t i = 0; i < rank; i++) {
        n *= dims[i];
    }
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            return error_set(LS_ENUMERIC, "%s would not be finite as float32; export weights from before they diverged",
                             name);
        }
    }
    onnx_add_tensor(&w->out, name, dims, rank, values);
    return LS_OK;
}

/* A variable in the order that Keras has, under its own name. */
static int add_variable(writer *w, size_t variable, char name[NAME_SIZE])
{
    const tensor_info *t = &w->table.tensors[variable];
    const real *values = weights_of(w, variable);
    for (size_t i = 0; i < t->size; i++) {
        w->values[i] = (float)values[i];
    }
    return add_tensor(w, tensor_full_name(name, NAME_SIZE, t), t->shape, (size_t)t->rank, w->values);
}

static double epsilon_of(const writer *w)
{
    return state_shrink_epsilon(w->m->weights->shrink, w->m->epsilon);
}

/* What a BatchNorm makes of a channel: times a factor, plus a bias. */
static void fold(const writer *w, const graph_node *norm)
{
    const real *gamma = weights_of(w, norm->variable);
    const real *beta = weights_of(w, norm->variable + 1);
    const real *mean = weights_of(w, norm->variable + 2);
    const real *variance = weights_of(w, norm->variable + 3);
    for (size_t c = 0; c < norm->shape.channels; c++) {
        w->factor[c] = (double)gamma[c] / sqrt((double)variance[c] + epsilon_of(w));
        w->bias[c] = (float)((double)beta[c] - (double)mean[c] * w->factor[c]);
    }
}

/*
 * From Keras' (side, side, inputs, outputs) to ONNX' (outputs, inputs, side, side), each output times its factor. For a
 * depthwise kernel, (side, side, outputs, 1) becomes (outputs, 1, side, side): the same with one input.
 */
static int add_kernel(writer *w, const graph_node *conv, size_t inputs, int folded, char name[NAME_SIZE])
{
    const real *kernel = weights_of(w, conv->variable);
    const size_t outputs = conv->shape.channels;
    const size_t places = conv->side * conv->side;
    float *to = w->values;
    for (size_t o = 0; o < outputs; o++) {
        const double factor = folded ? w->factor[o] : 1;
        for (size_t i = 0; i < inputs; i++) {
            for (size_t p = 0; p < places; p++) {
                *to++ = (float)((double)kernel[(p * inputs + i) * outputs + o] * factor);
            }
        }
    }
    const size_t dims[] = {outputs, inputs, conv->side, conv->side};
    return add_tensor(w, tensor_full_name(name, NAME_SIZE, &w->table.tensors[conv->variable]), dims, 4, w->values);
}

/* --- Nodes -------------------------------------------------------------------------------------------------------- */

static onnx_node node_of(const writer *w, size_t at, const char *op)
{
    const graph_node *n = &w->g.nodes[at];
    return (onnx_node){
        .op = op, .name = n->name, .block = n->block, .output = n->name, .inputs = {value_of(w, n->inputs[0])}};
}

static void same_padding(const graph_node *conv, size_t size, size_t out_size, size_t *before, size_t *after)
{
    const size_t zeros = graph_same_zeros(conv, size, out_size);
    *before += zeros / 2;
    *after += zeros - zeros / 2;
}

/* pads: above, left, below, right; those of a padding before the convolution are its own. */
static void pads_of(const writer *w, const graph_node *conv, size_t pads[4])
{
    const graph_node *in = &w->g.nodes[conv->inputs[0]];
    memset(pads, 0, 4 * sizeof *pads);
    if (conv->padding == GRAPH_SAME) {
        same_padding(conv, in->shape.height, conv->shape.height, &pads[0], &pads[2]);
        same_padding(conv, in->shape.width, conv->shape.width, &pads[1], &pads[3]);
    }
    for (; in->op == GRAPH_ZERO_PADDING; in = &w->g.nodes[in->inputs[0]]) {
        pads[0] += in->above;
        pads[1] += in->left;
        pads[2]++;
        pads[3]++;
    }
}

static int add_conv(writer *w, size_t at)
{
    const graph_node *n = &w->g.nodes[at];
    const size_t channels = w->g.nodes[n->inputs[0]].shape.channels;
    const size_t norm = norm_of(w, at);
    const size_t groups = n->op == GRAPH_DEPTHWISE ? channels : 1;
    onnx_node node = node_of(w, at, "Conv");
    char kernel[NAME_SIZE];
    char bias[NAME_SIZE];
    size_t pads[4];
    if (norm != 0) {
        fold(w, &w->g.nodes[norm]);
    }
    int code = add_kernel(w, n, channels / groups, norm != 0, kernel);
    node.inputs[1] = kernel;
    if (code == LS_OK && norm != 0) {
        (void)snprintf(bias, sizeof bias, "%s/bias", n->name);
        code = add_tensor(w, bias, &n->shape.channels, 1, w->bias);
        node.inputs[2] = bias;
    }
    if (code != LS_OK) {
        return code;
    }
    pads_of(w, n, pads);
    onnx_set_ints(&node, "kernel_shape", (const size_t[]){n->side, n->side}, 2);
    onnx_set_ints(&node, "strides", (const size_t[]){n->stride, n->stride}, 2);
    onnx_set_ints(&node, "pads", pads, 4);
    onnx_set_int(&node, "group", groups);
    onnx_add_node(&w->out, &node);
    return LS_OK;
}

static int add_batch_norm(writer *w, size_t at)
{
    const size_t first = w->g.nodes[at].variable;
    onnx_node node = node_of(w, at, "BatchNormalization");
    char names[4][NAME_SIZE];
    if (folded_into(w, at) != 0) {
        return LS_OK;
    }
    for (size_t i = 0; i < 4; i++) { /* gamma, beta, mean, variance: in the order that the operation reads them */
        const int code = add_variable(w, first + i, names[i]);
        if (code != LS_OK) {
            return code;
        }
        node.inputs[1 + i] = names[i];
    }
    onnx_set_float(&node, "epsilon", epsilon_of(w));
    onnx_set_float(&node, "momentum", w->m->momentum);
    onnx_add_node(&w->out, &node);
    return LS_OK;
}

static void add_relu6(writer *w, size_t at)
{
    onnx_node node = node_of(w, at, "Clip");
    node.inputs[1] = least_name;
    node.inputs[2] = most_name;
    onnx_add_node(&w->out, &node);
}

static void add_sum(writer *w, size_t at)
{
    onnx_node node = node_of(w, at, "Add");
    node.inputs[1] = value_of(w, w->g.nodes[at].inputs[1]);
    onnx_add_node(&w->out, &node);
}

/* [N, C, H, W] to [N, C, 1, 1] to [N, C]. */
static void add_mean(writer *w, size_t at)
{
    char pooled[NAME_SIZE];
    onnx_node mean = node_of(w, at, "GlobalAveragePool");
    onnx_node flat = node_of(w, at, "Flatten");
    (void)snprintf(pooled, sizeof pooled, "%s/pooled", mean.name);
    mean.name = mean.output = flat.inputs[0] = pooled;
    onnx_set_int(&flat, "axis", 1);
    onnx_add_node(&w->out, &mean);
    onnx_add_node(&w->out, &flat);
}

static int add_dense(writer *w, size_t at)
{
    const graph_node *n = &w->g.nodes[at];
    onnx_node dense = node_of(w, at, "Gemm");
    onnx_node relu = node_of(w, at, "Relu");
    char kernel[NAME_SIZE];
    char bias[NAME_SIZE];
    char linear[NAME_SIZE];
    int code = add_variable(w, n->variable, kernel);
    if (code == LS_OK) {
        code = add_variable(w, n->variable + 1, bias);
    }
    if (code != LS_OK) {
        return code;
    }
    dense.inputs[1] = kernel;
    dense.inputs[2] = bias;
    if (n->relu) {
        (void)snprintf(linear, sizeof linear, "%s/linear", n->name);
        dense.name = dense.output = relu.inputs[0] = linear;
    } else if (at + 1 == w->g.count && !w->o.softmax) {
        dense.output = logits;
    }
    onnx_add_node(&w->out, &dense);
    if (n->relu) {
        onnx_add_node(&w->out, &relu);
    }
    return LS_OK;
}

static int add_node(writer *w, size_t at)
{
    switch (w->g.nodes[at].op) {
    case GRAPH_CONV:
    case GRAPH_DEPTHWISE: return add_conv(w, at);
    case GRAPH_BATCH_NORM: return add_batch_norm(w, at);
    case GRAPH_RELU6: add_relu6(w, at); return LS_OK;
    case GRAPH_ADD: add_sum(w, at); return LS_OK;
    case GRAPH_MEAN: add_mean(w, at); return LS_OK;
    case GRAPH_DENSE: return add_dense(w, at);
    default: return LS_OK; /* the input; padding, which convolutions have taken */
    }
}

/* A padding is only written as a part of convolutions, and the end only as that of a dense layer. */
static int check_graph(const graph *g)
{
    for (size_t i = 0; i < g->count; i++) {
        const graph_node *n = &g->nodes[i];
        for (int k = 0; k < graph_inputs(n); k++) {
            const int padded = g->nodes[n->inputs[k]].op == GRAPH_ZERO_PADDING;
            if (padded && n->op != GRAPH_CONV && n->op != GRAPH_DEPTHWISE && n->op != GRAPH_ZERO_PADDING) {
                return error_set(LS_ERROR, "layer %s reads a padding, which ONNX export cannot write", n->name);
            }
        }
    }
    const graph_node *last = &g->nodes[g->count - 1];
    return last->op == GRAPH_DENSE && !last->relu
               ? LS_OK
               : error_set(LS_ERROR, "layer %s is no end that ONNX export can write", last->name);
}

static int add_graph(writer *w)
{
    const network_spec *spec = &w->m->spec;
    const size_t picture[] = {3, spec->height, spec->width};
    const float clip[] = {0, 6};
    int code = check_graph(&w->g);
    onnx_add_graph_name(&w->out, networks[spec->network]->name);
    onnx_add_input(&w->out, input_name, picture, 3);
    onnx_add_output(&w->out, w->o.softmax ? probabilities : logits, &spec->classes, 1);
    onnx_add_tensor(&w->out, least_name, NULL, 0, &clip[0]);
    onnx_add_tensor(&w->out, most_name, NULL, 0, &clip[1]);
    for (size_t i = 0; code == LS_OK && i < w->g.count; i++) {
        code = add_node(w, i);
    }
    if (code == LS_OK && w->o.softmax) {
        onnx_node node = {.op = "Softmax",
                          .name = "softmax",
                          .block = "",
                          .inputs = {value_of(w, w->g.count - 1)},
                          .output = probabilities};
        onnx_set_int(&node, "axis", 1);
        onnx_add_node(&w->out, &node);
    }
    return code;
}

/* --- Metadata ----------------------------------------------------------------------------------------------------- */

/* Names of classes are names of folders, which may be any bytes; JSON is UTF-8. */
static void make_utf8(char *text)
{
    while (*text != '\0') {
        uint32_t character = 0;
        const size_t n = text_decode(text, &character);
        if (n == 0) {
            *text = '?';
        }
        text += n == 0 ? 1 : n;
    }
}

static int write_classes(json *j, const exchange_model *m)
{
    for (size_t i = 0; i < m->spec.classes; i++) {
        char *name = strdup(m->classes[i]);
        if (name == NULL) {
            return LS_ENOMEM;
        }
        make_utf8(name);
        json_text(j, NULL, name);
        free(name);
    }
    return LS_OK;
}

/* A JSON array under a key: three numbers, or the classes where there are none. Returns 0 or LS_ENOMEM. */
static int add_array(text_builder *model, const char *key, const exchange_model *m, const double *numbers)
{
    char *text = NULL;
    size_t size = 0;
    int code = LS_OK;
    json j = {.to = open_memstream(&text, &size), .line = 1};
    if (j.to == NULL) {
        return LS_ENOMEM;
    }
    json_open(&j, NULL, '[');
    for (size_t i = 0; numbers != NULL && i < 3; i++) {
        json_number(&j, NULL, numbers[i]);
    }
    if (numbers == NULL) {
        code = write_classes(&j, m);
    }
    json_close(&j, ']');
    code = fclose(j.to) == 0 ? code : LS_ENOMEM;
    if (code == LS_OK) {
        onnx_add_metadata(model, key, text);
    }
    free(text);
    return code;
}

static void add_whole(text_builder *model, const char *key, size_t value)
{
    char digits[32];
    (void)snprintf(digits, sizeof digits, "%zu", value);
    onnx_add_metadata(model, key, digits);
}

/* All of the model but its graph. Returns 0 or LS_ENOMEM. */
static int add_head(text_builder *model, const writer *w)
{
    const exchange_model *m = w->m;
    onnx_add_versions(model, ONNX_IR_VERSION, ONNX_OPSET);
    onnx_add_producer(model, m->program);
    onnx_add_metadata(model, "program", m->program);
    onnx_add_metadata(model, "network", networks[m->spec.network]->name);
    add_whole(model, "height", m->spec.height);
    add_whole(model, "width", m->spec.width);
    onnx_add_metadata(model, "layout", "NCHW");
    onnx_add_metadata(model, "colours", "RGB");
    onnx_add_metadata(model, "scaling", "(pixel / 255 - mean) / deviation");
    onnx_add_metadata(model, "output", w->o.softmax ? probabilities : logits);
    int code = add_array(model, "mean", m, m->mean);
    if (code == LS_OK) {
        code = add_array(model, "deviation", m, m->deviation);
    }
    return code == LS_OK ? add_array(model, "classes", m, NULL) : code;
}

/* --- The file ----------------------------------------------------------------------------------------------------- */

static int write_file(const char *path, const writer *w, const text_builder *head)
{
    output_file f = {0};
    int code = output_begin(&f, path);
    if (code == LS_OK && (fwrite(text_of(head), 1, head->length, f.to) != head->length ||
                          fwrite(text_of(&w->out), 1, w->out.length, f.to) != w->out.length)) {
        code = error_set(LS_EIO, "%s: cannot be written: %m", path);
    }
    return output_end(&f, what, code);
}

static int out_of_memory(const char *path)
{
    return error_set(LS_ENOMEM, "%s: out of memory for %s", path, what);
}

static int write_model(const char *path, const writer *w)
{
    text_builder head = {0};
    int code = add_head(&head, w);
    onnx_add_graph_key(&head, w->out.length);
    if (code != LS_OK || head.failed || w->out.failed) {
        code = out_of_memory(path);
    } else if (head.length + w->out.length > INT_MAX) {
        code = error_set(LS_EUSAGE, "%s: would be larger than the 2 GiB that ONNX allows; export a narrower network",
                         path);
    } else {
        code = write_file(path, w, &head);
    }
    text_release(&head);
    return code;
}

/* Room for any one tensor. */
static int take_room(writer *w)
{
    size_t values = 1;
    size_t channels = 1;
    for (size_t i = 0; i < w->table.count; i++) {
        values = w->table.tensors[i].size > values ? w->table.tensors[i].size : values;
    }
    for (size_t i = 0; i < w->g.count; i++) {
        channels = w->g.nodes[i].shape.channels > channels ? w->g.nodes[i].shape.channels : channels;
    }
    w->values = calloc(values, sizeof *w->values);
    w->factor = calloc(channels, sizeof *w->factor);
    w->bias = calloc(channels, sizeof *w->bias);
    return w->values != NULL && w->factor != NULL && w->bias != NULL ? LS_OK : error_set(LS_ENOMEM, "out of memory");
}

static int describe(writer *w)
{
    const tensor_table *have = w->m->weights->table;
    int code = network_check(&w->m->spec);
    if (code == LS_OK) {
        code = network_build(&w->g, &w->m->spec);
    }
    if (code == LS_OK) {
        code = graph_variables(&w->table, &w->g);
    }
    if (code == LS_OK && (w->table.weights_size != have->weights_size || w->table.moving_size != have->moving_size)) {
        code = error_set(LS_ERROR, "the weights are another network's");
    }
    return code == LS_OK ? take_room(w) : code;
}

int export_onnx(const char *path, const exchange_model *m, const onnx_options *o)
{
    writer w = {.m = m, .o = o == NULL ? (onnx_options){0} : *o};
    tensor_table_init(&w.table);
    int code = output_check(path, what);
    if (code == LS_OK) {
        code = describe(&w);
        code = code == LS_OK ? add_graph(&w) : code;
        code = code == LS_OK ? code : error_prefix(code, "%s", path);
    }
    if (code == LS_OK) {
        code = write_model(path, &w);
    }
    text_release(&w.out);
    free(w.bias);
    free(w.factor);
    free(w.values);
    tensor_table_release(&w.table);
    graph_release(&w.g);
    return code;
}
