#include "store/checkpoint_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/size.h"
#include "store/checkpoint_name.h"
#include "store/checkpoint_private.h"
#include "store/keras_layout.h"

static void check_values(const double *values, const tensor_info *info, problems *found)
{
    char name[2 * TENSOR_NAME_SIZE];
    size_t wild = 0;
    size_t negative = 0;
    for (size_t i = 0; i < info->size; i++) {
        wild += !isfinite(values[i]);
        negative += values[i] < 0;
    }
    (void)tensor_full_name(name, sizeof name, info);
    if (wild > 0) {
        problems_add(found, "tensor %s: %zu of %zu numbers are not finite", name, wild, info->size);
    }
    if (negative > 0 && info->role == TENSOR_MOVING_VARIANCE) {
        problems_add(found, "tensor %s: %zu of %zu variances are negative", name, negative, info->size);
    }
}

void checkpoint_check_tensor(h5_file *f, const char *path, const tensor_info *info, problems *found)
{
    double *values = calloc(info->size + 1, sizeof *values);
    const int code = values == NULL ? error_set(LS_ENOMEM, "%s: %s: out of memory", h5_path(f), path)
                                    : h5_read(f, path, H5_FLOAT64, info->size, values);
    if (code == LS_OK) {
        check_values(values, info, found);
    } else {
        problems_add_error(found, h5_path(f));
    }
    free(values);
}

/* One tensor: its shape and values by both names, its checksum. */
static void check_tensor(h5_file *f, const tensor_table *t, size_t index, const char *legacy, uint64_t checksum,
                         problems *found)
{
    char path[KERAS_PATH_SIZE];
    const char *const names[] = {keras_layout_path(path, t, index), legacy};
    const tensor_info *info = &t->tensors[index];
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < sizeof names / sizeof *names; i++) {
        uint64_t hash = checksum;
        code = keras_layout_check(f, names[i], info);
        if (code == LS_OK) {
            code = checkpoint_hash_set(f, names[i], &hash);
        }
        if (code == LS_OK && hash != checksum) {
            problems_add(found, "tensor %s is damaged (wrong checksum)", names[i]);
        }
    }
    if (code == LS_OK) {
        checkpoint_check_tensor(f, path, info, found);
    } else {
        problems_add_error(found, h5_path(f));
    }
}

/* The list of tensors in /lockstep is the network's, and so are the tensors. */
static void check_tensors(h5_file *f, const tensor_table *t, problems *found)
{
    char **paths = NULL;
    char **legacy = NULL;
    uint64_t *checksums = NULL;
    size_t count = 0;
    size_t legacy_count = 0;
    int code = checkpoint_read_checksums(f, &paths, &checksums, &count);
    if (code == LS_OK) {
        code = checkpoint_check_paths(f, t);
    }
    if (code == LS_OK) {
        code = keras_layout_legacy(f, "/", &legacy, &legacy_count);
    }
    if (code == LS_OK && legacy_count != t->count) {
        code = error_set(LS_EFORMAT, "%s: the older layout names %zu tensors, not %zu", h5_path(f), legacy_count,
                         t->count);
    }
    if (code != LS_OK) {
        problems_add_error(found, h5_path(f));
    }
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        check_tensor(f, t, i, legacy[i], checksums[i], found);
    }
    free(checksums);
    free(legacy);
    free(paths);
}

/* The network that the file names; read and hashed as a resume would. */
static void check_network(h5_file *f, tensor_table *t, const checkpoint_info *info, problems *found)
{
    state s = {0};
    int code = checkpoint_describe(f, info, t);
    if (code != LS_OK) {
        problems_add_error(found, h5_path(f));
        return;
    }
    const size_t before = found->count;
    check_tensors(f, t, found);
    if (found->count == before) {
        code = state_create(&s, t, NULL, 0);
        if (code == LS_OK) {
            code = checkpoint_state_of(&s, f, info);
        }
        if (code != LS_OK) {
            problems_add_error(found, h5_path(f));
        }
    }
    state_release(&s);
}

void checkpoint_check_figures(const checkpoint_info *info, problems *found)
{
    for (size_t i = 0; i < CHECKPOINT_NUMBERS; i++) {
        const checkpoint_field *figure = &checkpoint_numbers[i];
        const double value = figure->type == H5_FLOAT64 ? *(const double *)checkpoint_number_of(info, i) : 0;
        const int may_miss = strncmp(figure->name, "val_", 4) == 0;
        if (may_miss ? value < 0 : !(isfinite(value) && value >= 0)) {
            problems_add(found, "%s has the impossible value %g", figure->name, value);
        }
    }
}

/* Where one is not known its attribute is not there, so NaN is no value of it either. Only scores and a velocity may be
 * negative. */
static void check_figures(h5_file *f, const checkpoint_info *info, problems *found)
{
    for (size_t i = 0; i < CHECKPOINT_FIGURES; i++) {
        const char *name = checkpoint_figures[i].name;
        const double value = checkpoint_figure_of(info, i);
        const int may_fall = strstr(name, "score") != NULL || strstr(name, "velocity") != NULL;
        if (h5_attr_exists(f, "lockstep", name) && !(isfinite(value) && (may_fall || value >= 0))) {
            problems_add(found, "%s has the impossible value %g", name, value);
        }
    }
}

/* A file that is called as checkpoints are holds the step that its name says. */
static void check_name(const char *path, const checkpoint_info *info, problems *found)
{
    uint64_t step = 0;
    if (checkpoint_name_step(&step, file_name(path)) && step != info->step) {
        problems_add(found, "holds step %" PRIu64 ", which is not what its name says", info->step);
    }
}

int checkpoint_check(checkpoint_info *out, tensor_table *t, const char *path, problems *found)
{
    h5_file *f = NULL;
    tensor_table_init(t);
    const int code = checkpoint_open(&f, out, path);
    if (code != LS_OK) {
        problems_add_error(found, path);
        (void)h5_close(f);
        return code;
    }
    if (out->batch_norm > 1) {
        problems_add(found, "batch_norm is %" PRIu64 ", neither 0 nor 1", out->batch_norm);
    }
    check_network(f, t, out, found);
    checkpoint_check_figures(out, found);
    check_figures(f, out, found);
    check_name(path, out, found);
    (void)h5_close(f);
    return LS_OK;
}
