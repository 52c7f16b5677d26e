#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "data/dataset_private.h"

uint64_t dataset_checksum(const dataset_columns *c)
{
    const size_t n = c->samples;
    const uint64_t pixels[3] = {c->stored.height, c->stored.width, c->stored.channels};
    uint64_t h = c->offsets != NULL ? hash_bytes(HASH_START, c->offsets, (n + 1) * sizeof *c->offsets)
                                    : hash_bytes(HASH_START, pixels, sizeof pixels);
    h = hash_bytes(h, c->hashes, n * sizeof *c->hashes);
    h = hash_bytes(h, c->labels, n * sizeof *c->labels);
    h = hash_bytes(h, c->split, n);
    for (size_t i = 0; i < n; i++) {
        h = hash_bytes(h, c->names[i], strlen(c->names[i]));
    }
    for (size_t i = 0; i < c->class_count; i++) {
        h = hash_bytes(h, c->classes[i], strlen(c->classes[i]));
    }
    return c->turned == 0 ? h : hash_bytes(h, &c->turned, sizeof c->turned);
}

static int check_format(dataset *d)
{
    char *format = NULL;
    int code = LS_OK;
    if (h5_read_attr_string(d->file, "/", "format", &format) != LS_OK || strcmp(format, DATASET_FORMAT) != 0) {
        code = h5_check_reader(d->file);
    }
    if (code == LS_OK && (format == NULL || strcmp(format, DATASET_FORMAT) != 0)) {
        code = error_set(LS_EUSAGE, "%s: not a data set of lockstep; make one with `lockstep pack`", d->label);
    }
    free(format);
    if (code == LS_OK) {
        code = h5_read_attr(d->file, "/", "format_version", H5_INT64, &d->version);
    }
    if (code == LS_OK && (d->version < 1 || d->version > DATASET_VERSION_PIXELS)) {
        code = error_set(LS_EUSAGE, "%s: format version %lld, this program reads up to %d; pack the data again",
                         d->label, (long long)d->version, DATASET_VERSION_PIXELS);
    }
    if (code == LS_OK && d->version > 1) {
        code = h5_read_attr(d->file, "/", "turned", H5_UINT64, &d->turned);
    }
    return code == LS_OK ? h5_read_attr(d->file, "/", "checksum", H5_UINT64, &d->checksum) : code;
}

static int impossible(const dataset *d, const char *name)
{
    return error_set(LS_EFORMAT, "%s: %s has an impossible shape; the data set is damaged, pack it again", d->label,
                     name);
}

/* Length of a one-dimensional array. The file cannot hold less than it claims: a damaged header asks for no memory. */
static int length_of(dataset *d, const char *name, size_t element, size_t *out)
{
    h5_shape shape;
    const int code = h5_stat(d->file, name, &shape);
    if (code != LS_OK) {
        return code;
    }
    if (shape.rank != 1 || shape.size > (size_t)h5_size(d->file) / element) {
        return impossible(d, name);
    }
    *out = shape.size;
    return LS_OK;
}

/* Pictures as pixels: their size, and whether there are as many as labels. */
static int read_pixels(dataset *d)
{
    h5_shape shape;
    const int code = h5_stat(d->file, "/images", &shape);
    if (code != LS_OK) {
        return code;
    }
    d->stored = (dataset_pixels){.height = shape.dims[1], .width = shape.dims[2], .channels = shape.dims[3]};
    if (shape.rank != 4 || shape.type != H5_UINT8 || shape.dims[3] != 3 || shape.dims[0] != d->samples ||
        shape.size > h5_size(d->file) || image_check_size(d->stored.width, d->stored.height) != LS_OK) {
        return impossible(d, "/images");
    }
    d->total = shape.size;
    return LS_OK;
}

/* The arrays with an element a sample, and their fields; /offsets has one element more, and is there for files only. */
static const struct {
    const char *name;
    h5_type type;
    size_t width, more, field;
} arrays[] = {
    {"/labels", H5_INT32, sizeof(int32_t), 0, offsetof(dataset, labels)},
    {"/offsets", H5_UINT64, sizeof(uint64_t), 1, offsetof(dataset, offsets)},
    {"/hashes", H5_UINT64, sizeof(uint64_t), 0, offsetof(dataset, hashes)},
    {"/split", H5_UINT8, 1, 0, offsetof(dataset, split)},
};

enum { ARRAYS = sizeof arrays / sizeof *arrays };

