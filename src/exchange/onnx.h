#ifndef LOCKSTEP_EXCHANGE_ONNX_H
#define LOCKSTEP_EXCHANGE_ONNX_H

#include <stdbool.h>

#include "exchange/model.h"

/*
 * A network as an ONNX file, for ONNX Runtime, OpenVINO and what else reads them.
 *
 * Its input is called `input`: float32 [N, 3, height, width] with any N, red, green and blue, scaled as exchange_model
 * says; scaling is not part of the file's graph. Its output is `logits` or `probabilities`, float32 [N, classes]. Nodes
 * are called as Keras calls the layers that they come from ("depthwise_conv2d_3"), weights as its variables
 * ("conv2d/kernel"), and a node's doc_string is the layer's block ("block3.expand").
 *
 * All weights are float32, whatever `real` is. Zeros around a convolution's input are its `pads`, ReLU6 is a Clip from
 * 0 to 6. What dropout leaves out in training is not left out. model.precision has no effect: the file is computed in
 * float32, or as its reader likes.
 *
 * Metadata (metadata_props), each a text:
 *
 *   program         exchange_model.program
 *   network         "MobileNetV2"
 *   classes         names in the order of the output, as a JSON array
 *   height, width   of the input, pixels
 *   layout          "NCHW"
 *   colours         "RGB"
 *   mean, deviation of red, green and blue, as JSON arrays
 *   scaling         how the input follows from them: "(pixel / 255 - mean) / deviation"
 *   output          "logits" or "probabilities"
 *
 * Operators are those of opset 13 and the container is IR version 7: those of ONNX 1.8 (2020), which ONNX Runtime reads
 * since 1.6, and which later readers keep reading; tried with ONNX Runtime 1.15 and 1.32, OpenVINO 2023.0 and 2026.4.
 * Clip takes its limits as inputs since opset 11 and Softmax has its present meaning since 13; later opsets have
 * nothing that the network would use.
 */
enum { ONNX_OPSET = 13, ONNX_IR_VERSION = 7 };

typedef struct onnx_options {
    bool keep_batch_norm; /* as BatchNormalization nodes; else in the weights and a bias of the convolution before it */
    bool softmax;         /* at the end, for probabilities; else logits */
} onnx_options;

/*
 * Write it; a file that is there is replaced as a whole or stays as it is. o: NULL as all zeros. Not collective.
 * Returns 0; LS_EUSAGE where the file cannot be at this path, or would have 2 GiB or more, which is the most that ONNX
 * allows; LS_ENUMERIC where a number is not finite as float32; LS_EIO, LS_ENOMEM.
 */
int export_onnx(const char *path, const exchange_model *m, const onnx_options *o);

#endif
