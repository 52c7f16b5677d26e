#include "exchange/keras_config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json_read.h"

enum { MOST_DEPTH = 6 };

typedef struct reading {
    keras_config *out;
    int depth; /* of layers within layers */
    int code;
} reading;

/* A layer's members that matter: of itself, or of its `config`. */
typedef struct layer {
    char class_name[64], name[KERAS_CONFIG_NAME], activation[32];
    const char *config, *layers, *shape; /* containers within, as bytes */
    size_t config_size, layers_size, shape_size;
    double epsilon, momentum, scale, offset;
} layer;

static void copy_text(char *out, size_t size, const json_member *m)
{
    if (m->kind == JSON_TEXT) {
        (void)snprintf(out, size, "%.*s", (int)size - 1, m->text);
    }
}

static void copy_bytes(const char **out, size_t *size, const json_member *m)
{
    if (m->kind == JSON_OTHER) {
        *out = m->bytes;
        *size = m->size;
    }
}

static void copy_number(double *out, const json_member *m)
{
    if (m->kind == JSON_NUMBER) {
        *out = m->number;
    }
}

static void take_layer(void *context, const json_member *m)
{
    layer *l = context;
    if (strcmp(m->key, "class_name") == 0) {
        copy_text(l->class_name, sizeof l->class_name, m);
    } else if (strcmp(m->key, "config") == 0) {
        copy_bytes(&l->config, &l->config_size, m);
    }
}

static void take_config(void *context, const json_member *m)
{
    layer *l = context;
    const struct {
        const char *key;
        double *number;
    } numbers[] = {{"epsilon", &l->epsilon}, {"momentum", &l->momentum}, {"scale", &l->scale}, {"offset", &l->offset}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(m->key, numbers[i].key) == 0) {
            copy_number(numbers[i].number, m);
        }
    }
    if (strcmp(m->key, "name") == 0) {
        copy_text(l->name, sizeof l->name, m);
    } else if (strcmp(m->key, "activation") == 0) {
        copy_text(l->activation, sizeof l->activation, m);
    } else if (strcmp(m->key, "layers") == 0) {
        copy_bytes(&l->layers, &l->layers_size, m);
    } else if (strcmp(m->key, "batch_shape") == 0 || strcmp(m->key, "batch_input_shape") == 0) {
        copy_bytes(&l->shape, &l->shape_size, m);
    }
}

/* (batch, height, width, channels), in which what is not fixed is null. */
typedef struct dimensions {
    double sizes[4];
    size_t count;
} dimensions;

static void take_dimension(void *context, const json_member *m)
{
    dimensions *d = context;
    if (d->count < 4) {
        d->sizes[d->count] = m->kind == JSON_NUMBER ? m->number : 0;
    }
    d->count++;
}

static void take_input(keras_config *out, const layer *l)
{
    enum { MOST_SIDE = 1 << 20 };
    dimensions d = {0};
    if (out->height > 0 || l->shape == NULL || json_read_array(l->shape, l->shape_size, take_dimension, &d) != LS_OK) {
        return;
    }
    if (d.count == 4 && d.sizes[1] >= 1 && d.sizes[1] <= MOST_SIDE && d.sizes[2] >= 1 && d.sizes[2] <= MOST_SIDE) {
        out->height = (size_t)d.sizes[1];
        out->width = (size_t)d.sizes[2];
    }
}

static void take_norm(keras_config *out, const layer *l)
{
    if (out->norms++ == 0) {
        out->epsilon = l->epsilon;
        out->momentum = l->momentum;
    }
    /* NaN, of one that does not say, is Keras' default */
    const bool same = out->epsilon == l->epsilon || (isnan(out->epsilon) && isnan(l->epsilon));
    out->norms_differ = out->norms_differ || !same;
}

