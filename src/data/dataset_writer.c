#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/size.h"
#include "data/dataset_writer.h"
#include "io/h5.h"
#include "io/temporary.h"

typedef struct columns {
    uint64_t *offsets;
    uint64_t *hashes;
    int32_t *labels;
    uint8_t *split;
    const char **names;
    uint64_t (*counts)[DATASET_SPLITS]; /* by class */
    uint64_t turned;
} columns;

static void columns_release(columns *c)
{
    free(c->offsets);
    free(c->hashes);
    free(c->labels);
    free(c->split);
    free(c->names);
    free(c->counts);
}

static int columns_fill(columns *c, const dataset_item *items, size_t n, size_t class_count)
{
    c->offsets = calloc(n + 1, sizeof *c->offsets);
    c->hashes = calloc(n, sizeof *c->hashes);
    c->labels = calloc(n, sizeof *c->labels);
    c->split = calloc(n, sizeof *c->split);
    c->names = calloc(n, sizeof *c->names);
    c->counts = calloc(class_count + 1, sizeof *c->counts);
    if (c->offsets == NULL || c->hashes == NULL || c->labels == NULL || c->split == NULL || c->names == NULL ||
        c->counts == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for %zu samples", n);
    }
    for (size_t i = 0; i < n; i++) {
        size_t end = 0;
        if (size_add(&end, (size_t)c->offsets[i], items[i].size) != 0) {
            return error_set(LS_EUSAGE, "pack: the pictures are too large together");
        }
        c->offsets[i + 1] = end;
        c->hashes[i] = items[i].hash;
        c->labels[i] = items[i].label;
        c->split[i] = (uint8_t)items[i].split;
        c->names[i] = items[i].name;
        c->counts[items[i].label][items[i].split]++;
        c->turned += items[i].turned;
    }
    return LS_OK;
}

int dataset_buffer_reserve(dataset_buffer *buffer, size_t size, const char *what)
{
    if (buffer->capacity < size) {
        uint8_t *fresh = malloc(size);
        if (fresh == NULL) {
            return error_set(LS_ENOMEM, "%.600s: no memory for %zu bytes", what, size);
        }
        free(buffer->bytes);
        buffer->bytes = fresh;
        buffer->capacity = size;
    }
    return LS_OK;
}

int dataset_read_file(dataset_buffer *buffer, size_t *size, const char *path, size_t limit)
{
    int code = LS_OK;
    struct stat info;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); /* a pipe is not waited for */
    if (fd < 0) {
        return error_set(LS_EIO, "%.600s: cannot be opened: %m", path);
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < 0) {
        code = error_set(LS_EIO, "%.600s: not a regular file", path);
        goto cleanup;
    }
    if ((uintmax_t)info.st_size > limit) {
        code = error_set(LS_EFORMAT, "%.600s: larger than %zu bytes", path, limit);
        goto cleanup;
    }
    *size = (size_t)info.st_size;
    code = dataset_buffer_reserve(buffer, *size, path);
    if (code == LS_OK) {
        code = file_read_at(fd, buffer->bytes, *size, 0, path);
    }
cleanup:
    (void)close(fd);
    return code;
}

struct dataset_writer {
    char *path; /* owned */
    temporary t;
    h5_file *f;
    dataset_pixels stored;
    const char *array; /* that pictures go to; static */
    size_t unit;       /* bytes of an element along its first dimension */
    uint8_t *bytes;    /* owned; [room], of which `used` are to be written next */
    size_t room, used;
    bool grows; /* there is an array that they are appended to */
};

/* Written at once, and so long are the chunks that pictures lie in, or the whole pictures that have so many bytes. */
enum { WRITE_BYTES = 4 << 20 };

