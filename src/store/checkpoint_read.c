#include "store/checkpoint_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "base/watch.h"
#include "store/keras_layout.h"
#include "store/origin_file.h"

static double set_or_nan(double value, int is_set)
{
    return is_set ? value : NAN;
}

void checkpoint_set_network(checkpoint_info *info, const network_options *o)
{
    info->batch_norm = o->batch_norm;
    info->depth = set_or_nan(o->depth, o->depth != 0 && o->depth != 1);
    info->fixed_ends = set_or_nan(1, o->fixed_ends);
    info->head_units = set_or_nan((double)o->head_units, o->head_units > 0);
}

/* What a file claims is checked where it is used; nobody takes memory for more than this. */
static double at_most(double value, double most)
{
    return value > 0 && value <= most ? value : 0;
}

network_options checkpoint_network(const checkpoint_info *info)
{
    return (network_options){
        .batch_norm = info->batch_norm != 0,
        .depth = at_most(info->depth, NETWORK_MOST_DEPTH),
        .fixed_ends = at_most(info->fixed_ends, 1) != 0,
        .head_units = (size_t)at_most(info->head_units, NETWORK_MOST_UNITS),
    };
}

void checkpoint_info_release(checkpoint_info *info)
{
    free((void *)info->config);
    free((void *)info->experiment);
    free((void *)info->normalization);
    free((void *)info->program);
    free(info->classes);
    *info = (checkpoint_info){0};
}

int checkpoint_read_checksums(h5_file *f, char ***paths, uint64_t **checksums, size_t *count)
{
    const int code = h5_read_strings(f, "lockstep/tensors", paths, count);
    *checksums = code == LS_OK ? calloc(*count + 1, sizeof **checksums) : NULL;
    if (code != LS_OK) {
        return code;
    }
    return *checksums == NULL ? error_set(LS_ENOMEM, "%s: out of memory for checksums", h5_path(f))
                              : h5_read(f, "lockstep/checksums", H5_UINT64, *count, *checksums);
}

static int read_text(h5_file *f, const char *name, const char **out)
{
    char **strings = NULL;
    size_t count = 0;
    int code = h5_read_strings(f, name, &strings, &count);
    if (code != LS_OK) {
        return code;
    }
    if (count != 1) {
        code = error_set(LS_EFORMAT, "%s: %s: is not one string", h5_path(f), name);
    } else {
        *out = strdup(strings[0]);
        code = *out == NULL ? error_set(LS_ENOMEM, "%s: %s: out of memory", h5_path(f), name) : LS_OK;
    }
    free(strings);
    return code;
}

static int read_orientation(h5_file *f, checkpoint_orientation *out)
{
    uint64_t applied = 0;
    *out = CHECKPOINT_ORIENTATION_UNKNOWN;
    if (!h5_attr_exists(f, "lockstep", CHECKPOINT_ORIENTATION)) {
        return LS_OK;
    }
    const int code = h5_read_attr(f, "lockstep", CHECKPOINT_ORIENTATION, H5_UINT64, &applied);
    if (code == LS_OK && applied > 1) {
        return error_set(LS_EFORMAT, "%s: lockstep/" CHECKPOINT_ORIENTATION " is %" PRIu64 ", neither 0 nor 1",
                         h5_path(f), applied);
    }
    *out = applied != 0 ? CHECKPOINT_TURNED : CHECKPOINT_AS_STORED;
    return code;
}

static int read_figure(h5_file *f, checkpoint_info *out, const checkpoint_field *field)
{
    double *value = (double *)((char *)out + field->offset);
    *value = NAN;
    return h5_attr_exists(f, "lockstep", field->name) ? h5_read_attr(f, "lockstep", field->name, H5_FLOAT64, value)
                                                      : LS_OK;
}

