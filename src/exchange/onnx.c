#include "exchange/onnx.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/output.h"
#include "exchange/folded.h"
#include "exchange/onnx_message.h"

static const char what[] = "an ONNX model";
static const char input_name[] = "input";
static const char least_name[] = "relu6/least", most_name[] = "relu6/most"; /* what Clip lets through */
static const char logits[] = "logits", probabilities[] = "probabilities";

enum { NAME_SIZE = TENSOR_NAME_SIZE + 32 };

typedef struct writer {
    const exchange_model *m;
    onnx_options o;
    folded net;
    float *values;    /* [the most of a tensor] */
    text_builder out; /* the graph's message */
} writer;

/* --- Names -------------------------------------------------------------------------------------------------------- */

/* The node that a layer is called after: the first, as an activation behind it is a node of its own in the file. */
static const graph_node *first_of(const writer *w, const folded_layer *layer)
{
    return &w->net.net.nodes[layer->first];
}

/* The name of what a layer gives, with its activation. */
static const char *value_of(const writer *w, size_t at)
{
    const folded_layer *layer = &w->net.layers[at];
    if (layer->op == GRAPH_INPUT) {
        return input_name;
    }
    return layer->clamp == FOLDED_RELU6 ? w->net.net.nodes[layer->node].name : first_of(w, layer)->name;
}

/* The name of one of its variables, as Keras has it. */
static char *variable_of(char out[NAME_SIZE], const writer *w, const folded_layer *layer, size_t i)
{
    return tensor_full_name(out, NAME_SIZE, &w->m->weights->table->tensors[first_of(w, layer)->variable + i]);
}

/* --- Weights ------------------------------------------------------------------------------------------------------ */

/* Numbers in the order that they are in. */
static void add_tensor(writer *w, const char *name, const size_t *dims, size_t rank, const double *values)
{
    size_t n = 1;
    for (size_t i = 0; i < rank; i++) {
        n *= dims[i];
    }
    for (size_t i = 0; i < n; i++) {
        w->values[i] = (float)values[i];
    }
    onnx_add_tensor(&w->out, name, dims, rank, w->values);
}

/*
 * From Keras' (side, side, inputs, outputs) to ONNX' (outputs, inputs, side, side). For a depthwise kernel,
 * (side, side, outputs, 1) becomes (outputs, 1, side, side): the same with one input.
 */
static void add_kernel(writer *w, const folded_layer *layer, const char *name)
{
    const size_t outputs = layer->filters;
    const size_t places = layer->side * layer->side;
    const size_t inputs = layer->window / places;
    const size_t dims[] = {outputs, inputs, layer->side, layer->side};
    float *to = w->values;
    for (size_t o = 0; o < outputs; o++) {
        for (size_t i = 0; i < inputs; i++) {
            for (size_t p = 0; p < places; p++) {
                *to++ = (float)layer->kernel[(p * inputs + i) * outputs + o];
            }
        }
    }
    onnx_add_tensor(&w->out, name, dims, 4, w->values);
}

/* --- Nodes -------------------------------------------------------------------------------------------------------- */

static onnx_node node_of(const writer *w, const folded_layer *layer, const char *op)
{
    const graph_node *n = first_of(w, layer);
    return (onnx_node){
        .op = op, .name = n->name, .block = n->block, .output = n->name, .inputs = {value_of(w, layer->inputs[0])}};
}

static void same_padding(const graph_node *conv, size_t size, size_t out_size, size_t *before, size_t *after)
{
    const size_t zeros = graph_same_zeros(conv, size, out_size);
    *before = zeros / 2;
    *after = zeros - zeros / 2;
}

