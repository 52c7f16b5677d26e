#ifndef LOCKSTEP_EXCHANGE_TFLITE_PRIVATE_H
#define LOCKSTEP_EXCHANGE_TFLITE_PRIVATE_H

#include <stdint.h>

#include "exchange/flatbuffer.h"
#include "exchange/folded.h"
#include "exchange/quantize.h"
#include "exchange/tflite.h"

/* Numbers of tensorflow/lite/schema/schema.fbs, with its names. */
enum { TFLITE_FLOAT32 = 0, TFLITE_INT32 = 2, TFLITE_INT8 = 9 };
enum { TFLITE_NONE = 0, TFLITE_RELU = 1, TFLITE_RELU6 = 3 };
enum { TFLITE_SAME = 0, TFLITE_VALID = 1 };

/* Operations; their numbers in the schema are in tflite.c. */
typedef enum tflite_op {
    TFLITE_ADD,
    TFLITE_CONV_2D,
    TFLITE_DEPTHWISE_CONV_2D,
    TFLITE_DEQUANTIZE,
    TFLITE_FULLY_CONNECTED,
    TFLITE_SOFTMAX,
    TFLITE_PAD,
    TFLITE_MEAN,
    TFLITE_QUANTIZE,
    TFLITE_OPS
} tflite_op;

typedef struct tflite_refs {
    flatbuffer_ref *refs; /* owned; [room] */
    size_t count, room;
} tflite_refs;

/* A file while it is made. */
typedef struct tflite_writer {
    flatbuffer f;
    const exchange_model *m;
    const tflite_options *o;
    folded net;
    tflite_refs tensors, buffers, operators; /* of the network */
    quantization *scales;                    /* owned; [layers]: of their outputs */
    uint32_t *outputs;                       /* owned; [layers]: tensors */
    uint32_t input, output;                  /* tensors of the network */
    tflite_op ops[TFLITE_OPS];               /* [op_count] that occur */
    size_t op_count;
} tflite_writer;

/* What a tensor holds, and by which scales; count 0: it is not of 8 bits. */
typedef struct tflite_scales {
    const float *scales; /* [count] */
    size_t count;
    int zero;
    int dimension; /* along which they follow each other */
} tflite_scales;

typedef struct tflite_tensor {
    const char *name, *part; /* "conv2d_3", "kernel"; or NULL */
    int type;
    int32_t shape[4];
    int rank;
    const void *data; /* NULL: it is computed */
    tflite_scales scales;
} tflite_tensor;

/* Add a tensor; its number. */
uint32_t tflite_add_tensor(tflite_writer *w, const tflite_tensor *t);
/* Of an output of this shape, float32 or int8 by `q` (NULL: float32). */
uint32_t tflite_add_output(tflite_writer *w, const char *name, const char *part, graph_shape shape,
                           const quantization *q);

/* Add a buffer of bytes; its number. */
uint32_t tflite_add_buffer(tflite_writer *w, const void *bytes, size_t n);

/* Kernel and bias of a layer, in TensorFlow Lite's order. inputs[1] and inputs[2] get their tensors. */
int tflite_add_weights(tflite_writer *w, const folded_layer *layer, int32_t inputs[3]);

/* The layer's operators and tensors. Layers come in order. */
int tflite_add_layer(tflite_writer *w, size_t at);
/* What comes after the last layer. */
void tflite_add_end(tflite_writer *w);
/* The list of the operations that occur; after all of them. */
flatbuffer_ref tflite_add_codes(tflite_writer *w);

/* What is called so in the file: "logits" or "probabilities". */
static inline const char *tflite_output_name(const tflite_writer *w)
{
    return w->o->softmax ? "probabilities" : "logits";
}

/* "MobileNetV2 ...", in a sentence or two. Returns out. */
char *tflite_describe(char *out, size_t size, const tflite_writer *w);

/* The metadata of TensorFlow Lite's tools, as a FlatBuffer of its own in *out, which is released in any case. */
const unsigned char *tflite_metadata(flatbuffer *out, size_t *size, const tflite_writer *w);

enum { TFLITE_DESCRIPTION_SIZE = 512 };
#define TFLITE_LABELS "labels.txt"

#endif
