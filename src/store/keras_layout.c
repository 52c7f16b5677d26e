#include "store/keras_layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "network/network.h"

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

static int write_tensors(h5_file *f, const state *s)
{
    const tensor_table *t = s->table;
    char path[KERAS_PATH_SIZE];
    int code = h5_make_group(f, "vars");
    /* Keras 3 does without the groups of layers that have no variables; its predecessor does not. */
    for (size_t i = 0; code == LS_OK && i < t->layer_count; i++) {
        (void)snprintf(path, sizeof path, "layers/%s/vars", t->layers[i].name);
        code = h5_make_group(f, path);
    }
    for (size_t i = 0; code == LS_OK && i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        code = h5_write(f, keras_layout_path(path, t, i), H5_REAL, info->rank, info->shape, state_values(s, info));
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
    if (code == LS_OK) {
        code = h5_write_attr_strings(f, "/", "layer_names", names, n);
    }
    if (code == LS_OK) {
        code = h5_write_attr_string(f, "/", "backend", "tensorflow");
    }
    if (code == LS_OK) {
        code = h5_write_attr_string(f, "/", "keras_version", "2.15.0");
    }
    free(names);
    return code;
}

int keras_layout_write(h5_file *f, const state *s)
{
    const int code = write_tensors(f, s);
    return code == LS_OK ? link_legacy(f, s->table) : code;
}

int keras_layout_check(h5_file *f, const char *path, const tensor_info *info)
{
    char name[2 * TENSOR_NAME_SIZE];
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
        text_builder shapes = {0};
        text_add_shape(&shapes, shape.rank, shape.dims);
        text_add(&shapes, " where the network has ");
        text_add_shape(&shapes, info->rank, info->shape);
        (void)error_set(LS_EFORMAT, "%s: tensor %s has shape %s", h5_path(f), name, text_of(&shapes));
        text_release(&shapes);
        return LS_EFORMAT;
    }
    if (shape.type != H5_FLOAT32 && shape.type != H5_FLOAT64) {
        return error_set(LS_EFORMAT, "%s: tensor %s holds neither float32 nor float64", h5_path(f), name);
    }
    return LS_OK;
}

/* Write the paths of one legacy layer's variables, each with its zero. */
static int list_layer(text_builder *out, h5_file *f, const char *group)
{
    char **names = NULL;
    size_t n = 0;
    const int code = h5_read_attr_strings(f, group, "weight_names", &names, &n);
    for (size_t i = 0; code == LS_OK && i < n; i++) {
        text_add(out, "%s/%s%c", group, names[i], '\0');
    }
    free(names);
    return code;
}

static int list_layers(text_builder *out, h5_file *f, const char *root)
{
    char **layers = NULL;
    size_t n = 0;
    char group[512];
    int code = h5_read_attr_strings(f, root, "layer_names", &layers, &n);
    for (size_t i = 0; code == LS_OK && i < n; i++) {
        const int length = snprintf(group, sizeof group, "%s%s%s", root, strcmp(root, "/") == 0 ? "" : "/", layers[i]);
        if (length < 0 || (size_t)length >= sizeof group) {
            code = error_set(LS_EFORMAT, "%s: a layer name is too long", h5_path(f));
        } else {
            code = list_layer(out, f, group);
        }
    }
    free(layers);
    return code;
}

int keras_layout_legacy(h5_file *f, const char *root, char ***out, size_t *count)
{
    text_builder paths = {0};
    *count = 0;
    const int code = list_layers(&paths, f, root);
    *out = text_take_list(&paths, count);
    if (code != LS_OK) {
        free(*out);
        *out = NULL;
        return code;
    }
    return *out != NULL ? LS_OK : error_set(LS_ENOMEM, "%s: out of memory for tensor names", h5_path(f));
}

char **keras_layout_own_paths(const tensor_table *t)
{
    text_builder paths = {0};
    char path[KERAS_PATH_SIZE];
    for (size_t i = 0; i < t->count; i++) {
        text_add(&paths, "%s%c", keras_layout_path(path, t, i), '\0');
    }
    return text_take_list(&paths, NULL);
}

