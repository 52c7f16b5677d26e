#include "exchange/onnx_message.h"

#include <stdint.h>
#include <string.h>

#include "base/protobuf.h"

/* Numbers of fields in onnx.proto3. */
enum { MODEL_IR = 1, MODEL_PRODUCER = 2, MODEL_PRODUCER_VERSION = 3, MODEL_GRAPH = 7, MODEL_OPSET = 8 };
enum { MODEL_METADATA = 14, ENTRY_KEY = 1, ENTRY_VALUE = 2, OPSET_VERSION = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUTS = 11, GRAPH_OUTPUTS = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5, NODE_ABOUT = 6 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_F = 2, ATTRIBUTE_I = 3, ATTRIBUTE_INTS = 8, ATTRIBUTE_TYPE = 20 };
enum { TYPE_FLOAT = 1, TYPE_INT = 2, TYPE_INTS = 7 }; /* AttributeProto.AttributeType */
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9, DATA_FLOAT = 1 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, TENSOR_SHAPE = 2 };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_PARAM = 2 };

void onnx_set_int(onnx_node *node, const char *name, size_t value)
{
    text_builder a = {0};
    proto_add_text(&a, ATTRIBUTE_NAME, name);
    proto_add_number(&a, ATTRIBUTE_I, value);
    proto_add_number(&a, ATTRIBUTE_TYPE, TYPE_INT);
    proto_add_message(&node->attributes, NODE_ATTRIBUTE, &a);
}

void onnx_set_ints(onnx_node *node, const char *name, const size_t *values, size_t n)
{
    text_builder a = {0};
    proto_add_text(&a, ATTRIBUTE_NAME, name);
    for (size_t i = 0; i < n; i++) {
        proto_add_number(&a, ATTRIBUTE_INTS, values[i]);
    }
    proto_add_number(&a, ATTRIBUTE_TYPE, TYPE_INTS);
    proto_add_message(&node->attributes, NODE_ATTRIBUTE, &a);
}

void onnx_set_float(onnx_node *node, const char *name, double value)
{
    text_builder a = {0};
    proto_add_text(&a, ATTRIBUTE_NAME, name);
    proto_add_float(&a, ATTRIBUTE_F, (float)value);
    proto_add_number(&a, ATTRIBUTE_TYPE, TYPE_FLOAT);
    proto_add_message(&node->attributes, NODE_ATTRIBUTE, &a);
}

void onnx_add_node(text_builder *graph, onnx_node *node)
{
    text_builder n = {0};
    for (size_t i = 0; i < ONNX_MOST_INPUTS && node->inputs[i] != NULL; i++) {
        proto_add_text(&n, NODE_INPUT, node->inputs[i]);
    }
    proto_add_text(&n, NODE_OUTPUT, node->output);
    proto_add_text(&n, NODE_NAME, node->name);
    proto_add_text(&n, NODE_OP, node->op);
    text_add_bytes(&n, text_of(&node->attributes), node->attributes.length);
    n.failed = n.failed || node->attributes.failed;
    text_release(&node->attributes);
    if (node->block[0] != '\0') {
        proto_add_text(&n, NODE_ABOUT, node->block);
    }
    proto_add_message(graph, GRAPH_NODE, &n);
}

/* The lowest byte first, on any machine. */
static void write_floats(char *out, const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = 0;
        memcpy(&bits, &values[i], sizeof bits);
        for (size_t k = 0; k < sizeof bits; k++) {
            out[i * sizeof bits + k] = (char)(bits >> (8 * k));
        }
    }
}

/* The numbers are nearly all of a file: they go straight to where they stay. */
void onnx_add_tensor(text_builder *graph, const char *name, const size_t *dims, size_t rank, const float *values)
{
    text_builder head = {0};
    size_t n = 1;
    for (size_t i = 0; i < rank; i++) {
        proto_add_number(&head, TENSOR_DIMS, dims[i]);
        n *= dims[i];
    }
    proto_add_number(&head, TENSOR_TYPE, DATA_FLOAT);
    proto_add_text(&head, TENSOR_NAME, name);
    proto_add_length(&head, TENSOR_RAW, n * sizeof *values);
    proto_add_length(graph, GRAPH_INITIALIZER, head.length + n * sizeof *values);
    text_add_bytes(graph, text_of(&head), head.length);
    graph->failed = graph->failed || head.failed;
    text_release(&head);
    char *const room = text_room(graph, n * sizeof *values);
    if (room != NULL) {
        write_floats(room, values, n);
    }
}

static void add_value(text_builder *graph, unsigned field, const char *name, const size_t *dims, size_t rank)
{
    text_builder dim = {0};
    text_builder shape = {0};
    text_builder tensor = {0};
    text_builder type = {0};
    text_builder value = {0};
    proto_add_text(&dim, DIM_PARAM, "N");
    proto_add_message(&shape, SHAPE_DIM, &dim);
    for (size_t i = 0; i < rank; i++) {
        proto_add_number(&dim, DIM_VALUE, dims[i]);
        proto_add_message(&shape, SHAPE_DIM, &dim);
    }
    proto_add_number(&tensor, TENSOR_ELEMENT, DATA_FLOAT);
    proto_add_message(&tensor, TENSOR_SHAPE, &shape);
    proto_add_message(&type, TYPE_TENSOR, &tensor);
    proto_add_text(&value, VALUE_NAME, name);
    proto_add_message(&value, VALUE_TYPE, &type);
    proto_add_message(graph, field, &value);
}

void onnx_add_input(text_builder *graph, const char *name, const size_t *dims, size_t rank)
{
    add_value(graph, GRAPH_INPUTS, name, dims, rank);
}

void onnx_add_output(text_builder *graph, const char *name, const size_t *dims, size_t rank)
{
    add_value(graph, GRAPH_OUTPUTS, name, dims, rank);
}

void onnx_add_graph_name(text_builder *graph, const char *name)
{
    proto_add_text(graph, GRAPH_NAME, name);
}

void onnx_add_versions(text_builder *model, size_t ir_version, size_t opset)
{
    text_builder import = {0};
    proto_add_number(model, MODEL_IR, ir_version);
    proto_add_number(&import, OPSET_VERSION, opset); /* of the domain "", which ONNX' own operators are in */
    proto_add_message(model, MODEL_OPSET, &import);
}

/* "lockstep 1.2" is the name and the version. */
void onnx_add_producer(text_builder *model, const char *program)
{
    const char *space = strrchr(program, ' ');
    const size_t n = space == NULL ? strlen(program) : (size_t)(space - program);
    proto_add_bytes(model, MODEL_PRODUCER, program, n);
    if (space != NULL) {
        proto_add_text(model, MODEL_PRODUCER_VERSION, space + 1);
    }
}

void onnx_add_metadata(text_builder *model, const char *key, const char *value)
{
    text_builder entry = {0};
    proto_add_text(&entry, ENTRY_KEY, key);
    proto_add_text(&entry, ENTRY_VALUE, value);
    proto_add_message(model, MODEL_METADATA, &entry);
}

void onnx_add_graph_key(text_builder *model, size_t graph_size)
{
    proto_add_length(model, MODEL_GRAPH, graph_size);
}