/* pads: above, left, below, right. */
static void pads_of(const writer *w, const folded_layer *layer, size_t pads[4])
{
    const graph_node *conv = first_of(w, layer);
    const graph_shape *in = &w->net.layers[layer->inputs[0]].shape;
    memcpy(pads, (const size_t[]){layer->above, layer->left, layer->below, layer->right}, 4 * sizeof *pads);
    if (layer->same) {
        same_padding(conv, in->height, layer->shape.height, &pads[0], &pads[2]);
        same_padding(conv, in->width, layer->shape.width, &pads[1], &pads[3]);
    }
}

static void add_conv(writer *w, const folded_layer *layer)
{
    onnx_node node = node_of(w, layer, "Conv");
    char kernel[NAME_SIZE];
    char bias[NAME_SIZE];
    size_t pads[4];
    add_kernel(w, layer, variable_of(kernel, w, layer, 0));
    node.inputs[1] = kernel;
    if (layer->has_bias) {
        (void)snprintf(bias, sizeof bias, "%s/bias", node.name);
        add_tensor(w, bias, &layer->filters, 1, layer->bias);
        node.inputs[2] = bias;
    }
    pads_of(w, layer, pads);
    onnx_set_ints(&node, "kernel_shape", (const size_t[]){layer->side, layer->side}, 2);
    onnx_set_ints(&node, "strides", (const size_t[]){layer->stride, layer->stride}, 2);
    onnx_set_ints(&node, "pads", pads, 4);
    onnx_set_int(&node, "group", layer->op == GRAPH_DEPTHWISE ? layer->filters : 1);
    onnx_add_node(&w->out, &node);
}

/* Gamma, beta, mean, variance: in the order that the operation reads them. */
static void add_batch_norm(writer *w, const folded_layer *layer)
{
    onnx_node node = node_of(w, layer, "BatchNormalization");
    char names[4][NAME_SIZE];
    for (size_t i = 0; i < 4; i++) {
        node.inputs[1 + i] = variable_of(names[i], w, layer, i);
        add_tensor(w, names[i], &layer->filters, 1, layer->kernel + i * layer->filters);
    }
    onnx_set_float(&node, "epsilon", folded_epsilon(w->m));
    onnx_set_float(&node, "momentum", w->m->momentum);
    onnx_add_node(&w->out, &node);
}

static void add_sum(writer *w, const folded_layer *layer)
{
    onnx_node node = node_of(w, layer, "Add");
    node.inputs[1] = value_of(w, layer->inputs[1]);
    onnx_add_node(&w->out, &node);
}

/* [N, C, H, W] to [N, C, 1, 1] to [N, C]. */
static void add_mean(writer *w, const folded_layer *layer)
{
    char pooled[NAME_SIZE];
    onnx_node mean = node_of(w, layer, "GlobalAveragePool");
    onnx_node flat = node_of(w, layer, "Flatten");
    (void)snprintf(pooled, sizeof pooled, "%s/pooled", mean.name);
    mean.name = mean.output = flat.inputs[0] = pooled;
    onnx_set_int(&flat, "axis", 1);
    onnx_add_node(&w->out, &mean);
    onnx_add_node(&w->out, &flat);
}

static void add_dense(writer *w, const folded_layer *layer)
{
    onnx_node dense = node_of(w, layer, "Gemm");
    onnx_node relu = node_of(w, layer, "Relu");
    char kernel[NAME_SIZE];
    char bias[NAME_SIZE];
    char linear[NAME_SIZE];
    add_tensor(w, variable_of(kernel, w, layer, 0), (const size_t[]){layer->window, layer->filters}, 2, layer->kernel);
    add_tensor(w, variable_of(bias, w, layer, 1), &layer->filters, 1, layer->bias);
    dense.inputs[1] = kernel;
    dense.inputs[2] = bias;
    if (layer->clamp == FOLDED_RELU) {
        (void)snprintf(linear, sizeof linear, "%s/linear", dense.name);
        dense.name = dense.output = relu.inputs[0] = linear;
    } else if (layer == &w->net.layers[w->net.count - 1] && !w->o.softmax) {
        dense.output = logits;
    }
    onnx_add_node(&w->out, &dense);
    if (layer->clamp == FOLDED_RELU) {
        onnx_add_node(&w->out, &relu);
    }
}