static void take_dense(keras_config *out, const layer *l)
{
    if (out->dense_count < KERAS_CONFIG_MOST_DENSE) {
        keras_config_dense *d = &out->dense[out->dense_count];
        memcpy(d->name, l->name, sizeof d->name);
        /* an activation that is no text is an object of somebody's own */
        (void)snprintf(d->activation, sizeof d->activation, "%s", l->activation[0] != '\0' ? l->activation : "custom");
    }
    out->dense_count++;
}

/* What the network and a plain head are made of, what does nothing at inference, and how pixels are prepared. */
static bool is_known(const layer *l)
{
    static const char *const known[] = {
        "Functional",
        "Model",
        "Sequential",
        "InputLayer",
        "Conv2D",
        "DepthwiseConv2D",
        "BatchNormalization",
        "ReLU",
        "Add",
        "ZeroPadding2D",
        "GlobalAveragePooling2D",
        "Dense",
        "Dropout",
        "Rescaling",
        "Softmax",
        "Flatten",
        "TrueDivide",
        "Subtract",
        "TFOpLambda",
        "SlicingOpLambda",
        "TensorFlowOpLayer",
        "Resizing",
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(l->class_name, known[i]) == 0) {
            return true;
        }
    }
    if (strcmp(l->class_name, "Activation") == 0) {
        return strcmp(l->activation, "softmax") == 0 || strcmp(l->activation, "linear") == 0;
    }
    return strncmp(l->class_name, "Random", 6) == 0; /* augmentation */
}

static void take_element(void *context, const json_member *m);

static void read_layer(reading *r, const char *bytes, size_t n)
{
    layer l = {.epsilon = 1e-3, .momentum = 0.99, .scale = (double)NAN, .offset = 0};
    if (json_read_object(bytes, n, take_layer, &l) != LS_OK || r->depth >= MOST_DEPTH) {
        r->code = LS_EFORMAT;
        return;
    }
    /* A Sequential of an old Keras has a list of layers here: such a model is known by its weights alone. */
    if (l.config == NULL || l.config[0] != '{') {
        return;
    }
    if (json_read_object(l.config, l.config_size, take_config, &l) != LS_OK) {
        r->code = LS_EFORMAT;
        return;
    }
    take_input(r->out, &l);
    if (r->out->strange[0] == '\0' && !is_known(&l)) {
        (void)snprintf(r->out->strange, sizeof r->out->strange, "%s", l.class_name);
    }
    if (strcmp(l.name, "Conv1") == 0 || strcmp(l.name, "expanded_conv_depthwise") == 0) {
        r->out->is_applications = true;
    }
    if (strcmp(l.class_name, "BatchNormalization") == 0) {
        take_norm(r->out, &l);
    } else if (strcmp(l.class_name, "Dense") == 0) {
        take_dense(r->out, &l);
    } else if (strcmp(l.class_name, "Rescaling") == 0 && r->out->rescalings++ == 0) {
        r->out->scale = l.scale;
        r->out->offset = l.offset;
    }
    if (l.layers != NULL) {
        r->depth++;
        if (json_read_array(l.layers, l.layers_size, take_element, r) != LS_OK) {
            r->code = LS_EFORMAT;
        }
        r->depth--;
    }
}

static void take_element(void *context, const json_member *m)
{
    reading *r = context;
    if (m->kind == JSON_OTHER && r->code == LS_OK) {
        read_layer(r, m->bytes, m->size);
    }
}

int keras_config_read(keras_config *out, const char *bytes, size_t n, const char *path)
{
    *out = (keras_config){0};
    reading r = {.out = out};
    read_layer(&r, bytes, n);
    return r.code == LS_OK ? LS_OK
                           : error_set(LS_EFORMAT, "%s: Keras' description of the model in it is damaged", path);
}

const char *keras_config_activation(const keras_config *c, const char *dense)
{
    for (size_t i = 0; i < c->dense_count && i < KERAS_CONFIG_MOST_DENSE; i++) {
        if (strcmp(c->dense[i].name, dense) == 0) {
            return c->dense[i].activation;
        }
    }
    return "";
}