int dataset_writer_open(dataset_writer **out, const char *path, const dataset_pixels *stored)
{
    *out = NULL;
    dataset_writer *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for a data set");
    }
    const size_t size = dataset_pixels_size(stored);
    w->t.lock = -1;
    w->stored = *stored;
    w->array = size > 0 ? "/images" : "/bytes";
    w->unit = size > 0 ? size : 1;
    w->room = w->unit < WRITE_BYTES ? WRITE_BYTES - WRITE_BYTES % w->unit : w->unit;
    w->path = strdup(path);
    w->bytes = malloc(w->room);
    int code = w->path == NULL || w->bytes == NULL ? error_set(LS_ENOMEM, "pack: no memory for a data set")
                                                   : temporary_begin(&w->t, &w->f, path);
    if (code != LS_OK) {
        dataset_writer_free(w);
        return code;
    }
    *out = w;
    return LS_OK;
}

/* Of the array that pictures go to, with so many elements along its first dimension; returns its rank. */
static int shape_of(const dataset_writer *w, size_t dims[4], size_t count)
{
    dims[0] = count;
    dims[1] = w->stored.height;
    dims[2] = w->stored.width;
    dims[3] = w->stored.channels;
    return w->stored.height > 0 ? 4 : 1;
}

static int write_bytes(dataset_writer *w)
{
    size_t dims[4];
    const int rank = shape_of(w, dims, 0);
    int code = w->grows ? LS_OK : h5_create_rows(w->f, w->array, H5_UINT8, rank, dims, w->room / w->unit);
    w->grows = true;
    if (code == LS_OK && w->used > 0) {
        code = h5_append(w->f, w->array, H5_UINT8, w->used / w->unit, w->bytes);
    }
    w->used = 0;
    return code;
}

/* The last of them. A small set lies in one piece, as a chunk would be larger than all of it. */
static int end_bytes(dataset_writer *w)
{
    size_t dims[4];
    const int rank = shape_of(w, dims, w->used / w->unit);
    return w->grows ? write_bytes(w) : h5_write(w->f, w->array, H5_UINT8, rank, dims, w->bytes);
}

int dataset_writer_add(dataset_writer *w, const uint8_t *bytes, size_t size)
{
    int code = LS_OK;
    for (size_t done = 0; code == LS_OK && done < size;) {
        const size_t n = size - done < w->room - w->used ? size - done : w->room - w->used;
        memcpy(w->bytes + w->used, bytes + done, n);
        w->used += n;
        done += n;
        code = w->used == w->room ? write_bytes(w) : LS_OK;
    }
    return code;
}

static int write_attributes(h5_file *f, const dataset_columns *c, const dataset_maker *maker)
{
    const int64_t version = c->stored.height > 0 ? DATASET_VERSION_PIXELS : DATASET_VERSION_FILES;
    const uint64_t checksum = dataset_checksum(c);
    int code = h5_write_attr_string(f, "/", "format", DATASET_FORMAT);
    if (code == LS_OK) {
        code = h5_write_attr(f, "/", "format_version", H5_INT64, &version);
    }
    if (code == LS_OK) {
        code = h5_write_attr(f, "/", "turned", H5_UINT64, &c->turned);
    }
    if (code == LS_OK) {
        code = h5_write_attr(f, "/", "checksum", H5_UINT64, &checksum);
    }
    if (code == LS_OK && maker->program != NULL) {
        code = h5_write_attr_string(f, "/", "program", maker->program);
    }
    return code == LS_OK && maker->command != NULL ? h5_write_attr_string(f, "/", "command", maker->command) : code;
}

static int write_columns(h5_file *f, const dataset_columns *c, const columns *of)
{
    const size_t n = c->samples;
    const size_t ends = n + 1;
    const size_t counts[2] = {c->class_count, DATASET_SPLITS};
    const struct {
        const char *name;
        h5_type type;
        int rank;
        const size_t *dims;
        const void *data;
    } arrays[] = {
        {"/offsets", H5_UINT64, 1, &ends, c->offsets},
        {"/hashes", H5_UINT64, 1, &n, c->hashes},
        {"/labels", H5_INT32, 1, &n, c->labels},
        {"/split", H5_UINT8, 1, &n, c->split},
        {"/class_counts", H5_UINT64, 2, counts, of->counts},
    };
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < sizeof arrays / sizeof *arrays; i++) {
        if (arrays[i].data != NULL) {
            code = h5_write(f, arrays[i].name, arrays[i].type, arrays[i].rank, arrays[i].dims, arrays[i].data);
        }
    }
    if (code == LS_OK) {
        code = h5_write_strings(f, "/names", c->names, n);
    }
    return code == LS_OK ? h5_write_strings(f, "/classes", c->classes, c->class_count) : code;
}

