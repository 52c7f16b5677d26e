#ifndef LOCKSTEP_EXCHANGE_KERAS_CONFIG_H
#define LOCKSTEP_EXCHANGE_KERAS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What Keras' description of a model says that its weights do not: a JSON object, config.json of a `.keras` file or the
 * attribute model_config of an older one. Layers within layers are looked at as well.
 */
enum { KERAS_CONFIG_NAME = 128, KERAS_CONFIG_MOST_DENSE = 4 };

typedef struct keras_config_dense {
    char name[KERAS_CONFIG_NAME], activation[32];
} keras_config_dense;

typedef struct keras_config {
    size_t height, width;     /* of the first input that has a size; 0: none has */
    size_t norms;             /* layers of BatchNorm */
    double epsilon, momentum; /* of the first */
    bool norms_differ;        /* another one's are others */
    size_t rescalings;        /* layers that rescale their input: */
    double scale, offset;     /* the first's: output = input * scale + offset */
    keras_config_dense dense[KERAS_CONFIG_MOST_DENSE];
    size_t dense_count;   /* may be more than there is room for */
    bool is_applications; /* layers have the names of keras.applications' MobileNetV2 */
    char strange[64];     /* class of the first layer that neither MobileNetV2 nor a head of Lockstep's has; "": none */
} keras_config;

/* LS_EFORMAT where it is no such description; path: what the error calls the file. */
int keras_config_read(keras_config *out, const char *bytes, size_t n, const char *path);

/* The activation of a dense layer, "" where nothing is known. */
const char *keras_config_activation(const keras_config *c, const char *dense);

#endif
