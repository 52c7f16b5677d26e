#include "store/weights_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/seal.h"
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
    int code = checkpoint_open(&w->file, &w->info, path);
    if (code == LS_OK) {
        code = checkpoint_verify_sets(w->file);
    }
    return code == LS_OK ? checkpoint_describe(w->file, &w->info, &w->table) : code;
}

static int open_keras(weights_file *w, const char *path)
{
    const int code = h5_open_read(&w->file, path);
    if (code != LS_OK) {
        return code;
    }
    return keras_layout_root(w->file) == NULL
               ? error_set(LS_EFORMAT, "%s: neither a checkpoint nor a Keras weights file", path)
               : keras_layout_describe(w->file, NULL, &w->table);
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
