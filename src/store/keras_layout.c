#include "store/keras_layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const h5_type real_type = sizeof(real) == 4 ? H5_FLOAT32 : H5_FLOAT64;

static const layer_info *layer_of(const tensor_table *t, size_t index)
{
    for (size_t i = 0; i < t->layer_count; i++) {
        const layer_info *layer = &t->layers[i];
        if (index >= layer->first && index - layer->first < layer->count) {
            return layer;
        }
    }
    return NULL;
}

char *keras_layout_path(char *out, const tensor_table *t, size_t index)
{
    const layer_info *layer = layer_of(t, index);
    (void)snprintf(out, KERAS_PATH_SIZE, "layers/%s/vars/%zu", t->tensors[index].layer,
                   layer == NULL ? 0 : index - layer->first);
    return out;
}

/* "conv2d/kernel:0" */
static void leaf_name(char *out, size_t size, const tensor_info *info)
{
    (void)snprintf(out, size, "%s/%s:0", info->layer, tensor_role_name(info->role));
}

static int write_tensors(h5_file *f, const tensor_table *t, const real *weights, const real *moving)
{
    char path[KERAS_PATH_SIZE];
    int code = h5_make_group(f, "vars");
    /* Keras 3 does without the groups of layers that have no variables; its predecessor does not. */
    for (size_t i = 0; code == LS_OK && i < t->layer_count; i++) {
        (void)snprintf(path, sizeof path, "layers/%s/vars", t->layers[i].name);
        code = h5_make_group(f, path);
    }
    for (size_t i = 0; code == LS_OK && i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        const real *values = (info->trainable ? weights : moving) + info->offset;
        code = h5_write(f, keras_layout_path(path, t, i), real_type, info->rank, info->shape, values);
    }
    return code;
}

/* Links and weight_names of one layer's legacy group. */
static int link_layer(h5_file *f, const tensor_table *t, const layer_info *layer)
{
    enum { MOST = 8 };
    char names[MOST][KERAS_PATH_SIZE];
    const char *list[MOST];
    char from[KERAS_PATH_SIZE];
    char to[2 * KERAS_PATH_SIZE];
    if (layer->count > MOST) {
        return error_set(LS_ERROR, "%s: layer %s has more than %d variables", h5_path(f), layer->name, (int)MOST);
    }
    for (size_t i = 0; i < layer->count; i++) {
        const size_t index = layer->first + i;
        leaf_name(names[i], sizeof names[i], &t->tensors[index]);
        list[i] = names[i];
        (void)snprintf(to, sizeof to, "%s/%.*s", layer->name, (int)sizeof names[i] - 1, names[i]);
        const int code = h5_hard_link(f, keras_layout_path(from, t, index), to);
        if (code != LS_OK) {
            return code;
        }
    }
    return h5_write_attr_strings(f, layer->name, "weight_names", list, layer->count);
}

static int link_legacy(h5_file *f, const tensor_table *t)
{
    size_t n = 0;
    int code = LS_OK;
    const char **names = calloc(t->layer_count + 1, sizeof *names);
    if (names == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for layer names", h5_path(f));
    }
    for (size_t i = 0; code == LS_OK && i < t->layer_count; i++) {
        if (t->layers[i].count > 0) {
            names[n++] = t->layers[i].name;
            code = link_layer(f, t, &t->layers[i]);
        }
    }
    if (code == LS_OK && (code = h5_write_attr_strings(f, "/", "layer_names", names, n)) == LS_OK &&
        (code = h5_write_attr_string(f, "/", "backend", "tensorflow")) == LS_OK) {
        code = h5_write_attr_string(f, "/", "keras_version", "2.15.0");
    }
    free(names);
    return code;
}

int keras_layout_write(h5_file *f, const tensor_table *t, const real *weights, const real *moving)
{
    const int code = write_tensors(f, t, weights, moving);
    return code == LS_OK ? link_legacy(f, t) : code;
}

/* "(3, 3, 3, 32)" */
static void shape_text(char *out, size_t size, int rank, const size_t *dims)
{
    size_t at = 0;
    out[0] = '\0';
    for (int i = 0; i < rank && at < size; i++) {
        const int n = snprintf(out + at, size - at, "%s%zu", i == 0 ? "(" : ", ", dims[i]);
        at += n > 0 ? (size_t)n : 0;
    }
    if (at + 1 < size) {
        (void)snprintf(out + at, size - at, rank == 0 ? "()" : ")");
    }
}