/* Fill out from /lockstep; on failure out may be partly filled and must be released. */
static int read_fields(h5_file *f, checkpoint_info *out)
{
    int64_t format = 0;
    if (!h5_exists(f, "lockstep")) {
        return error_set(LS_EFORMAT, "%s: not a checkpoint: it has no group /lockstep", h5_path(f));
    }
    int code = h5_read_attr(f, "lockstep", "format", H5_INT64, &format);
    if (code != LS_OK) {
        return code;
    }
    if (format > CHECKPOINT_FORMAT) {
        return error_set(LS_EUSAGE,
                         "%s: checkpoint format %" PRId64 ", this program reads %d; use the newer one that wrote it",
                         h5_path(f), format, (int)CHECKPOINT_FORMAT);
    }
    if (format < CHECKPOINT_OLDEST_FORMAT) {
        return error_set(LS_EFORMAT, "%s: checkpoint format %" PRId64 ", this program reads %d and later", h5_path(f),
                         format, (int)CHECKPOINT_OLDEST_FORMAT);
    }
    for (size_t i = 0; code == LS_OK && i < CHECKPOINT_NUMBERS; i++) {
        const checkpoint_field *field = &checkpoint_numbers[i];
        code = h5_read_attr(f, "lockstep", field->name, field->type, (char *)out + field->offset);
    }
    for (size_t i = 0; code == LS_OK && i < CHECKPOINT_FIGURES; i++) {
        code = read_figure(f, out, &checkpoint_figures[i]);
    }
    if (code == LS_OK) {
        code = read_orientation(f, &out->orientation);
    }
    if (code == LS_OK) {
        code = h5_read(f, "lockstep/epoch_first_weights", H5_FLOAT64, CHECKPOINT_FIRST_WEIGHTS, out->now.first_weights);
    }
    for (size_t i = 0; code == LS_OK && i < CHECKPOINT_TEXTS; i++) {
        code = read_text(f, checkpoint_texts[i].name, (const char **)((char *)out + checkpoint_texts[i].offset));
    }
    if (code == LS_OK) {
        code = h5_read_strings(f, "lockstep/classes", &out->classes, &out->class_count);
    }
    if (code == LS_OK) {
        code = origin_file_read(f, CHECKPOINT_ORIGIN, &out->origin);
    }
    return code;
}

/* There are as many classes as the last layer has: nobody takes memory for classes that a file only claims. */
static int check_classes(h5_file *f, const checkpoint_info *info, char *const *paths, size_t count)
{
    h5_shape bias = {0};
    h5_shape kernel = {0};
    if (count < 2 || info->class_count == 0) {
        return LS_OK;
    }
    int code = h5_stat(f, paths[count - 1], &bias);
    if (code == LS_OK) {
        code = h5_stat(f, paths[count - 2], &kernel);
    }
    if (code != LS_OK) {
        return code;
    }
    if (bias.size != info->class_count || kernel.rank != 2 || kernel.dims[1] != info->class_count) {
        return error_set(LS_EFORMAT, "%s: names %zu classes, its last layer has another number", h5_path(f),
                         info->class_count);
    }
    return LS_OK;
}

static int read_info(checkpoint_info *out, h5_file *f)
{
    char **paths = NULL;
    uint64_t *checksums = NULL;
    size_t count = 0;
    uint64_t checksum = 0;
    int code = read_fields(f, out);
    if (code == LS_OK) {
        code = h5_read_attr(f, "lockstep", "checksum", H5_UINT64, &checksum);
    }
    if (code == LS_OK) {
        code = checkpoint_read_checksums(f, &paths, &checksums, &count);
    }
    if (code == LS_OK && checksum != checkpoint_hash_info(out, checksums, count)) {
        code = error_set(LS_EFORMAT, "%s: the group /lockstep is damaged (wrong checksum)", h5_path(f));
    }
    if (code == LS_OK) {
        code = check_classes(f, out, paths, count);
    }
    free(checksums);
    free(paths);
    if (code != LS_OK) {
        checkpoint_info_release(out);
        /* What is missing from a file that is there makes the file wrong. */
        return code == LS_ENOTFOUND ? LS_EFORMAT : code;
    }
    return LS_OK;
}

int checkpoint_open(h5_file **out, checkpoint_info *info, const char *path)
{
    *out = NULL;
    *info = (checkpoint_info){0};
    int code = checkpoint_check_seal(path);
    if (code == LS_OK) {
        code = h5_open_read(out, path);
    }
    return code == LS_OK ? read_info(info, *out) : code;
}

int checkpoint_read_info(checkpoint_info *out, const char *path)
{
    h5_file *f = NULL;
    const int code = checkpoint_open(&f, out, path);
    (void)h5_close(f);
    return code;
}

