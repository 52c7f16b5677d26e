#include "data/dataset.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/size.h"
#include "base/text.h"
#include "base/watch.h"
#include "data/class_map.h"
#include "data/window.h"
#include "io/h5.h"
#include "io/named.h"

/* Up to here all pictures are held in memory: each rank does so for itself. */
#define RESIDENT_BYTES ((size_t)256 << 20)

struct dataset {
    char *path;        /* as it was asked for */
    char *label;       /* what messages call it */
    h5_file *file;     /* open while pictures are read from it, else NULL */
    h5_held *pictures; /* /bytes, as long as the file */
    window *reads;     /* from it; once it is clear that pictures are not held in memory */
    uint8_t *bytes;    /* all pictures, or NULL */
    uint64_t *offsets;
    uint64_t *hashes;
    int32_t *labels;
    uint8_t *split;
    char **classes; /* one block */
    char **names;   /* one block */
    uint32_t *indices[DATASET_SPLITS];
    size_t counts[DATASET_SPLITS];
    size_t samples, class_count;
    size_t total; /* bytes of all pictures */
    int64_t version;
    uint64_t turned;
    uint64_t checksum;
};

static int damaged(const dataset *d, const char *what)
{
    return error_set(LS_EFORMAT, "%s: %s; the data set is damaged, pack it again", d->label, what);
}

uint64_t dataset_checksum(const uint64_t *offsets, const uint64_t *hashes, const int32_t *labels, const uint8_t *split,
                          size_t n, const char *const *names, const char *const *classes, size_t class_count,
                          uint64_t turned)
{
    uint64_t h = hash_bytes(HASH_START, offsets, (n + 1) * sizeof *offsets);
    h = hash_bytes(h, hashes, n * sizeof *hashes);
    h = hash_bytes(h, labels, n * sizeof *labels);
    h = hash_bytes(h, split, n);
    for (size_t i = 0; i < n; i++) {
        h = hash_bytes(h, names[i], strlen(names[i]));
    }
    for (size_t i = 0; i < class_count; i++) {
        h = hash_bytes(h, classes[i], strlen(classes[i]));
    }
    return turned == 0 ? h : hash_bytes(h, &turned, sizeof turned);
}

static int check_format(dataset *d)
{
    char *format = NULL;
    if (!h5_attr_exists(d->file, "/", "format") || h5_read_attr_string(d->file, "/", "format", &format) != LS_OK ||
        strcmp(format, DATASET_FORMAT) != 0) {
        free(format);
        const int code = h5_check_reader(d->file);
        if (code != LS_OK) {
            return code;
        }
        return error_set(LS_EUSAGE, "%s: not a data set of lockstep; make one with `lockstep pack`", d->label);
    }
    free(format);
    int code = h5_read_attr(d->file, "/", "format_version", H5_INT64, &d->version);
    if (code == LS_OK && (d->version < 1 || d->version > DATASET_FORMAT_VERSION)) {
        code = error_set(LS_EUSAGE, "%s: format version %lld, this program reads up to %d; pack the data again",
                         d->label, (long long)d->version, DATASET_FORMAT_VERSION);
    }
    if (code == LS_OK && d->version > 1) {
        code = h5_read_attr(d->file, "/", "turned", H5_UINT64, &d->turned);
    }
    return code == LS_OK ? h5_read_attr(d->file, "/", "checksum", H5_UINT64, &d->checksum) : code;
}

/* Length of a one-dimensional array. The file cannot hold less than it claims: a damaged header asks for no memory. */
static int length_of(dataset *d, const char *name, size_t element, size_t file_size, size_t *out)
{
    h5_shape shape;
    const int code = h5_stat(d->file, name, &shape);
    if (code != LS_OK) {
        return code;
    }
    if (shape.rank != 1 || shape.size > file_size / element) {
        return error_set(LS_EFORMAT, "%s: %s has an impossible shape; the data set is damaged, pack it again", d->label,
                         name);
    }
    *out = shape.size;
    return LS_OK;
}

/* The arrays with an element a sample, and their fields; /offsets has one element more. */
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