static int read_tensor(h5_file *f, const char *path, const tensor_info *info, real *out)
{
    char name[2 * TENSOR_NAME_SIZE];
    char have[128];
    char want[128];
    h5_shape shape;
    (void)tensor_full_name(name, sizeof name, info);
    const int code = h5_stat(f, path, &shape);
    if (code == LS_ENOTFOUND) {
        return error_set(LS_EFORMAT, "%s: tensor %s is missing (no %s)", h5_path(f), name, path);
    }
    if (code != LS_OK) {
        return code;
    }
    int same = shape.rank == info->rank;
    for (int i = 0; same && i < info->rank; i++) {
        same = shape.dims[i] == info->shape[i];
    }
    if (!same) {
        shape_text(have, sizeof have, shape.rank, shape.dims);
        shape_text(want, sizeof want, info->rank, info->shape);
        return error_set(LS_EFORMAT, "%s: tensor %s has shape %s where the network has %s", h5_path(f), name, have,
                         want);
    }
    if (shape.type != H5_FLOAT32 && shape.type != H5_FLOAT64) {
        return error_set(LS_EFORMAT, "%s: tensor %s holds neither float32 nor float64", h5_path(f), name);
    }
    return h5_read(f, path, real_type, info->size, out);
}

static int read_keras3(h5_file *f, const tensor_table *t, real *weights, real *moving)
{
    char path[KERAS_PATH_SIZE];
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        code = read_tensor(f, keras_layout_path(path, t, i), info, tensor_values(info, weights, moving));
    }
    return code;
}

/* The variables of the legacy layer group `group`; *next is the table index that follows. */
static int read_legacy_layer(h5_file *f, const char *group, const tensor_table *t, real *weights, real *moving,
                             size_t *next)
{
    char **names = NULL;
    size_t count = 0;
    char path[1024];
    int code = h5_read_attr_strings(f, group, "weight_names", &names, &count);
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        const int n = snprintf(path, sizeof path, "%s/%s", group, names[i]);
        if (n < 0 || (size_t)n >= sizeof path) {
            code = error_set(LS_EFORMAT, "%s: %s: a weight name is too long", h5_path(f), group);
        } else if (*next >= t->count) {
            code = error_set(LS_EFORMAT, "%s: holds more tensors than the network's %zu", h5_path(f), t->count);
        } else {
            const tensor_info *info = &t->tensors[(*next)++];
            code = read_tensor(f, path, info, tensor_values(info, weights, moving));
        }
    }
    free(names);
    return code;
}

static int read_legacy(h5_file *f, const char *root, const tensor_table *t, real *weights, real *moving)
{
    char **layers = NULL;
    size_t count = 0;
    size_t next = 0;
    char group[512];
    int code = h5_read_attr_strings(f, root, "layer_names", &layers, &count);
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        const int n = snprintf(group, sizeof group, "%s%s%s", root, strcmp(root, "/") == 0 ? "" : "/", layers[i]);
        if (n < 0 || (size_t)n >= sizeof group) {
            code = error_set(LS_EFORMAT, "%s: a layer name is too long", h5_path(f));
        } else {
            code = read_legacy_layer(f, group, t, weights, moving, &next);
        }
    }
    if (code == LS_OK && next != t->count) {
        code = error_set(LS_EFORMAT, "%s: holds %zu tensors, the network has %zu", h5_path(f), next, t->count);
    }
    free(layers);
    return code;
}

int keras_layout_read(h5_file *f, const tensor_table *t, real *weights, real *moving)
{
    if (h5_exists(f, "layers")) {
        return read_keras3(f, t, weights, moving);
    }
    if (h5_attr_exists(f, "/", "layer_names")) {
        return read_legacy(f, "/", t, weights, moving);
    }
    if (h5_attr_exists(f, "/model_weights", "layer_names")) {
        return read_legacy(f, "/model_weights", t, weights, moving);
    }
    return error_set(LS_EFORMAT, "%s: not a Keras weights file: neither /layers nor layer_names", h5_path(f));
}
