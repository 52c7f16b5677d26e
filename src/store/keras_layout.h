#ifndef LOCKSTEP_STORE_KERAS_LAYOUT_H
#define LOCKSTEP_STORE_KERAS_LAYOUT_H

#include <stddef.h>

#include "base/real.h"
#include "io/h5.h"
#include "network/options.h"
#include "tensor/state.h"

/*
 * The two places in which Keras looks for weights. Keras 3 (files *.weights.h5): layers/<layer>/vars/<i>. Every Keras
 * since 2.0 (other *.h5): <layer>/<layer>/<leaf>:0, listed by the attributes layer_names and weight_names. One file can
 * serve both: the second set of names are hard links to the data of the first.
 */

enum { KERAS_PATH_SIZE = 2 * TENSOR_NAME_SIZE + 64 };

/* Path of a table's tensor in Keras 3's layout: "layers/conv2d_3/vars/0". out has KERAS_PATH_SIZE bytes. Returns out.
 */
char *keras_layout_path(char *out, const tensor_table *t, size_t index);

/* The paths of all of a table's tensors there: one block for free(). NULL: out of memory. */
char **keras_layout_own_paths(const tensor_table *t);

/* Write all tensors in both layouts, float32 (float64 in the double build). Returns 0 or a negative code. */
int keras_layout_write(h5_file *f, const state *s);

/*
 * Read all tensors from whichever layout the file has, Keras 3's first. The legacy one goes by position, so layers may
 * have any names; it may lie under /model_weights. LS_EFORMAT names the first tensor that is missing or of another
 * shape; the state may then be partly written.
 */
int keras_layout_read(h5_file *f, state *s);

/*
 * The table of a network's variables with the shapes that the file has: any width, any number of classes. known: which
 * network, but for these; NULL: the one whose names the file has. *out is released with tensor_table_release after a
 * success. LS_EFORMAT where it is no network's.
 */
int keras_layout_describe(h5_file *f, const network_options *known, tensor_table *out);

/*
 * In parts, for who wants to know where tensors lie. keras_layout_root: "layers" (Keras 3), "/" or "/model_weights"
 * (the older layout), or NULL. keras_layout_legacy: the full paths of all tensors below a root of the older layout, in
 * its order. keras_layout_paths: the paths of a table's tensors, in whichever layout the file has. *out: one block for
 * free(). keras_layout_check: 0 when a tensor is there with the table's shape, as float32 or float64.
 */
const char *keras_layout_root(h5_file *f);
int keras_layout_legacy(h5_file *f, const char *root, char ***out, size_t *count);
int keras_layout_paths(h5_file *f, const tensor_table *t, char ***out);
int keras_layout_check(h5_file *f, const char *path, const tensor_info *info);

#endif