static int read_lengths(dataset *d)
{
    const size_t file_size = (size_t)h5_size(d->file);
    bool agree = true;
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < ARRAYS; i++) {
        size_t length = 0;
        code = length_of(d, arrays[i].name, arrays[i].width, file_size, &length);
        d->samples = i == 0 ? length : d->samples;
        agree = agree && length == d->samples + arrays[i].more;
    }
    if (code == LS_OK) {
        code = length_of(d, "/bytes", 1, file_size, &d->total);
    }
    if (code == LS_OK && (!agree || d->samples == 0 || d->samples >= INT32_MAX)) {
        code = damaged(d, "/labels, /offsets, /hashes and /split do not have lengths that agree");
    }
    return code;
}

static int no_memory(const dataset *d)
{
    return error_set(LS_ENOMEM, "%s: no memory for a data set of %zu samples", d->label, d->samples);
}

static int read_arrays(dataset *d)
{
    const size_t n = d->samples;
    size_t names = 0;
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < ARRAYS; i++) {
        void *values = malloc((n + arrays[i].more) * arrays[i].width);
        memcpy((char *)d + arrays[i].field, &values, sizeof values);
        code = values == NULL ? no_memory(d)
                              : h5_read(d->file, arrays[i].name, arrays[i].type, n + arrays[i].more, values);
    }
    if (code == LS_OK) {
        code = h5_read_strings(d->file, "/classes", &d->classes, &d->class_count);
    }
    if (code == LS_OK) {
        code = h5_read_strings(d->file, "/names", &d->names, &names);
    }
    if (code == LS_OK && names != n) {
        code = damaged(d, "/names does not have one name a sample");
    }
    for (int s = 0; code == LS_OK && s < DATASET_SPLITS; s++) {
        d->indices[s] = malloc(n * sizeof *d->indices[s]);
        code = d->indices[s] == NULL ? no_memory(d) : LS_OK;
    }
    return code;
}

static int check_arrays(dataset *d)
{
    const size_t n = d->samples;
    if (d->offsets[0] != 0 || d->offsets[n] != d->total) {
        return damaged(d, "/offsets does not span /bytes");
    }
    for (size_t i = 0; i < n; i++) {
        if (d->offsets[i + 1] <= d->offsets[i]) {
            return damaged(d, "/offsets does not ascend");
        }
        if (d->labels[i] < 0 || (size_t)d->labels[i] >= d->class_count) {
            return damaged(d, "/labels names a class that is not in /classes");
        }
        if (d->split[i] >= (d->version > 1 ? DATASET_SPLITS : DATASET_TEST)) {
            return damaged(d, "/split holds a number that is no split");
        }
        d->indices[d->split[i]][d->counts[d->split[i]]++] = (uint32_t)i;
    }
    if (dataset_checksum(d->offsets, d->hashes, d->labels, d->split, n, (const char *const *)d->names,
                         (const char *const *)d->classes, d->class_count, d->turned) != d->checksum) {
        return damaged(d, "the checksum does not match");
    }
    return LS_OK;
}

static int check_sample(const dataset *d, size_t i, const uint8_t *bytes, size_t size)
{
    if (hash_bytes(HASH_START, bytes, size) != d->hashes[i]) {
        return error_set(LS_EFORMAT, "%s: the bytes of %s do not match their checksum; pack the data again", d->label,
                         d->names[i]);
    }
    return LS_OK;
}

static int close_file(dataset *d)
{
    window_free(d->reads);
    d->reads = NULL;
    h5_let_go(d->pictures);
    d->pictures = NULL;
    const int code = h5_close(d->file);
    d->file = NULL;
    return code;
}

/* In pieces, each of which is progress to the watchdog, as a slow file system may take minutes for all. */
static int load_bytes(dataset *d)
{
    enum { PIECE = 16 << 20 };
    d->bytes = malloc(d->total);
    if (d->bytes == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory for %zu bytes of pictures", d->label, d->total);
    }
    int code = LS_OK;
    for (size_t at = 0; code == LS_OK && at < d->total; at += PIECE) {
        const size_t count = d->total - at < PIECE ? d->total - at : PIECE;
        code = h5_read_held(d->pictures, at, count, d->bytes + at);
    }
    for (size_t i = 0; code == LS_OK && i < d->samples; i++) {
        code = check_sample(d, i, d->bytes + d->offsets[i], (size_t)(d->offsets[i + 1] - d->offsets[i]));
    }
    if (code == LS_OK) {
        code = close_file(d);
    }
    return code;
}

