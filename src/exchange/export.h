#ifndef LOCKSTEP_EXCHANGE_EXPORT_H
#define LOCKSTEP_EXCHANGE_EXPORT_H

#include "exchange/model.h"

/*
 * A network's weights for other programs. Files appear under their names whole or not at all; export_* returns 0,
 * LS_EIO, LS_ENOMEM, or LS_EUSAGE where the place is no good, or the other program has no such network: one line says
 * why.
 */

/*
 * safetensors with torchvision's names, for load_state_dict(strict=True) of the network that the note `torchvision` in
 * it makes, in Python. Refused for a network without BatchNorm and for padding other than PADDING_SYMMETRIC: what
 * torchvision computes has zeros on all sides. A hidden dense layer is classifier.1, the last one classifier.3.
 */
int export_safetensors(const char *path, const exchange_model *m);

/*
 * HDF5 in Keras' older layout, for keras.applications.MobileNetV2(weights=None, alpha, classes, input_shape)
 * .load_weights(path) of Keras 2 and 3, and with include_top=False for load_weights(path, by_name=True). path: not
 * *.weights.h5, which is how Keras tells the newer layout. Refused for a network without BatchNorm, for an epsilon
 * other than 1e-3, for another depth than 1, for fixed_ends with a width other than 1, and for paddings that differ
 * from PADDING_KERAS at m->spec's height and width. With a hidden dense layer, called `dense`, the file is for a model
 * of MobileNetV2(include_top=False, pooling="avg") and both dense layers.
 */
int export_keras(const char *path, const exchange_model *m);

/* Why a program cannot have the network, in static memory; NULL: it can. */
const char *export_safetensors_problem(const exchange_model *m);
const char *export_keras_problem(const exchange_model *m);

#endif