static bool is_missing(const dataset *d, size_t array)
{
    return arrays[array].more > 0 && d->version >= DATASET_VERSION_PIXELS;
}

static int read_lengths(dataset *d)
{
    bool agree = true;
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < ARRAYS; i++) {
        size_t length = 0;
        if (!is_missing(d, i)) {
            code = length_of(d, arrays[i].name, arrays[i].width, &length);
            d->samples = i == 0 ? length : d->samples;
            agree = agree && length == d->samples + arrays[i].more;
        }
    }
    if (code == LS_OK) {
        code = d->version >= DATASET_VERSION_PIXELS ? read_pixels(d) : length_of(d, "/bytes", 1, &d->total);
    }
    if (code == LS_OK && (!agree || d->samples == 0 || d->samples >= INT32_MAX)) {
        code = dataset_damaged(d, "/labels, /offsets, /hashes and /split do not have lengths that agree");
    }
    return code;
}

static int read_columns(dataset *d)
{
    const size_t n = d->samples;
    size_t names = 0;
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < ARRAYS; i++) {
        if (is_missing(d, i)) {
            continue;
        }
        void *values = malloc((n + arrays[i].more) * arrays[i].width);
        memcpy((char *)d + arrays[i].field, &values, sizeof values);
        code = values == NULL ? dataset_no_memory(d)
                              : h5_read(d->file, arrays[i].name, arrays[i].type, n + arrays[i].more, values);
    }
    if (code == LS_OK) {
        code = h5_read_strings(d->file, "/classes", &d->classes, &d->class_count);
    }
    if (code == LS_OK) {
        code = h5_read_strings(d->file, "/names", &d->names, &names);
    }
    if (code == LS_OK && names != n) {
        code = dataset_damaged(d, "/names does not have one name a sample");
    }
    return code;
}

static int check_offsets(dataset *d)
{
    if (d->offsets == NULL) {
        return LS_OK;
    }
    if (d->offsets[0] != 0 || d->offsets[d->samples] != d->total) {
        return dataset_damaged(d, "/offsets does not span /bytes");
    }
    for (size_t i = 0; i < d->samples; i++) {
        if (d->offsets[i + 1] <= d->offsets[i]) {
            return dataset_damaged(d, "/offsets does not ascend");
        }
    }
    return LS_OK;
}

static int check_sum(dataset *d)
{
    const dataset_columns columns = {.samples = d->samples,
                                     .stored = d->stored,
                                     .offsets = d->offsets,
                                     .hashes = d->hashes,
                                     .labels = d->labels,
                                     .split = d->split,
                                     .names = (const char *const *)d->names,
                                     .classes = (const char *const *)d->classes,
                                     .class_count = d->class_count,
                                     .turned = d->turned};
    const int code = dataset_index(d, d->version > 1 ? DATASET_SPLITS : DATASET_TEST);
    if (code != LS_OK) {
        return code;
    }
    return dataset_checksum(&columns) == d->checksum ? LS_OK : dataset_damaged(d, "the checksum does not match");
}

/* What is said of the pictures for people. An older file lacks it. */
static int read_notes(dataset *d)
{
    static const struct {
        const char *name;
        size_t field;
    } texts[] = {{"program", offsetof(dataset, program)}, {"command", offsetof(dataset, command)}};
    int code = LS_OK;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && code == LS_OK; i++) {
        if (h5_attr_exists(d->file, "/", texts[i].name)) {
            code = h5_read_attr_string(d->file, "/", texts[i].name, (char **)((char *)d + texts[i].field));
        }
    }
    if (code == LS_OK && h5_exists(d->file, "/mean") && h5_exists(d->file, "/deviation")) {
        d->coloured = true;
        code = h5_read(d->file, "/mean", H5_FLOAT64, 3, d->mean);
        if (code == LS_OK) {
            code = h5_read(d->file, "/deviation", H5_FLOAT64, 3, d->deviation);
        }
    }
    return code;
}

static int hold_pictures(dataset *d)
{
    dataset_source *s = &d->sources[0];
    *s = (dataset_source){.name = d->offsets != NULL ? "/bytes" : "/images", .bytes = d->total};
    d->source_count = 1;
    return h5_hold(&s->held, d->file, s->name, H5_UINT8);
}

int dataset_read_packed(dataset *d)
{
    static int (*const parts[])(dataset * d) = {check_format, read_lengths, read_columns, check_offsets,
                                                check_sum,    read_notes,   hold_pictures};
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < sizeof parts / sizeof *parts; i++) {
        code = parts[i](d);
    }
    return code;
}