int dataset_check_place(const char *path)
{
    const watch_phase before = watch_enter(WATCH_OPENING); /* a file system that hangs does so here */
    int code = named_check_place(path);
    if (code != LS_OK && named_is_folder(path)) {
        code =
            error_set(LS_EUSAGE, "%s: is a folder, not a packed data set; make one of it by `lockstep pack %s OUT.h5`",
                      path, path);
    }
    (void)watch_enter(before);
    return code;
}

/* Nobody looks at a file before it is opened, as all ranks would; what cannot be opened, is it a data set at all? */
static int open_file(dataset *d, int descriptor)
{
    if (descriptor >= 0) {
        return h5_open_descriptor(&d->file, descriptor, d->label);
    }
    const int code = h5_open_read(&d->file, d->path);
    if (code != LS_OK && (dataset_check_place(d->path) == LS_EUSAGE || named_check(d->path) == LS_EUSAGE)) {
        return LS_EUSAGE;
    }
    return code;
}

/* descriptor: of the file, or -1: it is opened by its path. */
static int open_data(dataset **out, const char *path, int descriptor, const char *label, bool resident)
{
    static int (*const parts[])(dataset * d) = {check_format, read_lengths, read_arrays, check_arrays};
    *out = NULL;
    int code = LS_OK;
    const watch_phase before = watch_enter(WATCH_OPENING);
    dataset *d = calloc(1, sizeof *d);
    if (d != NULL) {
        d->path = strdup(path);
        d->label = strdup(label);
    }
    if (d == NULL || d->path == NULL || d->label == NULL) {
        code = error_set(LS_ENOMEM, "%s: no memory to open the data set", path);
        goto cleanup;
    }
    code = open_file(d, descriptor);
    for (size_t i = 0; code == LS_OK && i < sizeof parts / sizeof *parts; i++) {
        code = parts[i](d);
    }
    if (code == LS_OK) {
        code = h5_hold(&d->pictures, d->file, "/bytes", H5_UINT8);
    }
    if (code == LS_OK && resident && dataset_memory(d) > 0) {
        code = load_bytes(d);
    } else if (code == LS_OK) {
        code = window_create(&d->reads, d->pictures);
    }
    if (code == LS_OK) {
        *out = d;
        d = NULL;
    }
cleanup:
    dataset_free(d);
    (void)watch_enter(before);
    return code;
}

int dataset_open(dataset **out, const char *path)
{
    return open_data(out, path, -1, path, true);
}

int dataset_open_copy(dataset **out, int descriptor, const char *path, const char *label)
{
    return open_data(out, path, descriptor, label, true);
}

int dataset_open_unread(dataset **out, const char *path)
{
    return open_data(out, path, -1, path, false);
}

void dataset_free(dataset *d)
{
    if (d == NULL) {
        return;
    }
    (void)close_file(d);
    free(d->path);
    free(d->label);
    free(d->bytes);
    free(d->offsets);
    free(d->hashes);
    free(d->labels);
    free(d->split);
    free(d->classes);
    free(d->names);
    for (int s = 0; s < DATASET_SPLITS; s++) {
        free(d->indices[s]);
    }
    free(d);
}

size_t dataset_bytes(const dataset *d)
{
    return d->total;
}

size_t dataset_memory(const dataset *d)
{
    return d->total <= RESIDENT_BYTES ? d->total : 0;
}

const char *dataset_path(const dataset *d)
{
    return d->path;
}

size_t dataset_samples(const dataset *d)
{
    return d->samples;
}

size_t dataset_classes(const dataset *d)
{
    return d->class_count;
}

const char *dataset_class_name(const dataset *d, size_t class_number)
{
    return class_number < d->class_count ? d->classes[class_number] : "";
}

static int refuse_class(const dataset *d, int32_t class_number, const char *const *names, size_t count,
                        const char *whose)
{
    return error_set(LS_EUSAGE,
                     "%s: has pictures of class '%s', which is none of the %zu that %.300s tells apart (%s, ...); give "
                     "a data set of those classes",
                     d->label, d->classes[class_number], count, whose, count > 0 ? names[0] : "");
}

