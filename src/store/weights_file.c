#include "store/weights_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/seal.h"
#include "network/network.h"
#include "store/checkpoint_check.h"
#include "store/checkpoint_private.h"
#include "store/keras_layout.h"

/* 1 when the file has a seal or has lost it; a whole HDF5 file without any is perhaps Keras'. */
static int claims_checkpoint(const char *path)
{
    seal_state seal;
    return seal_check(&seal, path) != LS_OK || seal.verdict != SEAL_NONE;
}

static int open_checkpoint(weights_file *w, const char *path)
{
    int code = checkpoint_verify(path);
    if (code == LS_OK) {
        code = checkpoint_read_info(&w->info, path);
    }
    if (code == LS_OK) {
        code = checkpoint_open_sealed(&w->file, path);
    }
    return code == LS_OK ? checkpoint_describe(&w->table, &w->info, path) : code;
}

/* Classes: the length of the last layer's bias, which is the last tensor of either layout. */
static int classes_of(h5_file *f, const char *path, size_t *out)
{
    h5_shape shape;
    const int code = h5_stat(f, path, &shape);
    if (code != LS_OK) {
        return code;
    }
    if (shape.rank != 1 || shape.size == 0) {
        return error_set(LS_EFORMAT, "%s: %s is not the bias of a last layer", h5_path(f), path);
    }
    *out = shape.size;
    return LS_OK;
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

/* The network that the file fits best; its tensors are compared later. */
static int describe_keras(weights_file *w, const char *root)
{
    char path[KERAS_PATH_SIZE];
    tensor_table tables[NETWORK_VARIANTS];
    char **legacy = NULL;
    size_t count = 0;
    size_t classes = 0;
    size_t best = 0;
    int code = LS_OK;
    if (strcmp(root, "layers") != 0) {
        code = keras_layout_legacy(w->file, root, &legacy, &count);
        if (code == LS_OK && count == 0) {
            code = error_set(LS_EFORMAT, "%s: holds no tensors", h5_path(w->file));
        }
    }
    if (code == LS_OK) {
        code = network_describe_all(tables);
    }
    if (code != LS_OK) {
        goto cleanup;
    }
    for (size_t i = 1; i < NETWORK_VARIANTS; i++) {
        best = fit_of(w->file, &tables[i], count) > fit_of(w->file, &tables[best], count) ? i : best;
    }
    (void)keras_layout_path(path, &tables[best], tables[best].count - 1);
    network_release_all(tables);
    code = classes_of(w->file, count > 0 ? legacy[count - 1] : path, &classes);
    if (code == LS_OK) {
        const network_spec o = network_variant(best, classes);
        code = network_describe(&w->table, &o);
    }
cleanup:
    free(legacy);
    return code;
}

static int open_keras(weights_file *w, const char *path)
{
    const int code = h5_open_read(&w->file, path);
    if (code != LS_OK) {
        return code;
    }
    const char *root = keras_layout_root(w->file);
    return root == NULL ? error_set(LS_EFORMAT, "%s: neither a checkpoint nor a Keras weights file", path)
                        : describe_keras(w, root);
}

int weights_file_open(weights_file *out, const char *path)
{
    *out = (weights_file){0};
    tensor_table_init(&out->table);
    out->is_checkpoint = claims_checkpoint(path);
    int code = out->is_checkpoint ? open_checkpoint(out, path) : open_keras(out, path);
    if (code == LS_OK) {
        code = keras_layout_paths(out->file, &out->table, &out->paths);
    }
    for (size_t i = 0; code == LS_OK && i < out->table.count; i++) {
        code = keras_layout_check(out->file, out->paths[i], &out->table.tensors[i]);
    }
    if (code != LS_OK) {
        code = code == LS_ENOTFOUND && out->file != NULL ? LS_EFORMAT : code; /* the file is there, a tensor is not */
        weights_file_close(out);
    }
    return code;
}

void weights_file_close(weights_file *w)
{
    checkpoint_info_release(&w->info);
    tensor_table_release(&w->table);
    free(w->paths);
    (void)h5_close(w->file);
    *w = (weights_file){0};
}

int weights_file_read(const weights_file *w, size_t index, double *out, h5_type *type)
{
    h5_shape shape;
    const int code = h5_stat(w->file, w->paths[index], &shape);
    if (code != LS_OK) {
        return code;
    }
    *type = shape.type;
    return h5_read(w->file, w->paths[index], H5_FLOAT64, w->table.tensors[index].size, out);
}

void weights_file_check(const weights_file *w, size_t index, problems *found)
{
    h5_type type = H5_OTHER;
    const tensor_info *info = &w->table.tensors[index];
    double *values = calloc(info->size + 1, sizeof *values);
    const int code = values == NULL ? error_set(LS_ENOMEM, "%s: out of memory", h5_path(w->file))
                                    : weights_file_read(w, index, values, &type);
    if (code == LS_OK) {
        checkpoint_check_values(values, info, found);
    } else {
        problems_add_error(found, h5_path(w->file));
    }
    free(values);
}

size_t weights_file_find(const weights_file *w, const tensor_info *wanted)
{
    for (size_t i = 0; i < w->table.count; i++) {
        const tensor_info *info = &w->table.tensors[i];
        if (info->role == wanted->role && strcmp(info->layer, wanted->layer) == 0) {
            return i;
        }
    }
    return w->table.count;
}
