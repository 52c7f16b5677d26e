#ifndef LOCKSTEP_STORE_KERAS_LAYOUT_H
#define LOCKSTEP_STORE_KERAS_LAYOUT_H

#include <stddef.h>

#include "base/real.h"
#include "io/h5.h"
#include "tensor/table.h"

/*
 * The two places in which Keras looks for weights. Keras 3 (files *.weights.h5): layers/<layer>/vars/<i>. Every Keras
 * since 2.0 (other *.h5): <layer>/<layer>/<leaf>:0, listed by the attributes layer_names and weight_names. One file can
 * serve both: the second set of names are hard links to the data of the first.
 */

enum { KERAS_PATH_SIZE = 2 * TENSOR_NAME_SIZE + 64 };

/* Path of a table's tensor in Keras 3's layout: "layers/conv2d_3/vars/0". out has KERAS_PATH_SIZE bytes. Returns out.
 */
char *keras_layout_path(char *out, const tensor_table *t, size_t index);

/* Write all tensors in both layouts, float32 (float64 in the double build). Returns 0 or a negative code. */
int keras_layout_write(h5_file *f, const tensor_table *t, const real *weights, const real *moving);

/*
 * Read all tensors from whichever layout the file has, Keras 3's first. The legacy one goes by position, so layers may
 * have any names; it may lie under /model_weights. LS_EFORMAT names the first tensor that is missing or of another
 * shape; the vectors may then be partly written.
 */
int keras_layout_read(h5_file *f, const tensor_table *t, real *weights, real *moving);

#endif