/* Over the training pictures, if all are measured. */
static int write_colours(h5_file *f, const dataset_item *items, size_t count)
{
    const size_t channels = 3;
    double mean[3] = {0};
    double deviation[3] = {0};
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const dataset_item *item = &items[i];
        if (!item->measured) {
            return LS_OK;
        }
        for (size_t c = 0; c < channels && item->split == DATASET_TRAIN; c++) {
            mean[c] += (double)item->mean[c];
            deviation[c] += (double)item->square[c];
        }
        n += item->split == DATASET_TRAIN;
    }
    if (n == 0) {
        return LS_OK;
    }
    for (size_t c = 0; c < channels; c++) {
        mean[c] /= (double)n;
        deviation[c] = sqrt(fmax(deviation[c] / (double)n - mean[c] * mean[c], 0));
    }
    const int code = h5_write(f, "/mean", H5_FLOAT64, 1, &channels, mean);
    return code == LS_OK ? h5_write(f, "/deviation", H5_FLOAT64, 1, &channels, deviation) : code;
}

int dataset_writer_commit(dataset_writer *w, const dataset_item *items, size_t count, const char *const *classes,
                          size_t class_count, const dataset_maker *maker)
{
    columns c = {0};
    if (count == 0 || count >= INT32_MAX) {
        return error_set(LS_EUSAGE, "%s: %s", w->path,
                         count == 0 ? "no pictures to pack" : "too many pictures to pack");
    }
    int code = columns_fill(&c, items, count, class_count);
    const dataset_columns all = {.samples = count,
                                 .stored = w->stored,
                                 .offsets = w->stored.height > 0 ? NULL : c.offsets,
                                 .hashes = c.hashes,
                                 .labels = c.labels,
                                 .split = c.split,
                                 .names = c.names,
                                 .classes = classes,
                                 .class_count = class_count,
                                 .turned = c.turned};
    if (code == LS_OK) {
        code = end_bytes(w);
    }
    if (code == LS_OK) {
        code = write_attributes(w->f, &all, maker);
    }
    if (code == LS_OK) {
        code = write_columns(w->f, &all, &c);
    }
    if (code == LS_OK) {
        code = write_colours(w->f, items, count);
    }
    code = temporary_finish(&w->t, w->f, code, "a data set");
    w->f = NULL;
    columns_release(&c);
    return code;
}

int dataset_writer_rename(dataset_writer *w, const char *path)
{
    char *names[2] = {strdup(path), strdup(path)};
    if (names[0] == NULL || names[1] == NULL) {
        free(names[0]);
        free(names[1]);
        return error_set(LS_ENOMEM, "pack: no memory for a name");
    }
    free(w->path);
    free(w->t.path);
    w->path = names[0];
    w->t.path = names[1];
    return LS_OK;
}

void dataset_writer_free(dataset_writer *w)
{
    if (w == NULL) {
        return;
    }
    if (w->f != NULL) {
        (void)h5_close(w->f);
    }
    temporary_end(&w->t);
    free(w->path);
    free(w->bytes);
    free(w);
}

int dataset_write(const char *path, const dataset_item *items, size_t count, const char *const *classes,
                  size_t class_count)
{
    dataset_writer *w = NULL;
    int code = dataset_writer_open(&w, path, &(dataset_pixels){0});
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        code = dataset_writer_add(w, items[i].bytes, items[i].size);
    }
    if (code == LS_OK) {
        code = dataset_writer_commit(w, items, count, classes, class_count, &(dataset_maker){0});
    }
    dataset_writer_free(w);
    return code;
}
