#include "store/checkpoint_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/size.h"
#include "base/watch.h"
#include "io/seal.h"
#include "store/keras_layout.h"
#include "store/origin_file.h"

const checkpoint_field checkpoint_numbers[CHECKPOINT_NUMBERS] = {
    {"epoch", H5_UINT64, offsetof(checkpoint_info, epoch)},
    {"step", H5_UINT64, offsetof(checkpoint_info, step)},
    {"position", H5_UINT64, offsetof(checkpoint_info, position)},
    {"seed", H5_UINT64, offsetof(checkpoint_info, seed)},
    {"weights", H5_UINT64, offsetof(checkpoint_info, weights_hash)},
    {"height", H5_UINT64, offsetof(checkpoint_info, height)},
    {"width", H5_UINT64, offsetof(checkpoint_info, width)},
    {"batch_norm", H5_UINT64, offsetof(checkpoint_info, batch_norm)},
    {"data_checksum", H5_UINT64, offsetof(checkpoint_info, data_checksum)},
    {"epoch_start_step", H5_UINT64, offsetof(checkpoint_info, now.start_step)},
    {"epoch_start_mean_abs_weight", H5_FLOAT64, offsetof(checkpoint_info, now.start_mean_abs_weight)},
    {"epoch_cross_entropy", H5_FLOAT64, offsetof(checkpoint_info, now.cross_entropy)},
    {"epoch_penalty", H5_FLOAT64, offsetof(checkpoint_info, now.penalty)},
    {"epoch_correct", H5_FLOAT64, offsetof(checkpoint_info, now.correct)},
    {"epoch_samples", H5_FLOAT64, offsetof(checkpoint_info, now.samples)},
    {"epoch_seconds", H5_FLOAT64, offsetof(checkpoint_info, now.seconds)},
    {"val_loss", H5_FLOAT64, offsetof(checkpoint_info, val_loss)},
    {"val_cross_entropy", H5_FLOAT64, offsetof(checkpoint_info, val_cross_entropy)},
    {"val_accuracy", H5_FLOAT64, offsetof(checkpoint_info, val_accuracy)},
};

const checkpoint_field checkpoint_figures[CHECKPOINT_FIGURES] = {
    {"moving_distance", H5_FLOAT64, offsetof(checkpoint_info, moving_distance)},
    {"score", H5_FLOAT64, offsetof(checkpoint_info, score)},
    {"best_score", H5_FLOAT64, offsetof(checkpoint_info, best_score)},
    {"best_epoch", H5_FLOAT64, offsetof(checkpoint_info, best_epoch)},
    {"depth", H5_FLOAT64, offsetof(checkpoint_info, depth)},
    {"fixed_ends", H5_FLOAT64, offsetof(checkpoint_info, fixed_ends)},
    {"head_units", H5_FLOAT64, offsetof(checkpoint_info, head_units)},
    {"shrink", H5_FLOAT64, offsetof(checkpoint_info, shrink)},
    {"shrink_velocity", H5_FLOAT64, offsetof(checkpoint_info, shrink_velocity)},
    {"spent_computing", H5_FLOAT64, offsetof(checkpoint_info, now.spent[SPENT_COMPUTING])},
    {"spent_waiting_for_pictures", H5_FLOAT64, offsetof(checkpoint_info, now.spent[SPENT_PICTURES])},
    {"spent_waiting_for_ranks", H5_FLOAT64, offsetof(checkpoint_info, now.spent[SPENT_SUMS])},
    {"spent_validating", H5_FLOAT64, offsetof(checkpoint_info, now.spent[SPENT_VALIDATING])},
    {"spent_saving", H5_FLOAT64, offsetof(checkpoint_info, now.spent[SPENT_SAVING])},
    {"spent_other", H5_FLOAT64, offsetof(checkpoint_info, now.spent[SPENT_OTHER])},
};