/* A ReLU6 behind a layer, with the name that it has in the network. */
static void add_relu6(writer *w, const folded_layer *layer)
{
    const graph_node *n = &w->net.net.nodes[layer->node];
    onnx_node node = {.op = "Clip",
                      .name = n->name,
                      .block = n->block,
                      .inputs = {first_of(w, layer)->name, least_name, most_name},
                      .output = n->name};
    onnx_add_node(&w->out, &node);
}

static void add_layer(writer *w, const folded_layer *layer)
{
    switch (layer->op) {
    case GRAPH_CONV:
    case GRAPH_DEPTHWISE: add_conv(w, layer); break;
    case GRAPH_BATCH_NORM: add_batch_norm(w, layer); break;
    case GRAPH_ADD: add_sum(w, layer); break;
    case GRAPH_MEAN: add_mean(w, layer); break;
    case GRAPH_DENSE: add_dense(w, layer); break;
    default: break; /* the input */
    }
    if (layer->clamp == FOLDED_RELU6) {
        add_relu6(w, layer);
    }
}

static int check_end(const writer *w)
{
    const folded_layer *last = &w->net.layers[w->net.count - 1];
    return last->op == GRAPH_DENSE && last->clamp == FOLDED_LINEAR
               ? LS_OK
               : error_set(LS_ERROR, "layer %s is no end that ONNX export can write", first_of(w, last)->name);
}

static void add_softmax(writer *w)
{
    onnx_node node = {.op = "Softmax",
                      .name = "softmax",
                      .block = "",
                      .inputs = {value_of(w, w->net.count - 1)},
                      .output = probabilities};
    onnx_set_int(&node, "axis", 1);
    onnx_add_node(&w->out, &node);
}

static void add_graph(writer *w)
{
    const network_spec *spec = &w->m->spec;
    const size_t picture[] = {3, spec->height, spec->width};
    const float clip[] = {0, 6};
    onnx_add_graph_name(&w->out, networks[spec->network]->name);
    onnx_add_input(&w->out, input_name, picture, 3);
    onnx_add_output(&w->out, w->o.softmax ? probabilities : logits, &spec->classes, 1);
    onnx_add_tensor(&w->out, least_name, NULL, 0, &clip[0]);
    onnx_add_tensor(&w->out, most_name, NULL, 0, &clip[1]);
    for (size_t i = 0; i < w->net.count; i++) {
        add_layer(w, &w->net.layers[i]);
    }
    if (w->o.softmax) {
        add_softmax(w);
    }
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

/* The network, and room for any one tensor of it. */
static int prepare(writer *w)
{
    size_t most = 1;
    int code = folded_create(&w->net, w->m, w->o.keep_batch_norm);
    if (code == LS_OK) {
        code = check_end(w);
    }
    for (size_t i = 0; code == LS_OK && i < w->net.count; i++) {
        const folded_layer *layer = &w->net.layers[i];
        const size_t size = layer->window * layer->filters;
        most = size > most ? size : most;
    }
    w->values = calloc(most, sizeof *w->values);
    return code != LS_OK || w->values != NULL ? code : error_set(LS_ENOMEM, "out of memory");
}

int export_onnx(const char *path, const exchange_model *m, const onnx_options *o)
{
    writer w = {.m = m, .o = o == NULL ? (onnx_options){0} : *o};
    int code = output_check(path, what);
    if (code == LS_OK) {
        code = prepare(&w);
        code = code == LS_OK ? code : error_prefix(code, "%s", path);
    }
    if (code == LS_OK) {
        add_graph(&w);
        code = write_model(path, &w);
    }
    text_release(&w.out);
    free(w.values);
    folded_release(&w.net);
    return code;
}
