#include "exchange/tflite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/output.h"
#include "exchange/archive.h"
#include "exchange/tflite_private.h"

enum { SCHEMA_VERSION = 3, MOST_TENSORS = 5, MOST_OPERATORS = 2, EXTRA = 8 };
static const char what[] = "a network of TensorFlow Lite";

/* Pixels are from 0 to 1, so what the input can be is known. */
static quantization input_scale(const exchange_model *m)
{
    double least = INFINITY;
    double most = -INFINITY;
    for (int i = 0; i < 3; i++) {
        least = fmin(least, (0 - m->mean[i]) / m->deviation[i]);
        most = fmax(most, (1 - m->mean[i]) / m->deviation[i]);
    }
    return quantize_range(least, most);
}

static void set_scales(tflite_writer *w)
{
    const exchange_ranges *r = w->o->ranges;
    for (size_t i = 0; r != NULL && i < w->net.count; i++) {
        const folded_layer *layer = &w->net.layers[i];
        const exchange_range *range = &r->nodes[layer->node];
        const double least = layer->clamp == FOLDED_LINEAR ? range->least : 0;
        const double most = layer->clamp == FOLDED_RELU6 ? fmin(range->most, 6) : range->most;
        w->scales[i] = layer->op == GRAPH_INPUT ? input_scale(w->m) : quantize_range(least, most);
    }
}

static flatbuffer_ref add_subgraph(tflite_writer *w)
{
    flatbuffer *f = &w->f;
    const flatbuffer_ref tensors = flatbuffer_list(f, w->tensors.refs, w->tensors.count);
    const flatbuffer_ref operators = flatbuffer_list(f, w->operators.refs, w->operators.count);
    const flatbuffer_ref inputs = flatbuffer_vector(f, &w->input, 1, sizeof w->input, sizeof w->input);
    const flatbuffer_ref outputs = flatbuffer_vector(f, &w->output, 1, sizeof w->output, sizeof w->output);
    const flatbuffer_ref name = flatbuffer_text(f, "main");
    flatbuffer_begin(f);
    flatbuffer_refer(f, 0, tensors);
    flatbuffer_refer(f, 1, inputs);
    flatbuffer_refer(f, 2, outputs);
    flatbuffer_refer(f, 3, operators);
    flatbuffer_refer(f, 4, name);
    const flatbuffer_ref subgraph = flatbuffer_end(f);
    return flatbuffer_list(f, &subgraph, 1);
}

/* A table of a name and a number: of a tensor, or of a buffer. */
static flatbuffer_ref add_named(flatbuffer *f, const char *name, uint32_t number)
{
    const flatbuffer_ref called = flatbuffer_text(f, name);
    flatbuffer_begin(f);
    flatbuffer_refer(f, 0, called);
    flatbuffer_whole(f, 1, number, 4);
    return flatbuffer_end(f);
}

static flatbuffer_ref add_map(flatbuffer *f, const char *name, uint32_t tensor)
{
    const flatbuffer_ref map = add_named(f, name, tensor);
    return flatbuffer_list(f, &map, 1);
}

/* By which programs find input and output by their names. */
static flatbuffer_ref add_signature(tflite_writer *w)
{
    flatbuffer *f = &w->f;
    const flatbuffer_ref inputs = add_map(f, "image", w->input);
    const flatbuffer_ref outputs = add_map(f, tflite_output_name(w), w->output);
    const flatbuffer_ref key = flatbuffer_text(f, "serving_default");
    flatbuffer_begin(f);
    flatbuffer_refer(f, 0, inputs);
    flatbuffer_refer(f, 1, outputs);
    flatbuffer_refer(f, 2, key);
    flatbuffer_whole(f, 4, 0, 4);
    const flatbuffer_ref signature = flatbuffer_end(f);
    return flatbuffer_list(f, &signature, 1);
}

static flatbuffer_ref add_entry(tflite_writer *w, const char *name, const void *bytes, size_t n)
{
    return add_named(&w->f, name, tflite_add_buffer(w, bytes, n));
}

static flatbuffer_ref add_metadata(tflite_writer *w)
{
    static const char oldest[16] = "1.14.0"; /* which knows these versions of the operations */
    flatbuffer own = {0};
    size_t size = 0;
    const unsigned char *bytes = tflite_metadata(&own, &size, w);
    w->f.code = w->f.code == LS_OK ? own.code : w->f.code;
    const flatbuffer_ref entries[] = {add_entry(w, "min_runtime_version", oldest, sizeof oldest),
                                      add_entry(w, "TFLITE_METADATA", bytes, size)};
    flatbuffer_release(&own);
    return flatbuffer_list(&w->f, entries, 2);
}

