#ifndef LOCKSTEP_EXCHANGE_KERAS_FILE_H
#define LOCKSTEP_EXCHANGE_KERAS_FILE_H

#include <stdbool.h>

#include "exchange/keras_config.h"
#include "exchange/source.h"
#include "io/h5.h"

/*
 * A model that Keras saved, in any of its layouts, of which MobileNetV2 is all or a part:
 *
 *   .weights.h5   Keras 3: layers/<class>_<number>/vars/<i>, where newer versions tell the layer's name in an attribute
 *   .keras        Keras 3: a zip file with such a file and config.json
 *   .h5           older ones: <layer>/<variable>, listed by attributes; of a whole model below /model_weights
 *
 * Layers of models within the model are found as well.
 */
typedef struct keras_file {
    h5_file *h5;         /* owned */
    source s;            /* owned */
    text_builder paths;  /* owned: of data sets, each with its zero; a tensor's `at` is a place in it */
    keras_config config; /* zeros where the file has none */
    bool has_config;
    bool is_legacy; /* the older layout */
    bool
        is_named; /* layers have the names of keras.applications; otherwise tensors are called as NAMES_LAYERS has it */
    bool is_nested; /* the network is a layer of a larger model */
} keras_file;

/*
 * Open a file of HDF5, or a zip file with one in it, and look at what it holds. keras_file_close in any case. Returns
 * 0, LS_ENOTFOUND, LS_EIO, LS_ENOMEM or LS_EFORMAT. Of a file in the older layout whose layers have other names, the
 * source is of no use: store/weights_file reads it by position.
 */
int keras_file_open(keras_file *out, const char *path, bool is_zip);
void keras_file_close(keras_file *k);

/* Whether a zip file holds such a model, by its members. */
bool keras_file_is_member(const char *name);

#endif