/* labels: out, of the classes' places in `map`. */
static int renumber(int32_t *labels, const dataset *d, const int32_t *map, const char *const *names, size_t count,
                    const char *whose)
{
    for (size_t i = 0; i < d->samples; i++) {
        labels[i] = map[d->labels[i]];
        if (labels[i] < 0) {
            return refuse_class(d, d->labels[i], names, count, whose);
        }
    }
    return LS_OK;
}

int dataset_use_classes(dataset *d, const char *const *names, size_t count, const char *whose)
{
    text_builder copy = {0};
    for (size_t i = 0; i < count; i++) {
        text_add(&copy, "%s%c", names[i], '\0');
    }
    int32_t *map = calloc(d->class_count + 1, sizeof *map);
    int32_t *labels = malloc((d->samples + 1) * sizeof *labels);
    char **classes = text_take_list(&copy, NULL);
    int code = map == NULL || labels == NULL || classes == NULL ? no_memory(d) : LS_OK;
    if (code == LS_OK) {
        code = class_map_find(map, (const char *const *)d->classes, d->class_count, names, count);
    }
    if (code == LS_OK) {
        code = renumber(labels, d, map, names, count, whose);
    }
    if (code == LS_OK) {
        free(d->labels);
        free(d->classes);
        d->labels = labels;
        d->classes = classes;
        d->class_count = count;
        labels = NULL;
        classes = NULL;
    }
    free(map);
    free(labels);
    free(classes);
    return code;
}

int32_t dataset_label(const dataset *d, size_t i)
{
    return d->labels[i];
}

const char *dataset_name(const dataset *d, size_t i)
{
    return d->names[i];
}

size_t dataset_count(const dataset *d, dataset_split split)
{
    return d->counts[split];
}

void dataset_count_classes(const dataset *d, dataset_split split, size_t *counts)
{
    size_t count = 0;
    const uint32_t *indices = dataset_indices(d, split, &count);
    for (size_t i = 0; i < count; i++) {
        counts[dataset_label(d, indices[i])]++;
    }
}

const uint32_t *dataset_indices(const dataset *d, dataset_split split, size_t *count)
{
    *count = d->counts[split];
    return d->indices[split];
}

const char *dataset_split_name(dataset_split split)
{
    static const char *const names[DATASET_SPLITS] = {"training", "validation", "test"};
    return split < DATASET_SPLITS ? names[split] : "?";
}

bool dataset_turns(const dataset *d)
{
    return d->version > 1;
}

uint64_t dataset_turned(const dataset *d)
{
    return d->turned;
}

uint64_t dataset_fingerprint(const dataset *d)
{
    return d->checksum;
}

int dataset_read(dataset *d, size_t i, size_t run, dataset_buffer *buffer, const uint8_t **bytes, size_t *size)
{
    *size = (size_t)(d->offsets[i + 1] - d->offsets[i]);
    if (d->bytes != NULL) {
        *bytes = d->bytes + d->offsets[i];
        return LS_OK;
    }
    int code = dataset_buffer_reserve(buffer, *size, d->label);
    if (code != LS_OK) {
        return code;
    }
    const size_t ahead = (size_t)(d->offsets[run < d->samples - i ? i + run : d->samples] - d->offsets[i]);
    code = window_read(d->reads, (size_t)d->offsets[i], *size, ahead, buffer->bytes);
    if (code != LS_OK) {
        return code;
    }
    *bytes = buffer->bytes;
    return check_sample(d, i, buffer->bytes, *size);
}

bool dataset_held(const dataset *d)
{
    return d->bytes != NULL;
}

size_t dataset_span(const dataset *d, size_t i, size_t count)
{
    return (size_t)(d->offsets[i + count] - d->offsets[i]);
}

int dataset_read_span(dataset *d, size_t i, size_t count, uint8_t *out)
{
    return window_read(d->reads, (size_t)d->offsets[i], dataset_span(d, i, count), dataset_span(d, i, count), out);
}

int dataset_check_bytes(const dataset *d, size_t i, const uint8_t *bytes)
{
    return check_sample(d, i, bytes, dataset_span(d, i, 1));
}
