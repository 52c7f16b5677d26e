#ifndef LOCKSTEP_EXCHANGE_ONNX_MESSAGE_H
#define LOCKSTEP_EXCHANGE_ONNX_MESSAGE_H

#include <stddef.h>

#include "base/text.h"

/*
 * The messages of an ONNX file: protocol buffers, of which only what a network needs is known here. Field numbers are
 * those of onnx.proto3. Each function adds a part to a message that is being put together.
 */

enum { ONNX_MOST_INPUTS = 5, ONNX_MOST_RANK = 4 };

/* An operation, whose attributes are added first. */
typedef struct onnx_node {
    const char *op, *name;
    const char *block;                    /* for people */
    const char *inputs[ONNX_MOST_INPUTS]; /* names of tensors; NULL after the last */
    const char *output;
    text_builder attributes; /* starts as zeros; empty after onnx_add_node */
} onnx_node;

void onnx_set_int(onnx_node *node, const char *name, size_t value);
void onnx_set_ints(onnx_node *node, const char *name, const size_t *values, size_t n);
void onnx_set_float(onnx_node *node, const char *name, double value);
void onnx_add_node(text_builder *graph, onnx_node *node);

/* A float32 tensor that the file holds; values: in the order of dims, the last one fastest. rank 0: one number. */
void onnx_add_tensor(text_builder *graph, const char *name, const size_t *dims, size_t rank, const float *values);

/* What the graph reads or gives: float32 [N, dims...], where N is any number of samples. */
void onnx_add_input(text_builder *graph, const char *name, const size_t *dims, size_t rank);
void onnx_add_output(text_builder *graph, const char *name, const size_t *dims, size_t rank);

void onnx_add_graph_name(text_builder *graph, const char *name);

/* The model around a graph, all but the graph itself, which comes last: onnx_add_graph_key, and then its bytes. */
void onnx_add_versions(text_builder *model, size_t ir_version, size_t opset);
void onnx_add_producer(text_builder *model, const char *program);
void onnx_add_metadata(text_builder *model, const char *key, const char *value);
void onnx_add_graph_key(text_builder *model, size_t graph_size);

#endif