static const unsigned char *add_model(tflite_writer *w, size_t *size)
{
    flatbuffer *f = &w->f;
    char text[TFLITE_DESCRIPTION_SIZE];
    const flatbuffer_ref graphs = add_subgraph(w);
    const flatbuffer_ref codes = tflite_add_codes(w);
    const flatbuffer_ref signatures = add_signature(w);
    const flatbuffer_ref metadata = add_metadata(w);
    const flatbuffer_ref buffers = flatbuffer_list(f, w->buffers.refs, w->buffers.count);
    const flatbuffer_ref description = flatbuffer_text(f, tflite_describe(text, sizeof text, w));
    flatbuffer_begin(f);
    flatbuffer_whole(f, 0, SCHEMA_VERSION, 4);
    flatbuffer_refer(f, 1, codes);
    flatbuffer_refer(f, 2, graphs);
    flatbuffer_refer(f, 3, description);
    flatbuffer_refer(f, 4, buffers);
    flatbuffer_refer(f, 6, metadata);
    flatbuffer_refer(f, 7, signatures);
    return flatbuffer_finish(f, size, flatbuffer_end(f), "TFL3");
}

static int make_list(tflite_refs *list, size_t room)
{
    *list = (tflite_refs){calloc(room, sizeof *list->refs), 0, room};
    return list->refs == NULL ? -1 : 0;
}

static int prepare(tflite_writer *w)
{
    int code = folded_create(&w->net, w->m, 0);
    if (code == LS_OK && w->o->ranges != NULL && w->o->ranges->count != w->net.net.count) {
        code = error_set(LS_EUSAGE, "the ranges of activations are another network's");
    }
    if (code != LS_OK) {
        return code;
    }
    const size_t n = w->net.count + EXTRA;
    w->scales = calloc(n, sizeof *w->scales);
    w->outputs = calloc(n, sizeof *w->outputs);
    if (w->scales == NULL || w->outputs == NULL || make_list(&w->tensors, n * MOST_TENSORS) != 0 ||
        make_list(&w->buffers, n * MOST_TENSORS) != 0 || make_list(&w->operators, n * MOST_OPERATORS) != 0) {
        return error_set(LS_ENOMEM, "out of memory for the layers");
    }
    return LS_OK;
}

static int fill(tflite_writer *w, size_t *size, const unsigned char **bytes)
{
    int code = LS_OK;
    set_scales(w);
    (void)tflite_add_buffer(w, NULL, 0); /* the first is that of tensors without one */
    for (size_t i = 0; code == LS_OK && i < w->net.count; i++) {
        code = tflite_add_layer(w, i);
    }
    if (code == LS_OK) {
        tflite_add_end(w);
        *bytes = add_model(w, size);
        code = w->f.code;
    }
    return code;
}

static void release(tflite_writer *w)
{
    flatbuffer_release(&w->f);
    folded_release(&w->net);
    free(w->tensors.refs);
    free(w->buffers.refs);
    free(w->operators.refs);
    free(w->scales);
    free(w->outputs);
}

/* One line each. Owned by the caller; NULL: out of memory. */
static char *labels_of(const exchange_model *m, size_t *size)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, size);
    if (to == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < m->spec.classes; i++) {
        for (const char *c = m->classes[i]; *c != '\0'; c++) {
            (void)fputc(*c == '\n' || *c == '\r' ? ' ' : *c, to);
        }
        (void)fputc('\n', to);
    }
    if (fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static int add_labels(FILE *to, const exchange_model *m)
{
    size_t size = 0;
    if (m->classes == NULL) {
        return LS_OK;
    }
    char *labels = labels_of(m, &size);
    if (labels == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the names of classes");
    }
    archive_append(to, TFLITE_LABELS, labels, size); /* what cannot be written, output_end finds */
    free(labels);
    return LS_OK;
}

int export_tflite(const char *path, const exchange_model *m, const tflite_options *o)
{
    tflite_writer w = {.m = m, .o = o};
    output_file file = {0};
    size_t size = 0;
    const unsigned char *bytes = NULL;
    int code = output_check(path, what);
    if (code == LS_OK) {
        code = prepare(&w);
    }
    if (code == LS_OK) {
        code = fill(&w, &size, &bytes);
    }
    if (code == LS_OK) {
        code = output_begin(&file, path);
    }
    if (code == LS_OK) {
        (void)fwrite(bytes, 1, size, file.to);
        code = add_labels(file.to, m);
    }
    code = output_end(&file, what, code);
    release(&w);
    return code;
}