/* Compare every data set's checksum. */
int checkpoint_verify_sets(h5_file *f)
{
    char **paths = NULL;
    uint64_t *checksums = NULL;
    size_t count = 0;
    int code = checkpoint_read_checksums(f, &paths, &checksums, &count);
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        uint64_t hash = 0;
        code = checkpoint_hash_set(f, paths[i], &hash);
        if (code == LS_OK && hash != checksums[i]) {
            code = error_set(LS_EFORMAT, "%s: tensor %s is damaged (wrong checksum); use an older checkpoint",
                             h5_path(f), paths[i]);
        }
    }
    free(checksums);
    free(paths);
    if (code == LS_OK) {
        code = checkpoint_verify_slots(f);
    }
    return code == LS_ENOTFOUND ? LS_EFORMAT : code;
}

int checkpoint_check_paths(h5_file *f, const tensor_table *t)
{
    char **paths = NULL;
    size_t count = 0;
    char expected[KERAS_PATH_SIZE];
    int code = h5_read_strings(f, "lockstep/tensors", &paths, &count);
    if (code == LS_OK && count != t->count) {
        code = error_set(LS_EFORMAT, "%s: made for another network: it has %zu tensors where this one has %zu",
                         h5_path(f), count, t->count);
    }
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        if (strcmp(paths[i], keras_layout_path(expected, t, i)) != 0) {
            code = error_set(LS_EFORMAT, "%s: made for another network: it has %s where this one has %s", h5_path(f),
                             paths[i], expected);
        }
    }
    free(paths);
    return code;
}

/* The hash covers the numbers as this build holds them, so it says nothing after a conversion. */
static int check_hash(h5_file *f, const state *s, uint64_t hash)
{
    char first[KERAS_PATH_SIZE];
    h5_shape shape = {0};
    const int code = s->table->count == 0 ? LS_OK : h5_stat(f, keras_layout_path(first, s->table, 0), &shape);
    if (code == LS_OK && shape.type == H5_REAL && state_hash(s) != hash) {
        return error_set(LS_EFORMAT, "%s: the hash of all weights is wrong; use an older checkpoint", h5_path(f));
    }
    return code;
}

static int read_shrink(h5_file *f, const checkpoint_info *info, state_shrink *out)
{
    *out = (state_shrink){info->shrink, info->shrink_velocity};
    return info->shrink > 0 && info->shrink < INFINITY && isfinite(info->shrink_velocity)
               ? LS_OK
               : error_set(LS_EFORMAT,
                           "%s: lockstep/shrink is %g, which nothing can be shrunk by; use an older checkpoint",
                           h5_path(f), info->shrink);
}

int checkpoint_state_of(state *s, h5_file *f, const checkpoint_info *info)
{
    int code = checkpoint_verify_sets(f);
    if (code == LS_OK) {
        code = checkpoint_check_paths(f, s->table);
    }
    if (code == LS_OK) {
        code = keras_layout_read(f, s);
    }
    if (code == LS_OK) {
        code = checkpoint_read_slots(f, s);
    }
    s->epoch = info->epoch;
    s->step = info->step;
    s->position = info->position;
    s->origin = info->origin;
    if (code == LS_OK && !isnan(info->shrink)) {
        code = read_shrink(f, info, &s->shrink);
    }
    return code != LS_OK ? code : check_hash(f, s, info->weights_hash);
}

int checkpoint_read(const char *path, state *s)
{
    h5_file *f = NULL;
    checkpoint_info info;
    const watch_phase before = watch_enter(WATCH_LOADING);
    int code = checkpoint_open(&f, &info, path);
    if (code == LS_OK) {
        code = checkpoint_state_of(s, f, &info);
    }
    checkpoint_info_release(&info);
    (void)h5_close(f);
    (void)watch_enter(before);
    return code;
}

int checkpoint_describe(h5_file *f, const checkpoint_info *info, tensor_table *out)
{
    const network_options o = checkpoint_network(info);
    return keras_layout_describe(f, &o, out);
}

int checkpoint_load(checkpoint_info *info, tensor_table *t, state *s, const char *path)
{
    h5_file *f = NULL;
    *s = (state){0};
    tensor_table_init(t);
    int code = checkpoint_open(&f, info, path);
    if (code == LS_OK) {
        code = checkpoint_describe(f, info, t);
        code = code == LS_ENOTFOUND ? LS_EFORMAT : code; /* the file is there, a tensor is not */
    }
    if (code == LS_OK) {
        code = state_create(s, t, NULL, 0);
    }
    if (code == LS_OK) {
        code = checkpoint_state_of(s, f, info);
    }
    (void)h5_close(f);
    return code;
}