const checkpoint_field checkpoint_texts[CHECKPOINT_TEXTS] = {
    {"lockstep/config", H5_STRING, offsetof(checkpoint_info, config)},
    {"lockstep/experiment", H5_STRING, offsetof(checkpoint_info, experiment)},
    {"lockstep/normalization", H5_STRING, offsetof(checkpoint_info, normalization)},
    {"lockstep/program", H5_STRING, offsetof(checkpoint_info, program)},
};

const void *checkpoint_number_of(const checkpoint_info *info, size_t i)
{
    return (const char *)info + checkpoint_numbers[i].offset;
}

double checkpoint_figure_of(const checkpoint_info *info, size_t i)
{
    return *(const double *)((const char *)info + checkpoint_figures[i].offset);
}

const char *checkpoint_text_of(const checkpoint_info *info, size_t i)
{
    const char *text = *(const char *const *)((const char *)info + checkpoint_texts[i].offset);
    return text == NULL ? "" : text;
}

int checkpoint_hash_set(h5_file *f, const char *name, uint64_t *out)
{
    h5_shape shape;
    size_t bytes = 0;
    int code = h5_stat(f, name, &shape);
    if (code != LS_OK) {
        return code;
    }
    const int wide = shape.type == H5_FLOAT64;
    if ((!wide && shape.type != H5_FLOAT32) || size_mul(&bytes, shape.size, wide ? 8 : 4) != 0) {
        return error_set(LS_EFORMAT, "%s: %s: holds neither float32 nor float64", h5_path(f), name);
    }
    void *values = malloc(bytes + 1);
    if (values == NULL) {
        return error_set(LS_ENOMEM, "%s: %s: out of memory for %zu bytes", h5_path(f), name, bytes);
    }
    code = h5_read(f, name, shape.type, shape.size, values);
    if (code == LS_OK) {
        *out = hash_bytes(HASH_START, values, bytes);
    }
    free(values);
    return code;
}

uint64_t checkpoint_hash_info(const checkpoint_info *info, const uint64_t *checksums, size_t count)
{
    uint64_t hash = hash_bytes(HASH_START, checksums, count * sizeof *checksums);
    for (size_t i = 0; i < CHECKPOINT_NUMBERS; i++) {
        hash = hash_bytes(hash, checkpoint_number_of(info, i), sizeof(uint64_t));
    }
    hash = hash_bytes(hash, info->now.first_weights, sizeof info->now.first_weights);
    for (size_t i = 0; i < CHECKPOINT_TEXTS; i++) {
        const char *text = checkpoint_text_of(info, i);
        hash = hash_bytes(hash, text, strlen(text));
    }
    for (size_t i = 0; i < info->class_count; i++) {
        hash = hash_bytes(hash, info->classes[i], strlen(info->classes[i]));
    }
    for (size_t i = 0; i < info->origin.count; i++) {
        const origin_span *span = &info->origin.spans[i];
        hash = hash_bytes(hash, &span->step, sizeof span->step);
        hash = hash_bytes(hash, span->kernels, strlen(span->kernels));
        hash = hash_bytes(hash, span->numbers, strlen(span->numbers));
    }
    return hash;
}

/* The checksums of all tensors in table order, from the values in memory. */
static void checksums_of(uint64_t *out, const state *s)
{
    for (size_t i = 0; i < s->table->count; i++) {
        const tensor_info *info = &s->table->tensors[i];
        out[i] = hash_bytes(HASH_START, state_values(s, info), info->size * sizeof(real));
    }
}

/* /lockstep/tensors: the paths that the checksums belong to. */
static int write_paths(h5_file *f, const tensor_table *t)
{
    char **paths = keras_layout_own_paths(t);
    const int code = paths == NULL ? error_set(LS_ENOMEM, "%s: out of memory for tensor names", h5_path(f))
                                   : h5_write_strings(f, "lockstep/tensors", (const char *const *)paths, t->count);
    free(paths);
    return code;
}

