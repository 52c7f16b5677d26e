/* Weights, in TensorFlow Lite's order: each filter's numbers are together; a depthwise kernel stays as it is. */
#include <stdlib.h>

#include "base/error.h"
#include "exchange/tflite_private.h"

/* Where number i of a filter is. */
static size_t place(const folded_layer *layer, size_t i, size_t filter)
{
    return layer->op == GRAPH_DEPTHWISE ? i * layer->filters + filter : filter * layer->window + i;
}

static tflite_tensor kernel_of(const tflite_writer *w, const folded_layer *layer)
{
    const int32_t side = (int32_t)layer->side;
    const int32_t filters = (int32_t)layer->filters;
    const int32_t in = (int32_t)w->net.layers[layer->inputs[0]].shape.channels;
    tflite_tensor t = {.name = w->net.net.nodes[layer->first].name, .part = "kernel", .rank = 4};
    if (layer->op == GRAPH_DENSE) {
        t.rank = 2;
        t.shape[0] = filters;
        t.shape[1] = in;
    } else {
        const int depthwise = layer->op == GRAPH_DEPTHWISE;
        t.shape[0] = depthwise ? 1 : filters;
        t.shape[1] = t.shape[2] = side;
        t.shape[3] = in;
        t.scales.dimension = depthwise ? 3 : 0;
    }
    return t;
}

static tflite_tensor bias_of(const tflite_writer *w, const folded_layer *layer)
{
    return (tflite_tensor){
        .name = w->net.net.nodes[layer->first].name, .part = "bias", .rank = 1, .shape = {(int32_t)layer->filters}};
}

static int add_floats(tflite_writer *w, const folded_layer *layer, tflite_tensor *kernel, tflite_tensor *bias,
                      int32_t inputs[3])
{
    const size_t size = layer->window * layer->filters;
    float *values = malloc((size + layer->filters) * sizeof *values);
    if (values == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the weights of a layer");
    }
    for (size_t c = 0; c < layer->filters; c++) {
        for (size_t i = 0; i < layer->window; i++) {
            values[place(layer, i, c)] = (float)layer->kernel[i * layer->filters + c];
        }
        values[size + c] = (float)layer->bias[c];
    }
    kernel->type = bias->type = TFLITE_FLOAT32;
    kernel->data = values;
    bias->data = values + size;
    inputs[1] = (int32_t)tflite_add_tensor(w, kernel);
    inputs[2] = (int32_t)tflite_add_tensor(w, bias);
    free(values);
    return LS_OK;
}

/* Of the bias, the product of its input's and its kernel's. */
static float *bias_scales(const quantized *q, size_t count, double in)
{
    float *scales = malloc(count * sizeof *scales);
    for (size_t i = 0; scales != NULL && i < count; i++) {
        scales[i] = (float)(in * (double)q->scales[i]);
    }
    return scales;
}

static int add_integers(tflite_writer *w, const folded_layer *layer, tflite_tensor *kernel, tflite_tensor *bias,
                        int32_t inputs[3])
{
    const size_t size = layer->window * layer->filters;
    const size_t from = layer->inputs[0];
    const quantized_from how = {.in = w->scales[from],
                                .out = w->scales[layer - w->net.layers],
                                .means = w->o->ranges->nodes[w->net.layers[from].node].means,
                                .per_filter = layer->op != GRAPH_DENSE};
    quantized q = {0};
    int code = quantize_layer(&q, layer, &how);
    const size_t count = how.per_filter ? layer->filters : 1;
    float *scales = code == LS_OK ? bias_scales(&q, count, how.in.scale) : NULL;
    int8_t *values = code == LS_OK ? malloc(size) : NULL;
    if (code == LS_OK && (scales == NULL || values == NULL)) {
        code = error_set(LS_ENOMEM, "out of memory for the weights of a layer");
    }
    for (size_t k = 0; code == LS_OK && k < size; k++) {
        values[place(layer, k / layer->filters, k % layer->filters)] = q.kernel[k];
    }
    if (code == LS_OK) {
        kernel->type = TFLITE_INT8;
        kernel->data = values;
        kernel->scales.scales = q.scales;
        bias->type = TFLITE_INT32;
        bias->data = q.bias;
        bias->scales.scales = scales;
        kernel->scales.count = bias->scales.count = count;
        inputs[1] = (int32_t)tflite_add_tensor(w, kernel);
        inputs[2] = (int32_t)tflite_add_tensor(w, bias);
    }
    free(scales);
    free(values);
    quantized_release(&q);
    return code;
}

int tflite_add_weights(tflite_writer *w, const folded_layer *layer, int32_t inputs[3])
{
    tflite_tensor kernel = kernel_of(w, layer);
    tflite_tensor bias = bias_of(w, layer);
    return w->o->ranges == NULL ? add_floats(w, layer, &kernel, &bias, inputs)
                                : add_integers(w, layer, &kernel, &bias, inputs);
}
