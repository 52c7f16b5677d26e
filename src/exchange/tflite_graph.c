/* Tensors, buffers and operators, by walking the folded network. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "exchange/tflite_private.h"

/* Numbers and versions of operations: BuiltinOperator, BuiltinOptions (0: none), and for float32 and for int8. */
static const struct {
    int number, options, of_float, of_int8;
} operations[TFLITE_OPS] = {
    [TFLITE_ADD] = {0, 11, 1, 2},
    [TFLITE_CONV_2D] = {3, 1, 1, 3},
    [TFLITE_DEPTHWISE_CONV_2D] = {4, 2, 1, 3},
    [TFLITE_DEQUANTIZE] = {6, 38, 2, 2},
    [TFLITE_FULLY_CONNECTED] = {9, 8, 1, 4},
    [TFLITE_SOFTMAX] = {25, 9, 1, 2},
    [TFLITE_PAD] = {34, 22, 1, 2},
    [TFLITE_MEAN] = {40, 27, 1, 2},
    [TFLITE_QUANTIZE] = {114, 89, 1, 1},
};

static void push(tflite_writer *w, tflite_refs *list, flatbuffer_ref ref)
{
    if (w->f.code == LS_OK && list->count == list->room) {
        w->f.code = error_set(LS_ERROR, "a network has more parts than there was room for");
    }
    if (w->f.code == LS_OK) {
        list->refs[list->count++] = ref;
    }
}

uint32_t tflite_add_buffer(tflite_writer *w, const void *bytes, size_t n)
{
    enum { ALIGNMENT = 16 };
    flatbuffer *f = &w->f;
    const flatbuffer_ref data = bytes == NULL ? 0 : flatbuffer_vector(f, bytes, n, 1, ALIGNMENT);
    flatbuffer_begin(f);
    flatbuffer_refer(f, 0, data);
    push(w, &w->buffers, flatbuffer_end(f));
    return (uint32_t)w->buffers.count - 1;
}

static flatbuffer_ref add_scales(flatbuffer *f, const tflite_scales *s)
{
    if (s->count == 0) {
        return 0;
    }
    int64_t *zeros = calloc(s->count, sizeof *zeros);
    if (zeros == NULL) {
        f->code = f->code != LS_OK ? f->code : error_set(LS_ENOMEM, "out of memory for scales");
        return 0;
    }
    for (size_t i = 0; i < s->count; i++) {
        zeros[i] = s->zero;
    }
    const flatbuffer_ref scales = flatbuffer_vector(f, s->scales, s->count, sizeof *s->scales, sizeof *s->scales);
    const flatbuffer_ref zero = flatbuffer_vector(f, zeros, s->count, sizeof *zeros, sizeof *zeros);
    free(zeros);
    flatbuffer_begin(f);
    flatbuffer_refer(f, 2, scales);
    flatbuffer_refer(f, 3, zero);
    flatbuffer_whole(f, 6, (uint64_t)s->dimension, 4);
    return flatbuffer_end(f);
}

uint32_t tflite_add_tensor(tflite_writer *w, const tflite_tensor *t)
{
    flatbuffer *f = &w->f;
    char name[2 * TENSOR_NAME_SIZE];
    size_t size = t->type == TFLITE_INT8 ? 1 : 4;
    for (int i = 0; i < t->rank; i++) {
        size *= (size_t)t->shape[i];
    }
    (void)snprintf(name, sizeof name, "%s%s%s", t->name, t->part == NULL ? "" : "/", t->part == NULL ? "" : t->part);
    const uint32_t buffer = t->data == NULL ? 0 : tflite_add_buffer(w, t->data, size);
    const flatbuffer_ref shape = flatbuffer_vector(f, t->shape, (size_t)t->rank, sizeof *t->shape, sizeof *t->shape);
    const flatbuffer_ref called = flatbuffer_text(f, name);
    const flatbuffer_ref scales = add_scales(f, &t->scales);
    flatbuffer_begin(f);
    flatbuffer_refer(f, 0, shape);
    flatbuffer_whole(f, 2, buffer, 4);
    flatbuffer_refer(f, 3, called);
    flatbuffer_refer(f, 4, scales);
    flatbuffer_whole(f, 1, (uint64_t)t->type, 1);
    flatbuffer_whole(f, 8, 1, 1); /* the shape is known, also where it has no dimensions */
    push(w, &w->tensors, flatbuffer_end(f));
    return (uint32_t)w->tensors.count - 1;
}

uint32_t tflite_add_output(tflite_writer *w, const char *name, const char *part, graph_shape shape,
                           const quantization *q)
{
    const float scale = q == NULL ? 0 : (float)q->scale;
    const int flat = shape.height == 0;
    tflite_tensor t = {.name = name, .part = part, .type = q == NULL ? TFLITE_FLOAT32 : TFLITE_INT8};
    t.rank = flat ? 2 : 4;
    t.shape[0] = 1;
    t.shape[1] = (int32_t)(flat ? shape.channels : shape.height);
    t.shape[2] = (int32_t)shape.width;
    t.shape[3] = (int32_t)shape.channels;
    if (q != NULL) {
        t.scales = (tflite_scales){&scale, 1, q->zero, 0};
    }
    return tflite_add_tensor(w, &t);
}