const char *keras_layout_root(h5_file *f)
{
    if (h5_exists(f, "layers")) {
        return "layers";
    }
    if (h5_attr_exists(f, "/", "layer_names")) {
        return "/";
    }
    return h5_attr_exists(f, "/model_weights", "layer_names") ? "/model_weights" : NULL;
}

int keras_layout_paths(h5_file *f, const tensor_table *t, char ***out)
{
    size_t count = 0;
    const char *root = keras_layout_root(f);
    *out = NULL;
    if (root == NULL) {
        return error_set(LS_EFORMAT, "%s: not a Keras weights file: neither /layers nor layer_names", h5_path(f));
    }
    if (strcmp(root, "layers") == 0) {
        *out = keras_layout_own_paths(t);
        return *out == NULL ? error_set(LS_ENOMEM, "%s: out of memory for tensor names", h5_path(f)) : LS_OK;
    }
    int code = keras_layout_legacy(f, root, out, &count);
    if (code == LS_OK && count != t->count) {
        code = error_set(LS_EFORMAT, "%s: holds %zu tensors, the network has %zu", h5_path(f), count, t->count);
        free(*out);
        *out = NULL;
    }
    return code;
}

int keras_layout_read(h5_file *f, state *s)
{
    const tensor_table *t = s->table;
    char **paths = NULL;
    int code = keras_layout_paths(f, t, &paths);
    for (size_t i = 0; code == LS_OK && i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        code = keras_layout_check(f, paths[i], info);
        if (code == LS_OK) {
            code = h5_read(f, paths[i], H5_REAL, info->size, state_values(s, info));
        }
    }
    free(paths);
    return code;
}

/* How well the file fits a network, by names, or by their number in the older layout: the larger, the better. */
static ptrdiff_t fit_of(h5_file *f, const tensor_table *t, size_t legacy_count)
{
    char path[KERAS_PATH_SIZE];
    ptrdiff_t fit = 0;
    if (legacy_count > 0) {
        return legacy_count < t->count ? (ptrdiff_t)(legacy_count - t->count) : (ptrdiff_t)(t->count - legacy_count);
    }
    for (size_t i = 0; i < t->count; i++) {
        fit += h5_exists(f, keras_layout_path(path, t, i)) ? 1 : -1;
    }
    return fit;
}

static int take_shapes(h5_file *f, tensor_table *t)
{
    char **paths = NULL;
    h5_shape shape;
    int code = keras_layout_paths(f, t, &paths);
    for (size_t i = 0; code == LS_OK && i < t->count; i++) {
        code = h5_stat(f, paths[i], &shape);
        if (code == LS_OK && shape.rank == t->tensors[i].rank && shape.size > 0) {
            tensor_table_reshape(t, i, shape.dims);
        }
        if (code == LS_OK || code == LS_ENOTFOUND) {
            code = keras_layout_check(f, paths[i], &t->tensors[i]);
        }
    }
    free(paths);
    return code;
}

/* The one of the known networks that the file fits best. */
static int guess(h5_file *f, tensor_table *out)
{
    tensor_table tables[NETWORK_VARIANTS];
    char **legacy = NULL;
    size_t count = 0;
    size_t best = 0;
    const char *root = keras_layout_root(f);
    int code = network_describe_all(tables);
    if (code != LS_OK) {
        return code;
    }
    if (root != NULL && strcmp(root, "layers") != 0) {
        code = keras_layout_legacy(f, root, &legacy, &count);
    }
    for (size_t i = 1; code == LS_OK && i < NETWORK_VARIANTS; i++) {
        best = fit_of(f, &tables[i], count) > fit_of(f, &tables[best], count) ? i : best;
    }
    if (code == LS_OK) {
        *out = tables[best];
        tables[best] = (tensor_table){0};
    }
    free(legacy);
    network_release_all(tables);
    return code;
}

int keras_layout_describe(h5_file *f, const network_options *known, tensor_table *out)
{
    const network_spec o = {.classes = 1, .options = known != NULL ? *known : (network_options){0}};
    tensor_table_init(out);
    int code = known != NULL ? network_describe(out, &o) : guess(f, out);
    if (code == LS_OK) {
        code = take_shapes(f, out);
    }
    if (code != LS_OK) {
        tensor_table_release(out);
    }
    return code;
}