static int write_info(h5_file *f, const checkpoint_info *info)
{
    const size_t first_weights = CHECKPOINT_FIRST_WEIGHTS;
    int code = h5_make_group(f, "lockstep");
    if (code == LS_OK) {
        code = h5_write_attr(f, "lockstep", "format", H5_INT64, &(int64_t){CHECKPOINT_FORMAT});
    }
    if (code == LS_OK) {
        code = h5_write_attr_string(f, "lockstep", "seal", CHECKPOINT_SEAL_NOTE);
    }
    for (size_t i = 0; code == LS_OK && i < CHECKPOINT_NUMBERS; i++) {
        const checkpoint_field *field = &checkpoint_numbers[i];
        code = h5_write_attr(f, "lockstep", field->name, field->type, checkpoint_number_of(info, i));
    }
    if (code == LS_OK && info->orientation != CHECKPOINT_ORIENTATION_UNKNOWN) {
        code = h5_write_attr(f, "lockstep", CHECKPOINT_ORIENTATION, H5_UINT64,
                             &(uint64_t){info->orientation == CHECKPOINT_TURNED});
    }
    for (size_t i = 0; code == LS_OK && i < CHECKPOINT_FIGURES; i++) {
        const double value = checkpoint_figure_of(info, i);
        code = isnan(value) ? LS_OK : h5_write_attr(f, "lockstep", checkpoint_figures[i].name, H5_FLOAT64, &value);
    }
    if (code == LS_OK) {
        code = h5_write(f, "lockstep/epoch_first_weights", H5_FLOAT64, 1, &first_weights, info->now.first_weights);
    }
    for (size_t i = 0; code == LS_OK && i < CHECKPOINT_TEXTS; i++) {
        const char *const text = checkpoint_text_of(info, i);
        code = h5_write_strings(f, checkpoint_texts[i].name, &text, 1);
    }
    if (code == LS_OK) {
        code = h5_write_strings(f, "lockstep/classes", (const char *const *)info->classes, info->class_count);
    }
    return code != LS_OK ? code : origin_file_write(f, CHECKPOINT_ORIGIN, &info->origin);
}

static int write_file(h5_file *f, const state *s, const checkpoint_info *info)
{
    const tensor_table *t = s->table;
    checkpoint_info full = *info;
    full.epoch = s->epoch;
    full.step = s->step;
    full.position = s->position;
    full.origin = s->origin;
    full.shrink = s->shrink.left != 1 ? s->shrink.left : NAN;
    full.shrink_velocity = s->shrink.left != 1 ? s->shrink.velocity : NAN;
    full.weights_hash = state_hash(s);
    uint64_t *checksums = calloc(t->count + 1, sizeof *checksums);
    if (checksums == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for checksums", h5_path(f));
    }
    checksums_of(checksums, s);
    int code = keras_layout_write(f, s);
    if (code == LS_OK) {
        code = write_info(f, &full);
    }
    if (code == LS_OK) {
        code = checkpoint_write_slots(f, s);
    }
    if (code == LS_OK) {
        code = write_paths(f, t);
    }
    if (code == LS_OK) {
        code = h5_write(f, "lockstep/checksums", H5_UINT64, 1, &t->count, checksums);
    }
    if (code == LS_OK) {
        code = h5_write_attr(f, "lockstep", "checksum", H5_UINT64,
                             &(uint64_t){checkpoint_hash_info(&full, checksums, t->count)});
    }
    free(checksums);
    return code;
}

int checkpoint_write(const char *path, const state *s, const checkpoint_info *info)
{
    char temporary[CHECKPOINT_PATH_SIZE];
    h5_file *f = NULL;
    int code = h5_temporary_name(temporary, sizeof temporary, path);
    if (code != LS_OK) {
        return code;
    }
    const watch_phase before = watch_enter(WATCH_SAVING);
    code = h5_create(&f, temporary);
    const int made = code == LS_OK;
    if (made) {
        code = write_file(f, s, info);
    }
    const int closed = h5_close(f);
    code = code != LS_OK ? code : closed;
    if (code == LS_OK) {
        code = seal_append(temporary);
    }
    if (code == LS_OK) {
        code = h5_commit(temporary, path);
    }
    if (made && code != LS_OK) {
        (void)unlink(temporary);
    }
    (void)watch_enter(before);
    return code;
}