/* The operation's place in the list of those that occur: interpreters want to know all that are in it. */
static uint32_t code_of(tflite_writer *w, tflite_op op)
{
    uint32_t at = 0;
    while (at < w->op_count && w->ops[at] != op) {
        at++;
    }
    if (at == w->op_count) {
        w->ops[w->op_count++] = op;
    }
    return at;
}

/* options: a table, or 0 where there is nothing to say. */
static void add_operator(tflite_writer *w, tflite_op op, const int32_t *inputs, size_t count, uint32_t output,
                         flatbuffer_ref options)
{
    flatbuffer *f = &w->f;
    const int32_t out = (int32_t)output;
    const uint32_t code = code_of(w, op);
    const flatbuffer_ref in = flatbuffer_vector(f, inputs, count, sizeof *inputs, sizeof *inputs);
    const flatbuffer_ref outs = flatbuffer_vector(f, &out, 1, sizeof out, sizeof out);
    flatbuffer_begin(f);
    flatbuffer_whole(f, 0, code, 4);
    flatbuffer_refer(f, 1, in);
    flatbuffer_refer(f, 2, outs);
    if (options != 0) {
        flatbuffer_whole(f, 3, (uint64_t)operations[op].options, 1);
        flatbuffer_refer(f, 4, options);
    }
    push(w, &w->operators, flatbuffer_end(f));
}

/* A table of options that are bytes (enums, truths), or of none. */
static flatbuffer_ref byte_options(flatbuffer *f, int field, int value)
{
    flatbuffer_begin(f);
    if (value != 0) {
        flatbuffer_whole(f, field, (uint64_t)value, 1);
    }
    return flatbuffer_end(f);
}

static int clamp_of(const folded_layer *layer)
{
    return layer->clamp == FOLDED_RELU6 ? TFLITE_RELU6 : layer->clamp == FOLDED_RELU ? TFLITE_RELU : TFLITE_NONE;
}

static flatbuffer_ref conv_options(flatbuffer *f, const folded_layer *layer)
{
    const int depthwise = layer->op == GRAPH_DEPTHWISE;
    flatbuffer_begin(f);
    flatbuffer_whole(f, 1, layer->stride, 4);
    flatbuffer_whole(f, 2, layer->stride, 4);
    if (depthwise) {
        flatbuffer_whole(f, 3, 1, 4);
    }
    flatbuffer_whole(f, depthwise ? 5 : 4, 1, 4);
    flatbuffer_whole(f, depthwise ? 6 : 5, 1, 4);
    flatbuffer_whole(f, 0, layer->same ? TFLITE_SAME : TFLITE_VALID, 1);
    flatbuffer_whole(f, depthwise ? 4 : 3, (uint64_t)clamp_of(layer), 1);
    return flatbuffer_end(f);
}

static const char *name_of(const tflite_writer *w, size_t node)
{
    return w->net.net.nodes[node].name;
}

/* NULL in a file of float32. */
static const quantization *scale_of(const tflite_writer *w, size_t layer)
{
    return w->o->ranges == NULL ? NULL : &w->scales[layer];
}

/* The input of a layer with zeros around it. */
static uint32_t add_padding(tflite_writer *w, const folded_layer *layer)
{
    const char *name = name_of(w, layer->first);
    const graph_shape in = w->net.layers[layer->inputs[0]].shape;
    const int32_t around[4][2] = {
        {0, 0}, {(int32_t)layer->above, (int32_t)layer->below}, {(int32_t)layer->left, (int32_t)layer->right}, {0, 0}};
    const tflite_tensor t = {
        .name = name, .part = "padding", .type = TFLITE_INT32, .shape = {4, 2}, .rank = 2, .data = around};
    const graph_shape shape = {in.height + layer->above + layer->below, in.width + layer->left + layer->right,
                               in.channels};
    const int32_t inputs[] = {(int32_t)w->outputs[layer->inputs[0]], (int32_t)tflite_add_tensor(w, &t)};
    const uint32_t out = tflite_add_output(w, name, "padded", shape, scale_of(w, layer->inputs[0]));
    add_operator(w, TFLITE_PAD, inputs, 2, out, byte_options(&w->f, 0, 0));
    return out;
}

static int add_conv(tflite_writer *w, const folded_layer *layer, uint32_t output)
{
    const int padded = layer->above + layer->below + layer->left + layer->right > 0;
    int32_t inputs[3] = {(int32_t)(padded ? add_padding(w, layer) : w->outputs[layer->inputs[0]])};
    const int code = tflite_add_weights(w, layer, inputs);
    add_operator(w, layer->op == GRAPH_CONV ? TFLITE_CONV_2D : TFLITE_DEPTHWISE_CONV_2D, inputs, 3, output,
                 conv_options(&w->f, layer));
    return code;
}

