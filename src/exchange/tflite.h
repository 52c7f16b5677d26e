#ifndef LOCKSTEP_EXCHANGE_TFLITE_H
#define LOCKSTEP_EXCHANGE_TFLITE_H

#include "exchange/model.h"
#include "exchange/ranges.h"

/*
 * Networks for TensorFlow Lite, which is also called LiteRT. Such a file holds the network for inference alone: one
 * picture, float32, [1][height][width][3], already scaled as the network was trained; out come logits or
 * probabilities, [1][classes]. BatchNorm is folded into the convolutions, ReLU6 is their activation.
 *
 * How pixels become inputs, and the classes' names, are in the metadata that TensorFlow Lite's tools read; the names
 * are the file labels.txt of a ZIP archive at the end, which `unzip` reads as well.
 */
typedef struct tflite_options {
    /*
     * NULL: float32. Otherwise weights and activations are int8: kernels with a scale for each filter, the dense
     * layers' with one, activations with what these ranges say; ranges of the same network (exchange/calibrate.h).
     */
    const exchange_ranges *ranges;
    int integer_ends; /* with ranges: input and output are int8 too, for processors without floating point */
    int softmax;      /* probabilities, not logits */
} tflite_options;

/*
 * Write the file, which takes its place as a whole (base/output.h). m->spec has the size of the input. Returns 0;
 * LS_EUSAGE for a network that has no form there, ranges of another network, more than 2 GiB, or a place that cannot be
 * taken; LS_ENUMERIC where a weight is not finite; LS_EIO; LS_ENOMEM.
 */
int export_tflite(const char *path, const exchange_model *m, const tflite_options *o);

#endif