static int add_dense(tflite_writer *w, const folded_layer *layer, uint32_t output)
{
    int32_t inputs[3] = {(int32_t)w->outputs[layer->inputs[0]]};
    const int code = tflite_add_weights(w, layer, inputs);
    add_operator(w, TFLITE_FULLY_CONNECTED, inputs, 3, output, byte_options(&w->f, 0, clamp_of(layer)));
    return code;
}

static void add_mean(tflite_writer *w, const folded_layer *layer, uint32_t output)
{
    static const int32_t axes[] = {1, 2};
    const tflite_tensor t = {
        .name = name_of(w, layer->first), .part = "axes", .type = TFLITE_INT32, .shape = {2}, .rank = 1, .data = axes};
    const int32_t inputs[] = {(int32_t)w->outputs[layer->inputs[0]], (int32_t)tflite_add_tensor(w, &t)};
    add_operator(w, TFLITE_MEAN, inputs, 2, output, byte_options(&w->f, 0, 0));
}

static void add_sum(tflite_writer *w, const folded_layer *layer, uint32_t output)
{
    const int32_t inputs[] = {(int32_t)w->outputs[layer->inputs[0]], (int32_t)w->outputs[layer->inputs[1]]};
    add_operator(w, TFLITE_ADD, inputs, 2, output, byte_options(&w->f, 0, clamp_of(layer)));
}

/* From float32 to int8 or back. */
static void add_change(tflite_writer *w, tflite_op op, uint32_t from, uint32_t to)
{
    const int32_t input = (int32_t)from;
    add_operator(w, op, &input, 1, to, byte_options(&w->f, 0, 0));
}

static uint32_t add_input(tflite_writer *w, const folded_layer *layer)
{
    const quantization *q = scale_of(w, 0);
    w->input = tflite_add_output(w, "image", NULL, layer->shape, w->o->integer_ends ? q : NULL);
    if (q == NULL || w->o->integer_ends) {
        return w->input;
    }
    const uint32_t in = tflite_add_output(w, "image", "int8", layer->shape, q);
    add_change(w, TFLITE_QUANTIZE, w->input, in);
    return in;
}

int tflite_add_layer(tflite_writer *w, size_t at)
{
    const folded_layer *layer = &w->net.layers[at];
    if (layer->op == GRAPH_INPUT) {
        w->outputs[at] = add_input(w, layer);
        return LS_OK;
    }
    const int flat = layer->op == GRAPH_MEAN || layer->op == GRAPH_DENSE;
    const graph_shape shape = flat ? (graph_shape){.channels = layer->shape.channels} : layer->shape;
    const int last = at + 1 == w->net.count && !w->o->softmax && (w->o->ranges == NULL || w->o->integer_ends);
    w->outputs[at] =
        tflite_add_output(w, last ? tflite_output_name(w) : name_of(w, layer->node), NULL, shape, scale_of(w, at));
    switch (layer->op) {
    case GRAPH_CONV:
    case GRAPH_DEPTHWISE: return add_conv(w, layer, w->outputs[at]);
    case GRAPH_DENSE: return add_dense(w, layer, w->outputs[at]);
    case GRAPH_MEAN: add_mean(w, layer, w->outputs[at]); return LS_OK;
    default: add_sum(w, layer, w->outputs[at]); return LS_OK;
    }
}

void tflite_add_end(tflite_writer *w)
{
    static const quantization of_softmax = {1.0 / 256, -128}; /* TensorFlow Lite has no other */
    const char *name = tflite_output_name(w);
    const graph_shape shape = {.channels = w->m->spec.classes};
    const int back = w->o->ranges != NULL && !w->o->integer_ends;
    w->output = w->outputs[w->net.count - 1];
    if (w->o->softmax) {
        const int32_t logits = (int32_t)w->output;
        w->output = tflite_add_output(w, name, back ? "int8" : NULL, shape, w->o->ranges == NULL ? NULL : &of_softmax);
        flatbuffer_begin(&w->f);
        flatbuffer_real(&w->f, 0, 1);
        const flatbuffer_ref options = flatbuffer_end(&w->f);
        add_operator(w, TFLITE_SOFTMAX, &logits, 1, w->output, options);
    }
    if (back) {
        const uint32_t from = w->output;
        w->output = tflite_add_output(w, name, NULL, shape, NULL);
        add_change(w, TFLITE_DEQUANTIZE, from, w->output);
    }
}

flatbuffer_ref tflite_add_codes(tflite_writer *w)
{
    flatbuffer *f = &w->f;
    flatbuffer_ref codes[TFLITE_OPS];
    for (size_t i = 0; i < w->op_count; i++) {
        const tflite_op op = w->ops[i];
        const int version = w->o->ranges != NULL ? operations[op].of_int8 : operations[op].of_float;
        flatbuffer_begin(f);
        flatbuffer_whole(f, 2, (uint64_t)version, 4);
        flatbuffer_whole(f, 3, (uint64_t)operations[op].number, 4);
        flatbuffer_whole(f, 0, (uint64_t)operations[op].number, 1); /* for readers of before 2020 */
        codes[i] = flatbuffer_end(f);
    }
    return flatbuffer_list(f, codes, w->op_count);
}
