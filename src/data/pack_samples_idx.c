#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "data/pack_samples.h"
#include "io/packed.h"

/*
 * IDX, the files of MNIST and what has its form (yann.lecun.org/exdb/mnist): two zeros, the type (8: bytes), the number
 * of dimensions, these as 32 bits each with the highest first, the values. Pictures are in one file, ...images...,
 * labels in another, ...labels..., of the same name but for that.
 */
enum { BYTES = 8, MOST_DIMENSIONS = 4 };

typedef struct idx {
    packed *pictures, *labels;
    char *path, *labels_path;
    size_t count, done;
    pack_raw raw;
} idx;

static size_t big_endian(const uint8_t *b)
{
    return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

static bool is_idx(const uint8_t *head, size_t n, const char *path)
{
    (void)path;
    return n >= 4 && head[0] == 0 && head[1] == 0 && head[2] == BYTES && head[3] >= 1 && head[3] <= MOST_DIMENSIONS &&
           n >= 4 + 4 * (size_t)head[3];
}

/* `dims` of a file; *rank of them. */
static int read_header(packed *p, const char *path, size_t dims[MOST_DIMENSIONS], size_t *rank)
{
    uint8_t bytes[4 + 4 * MOST_DIMENSIONS];
    int code = packed_read_all(p, bytes, 4, "the end of its header");
    if (code == LS_OK &&
        (bytes[0] != 0 || bytes[1] != 0 || bytes[2] != BYTES || bytes[3] < 1 || bytes[3] > MOST_DIMENSIONS)) {
        code = error_set(LS_EFORMAT, "%s: is no IDX file of bytes", path);
    }
    *rank = code == LS_OK ? bytes[3] : 0;
    if (code == LS_OK) {
        code = packed_read_all(p, bytes + 4, 4 * *rank, "the end of its header");
    }
    for (size_t i = 0; code == LS_OK && i < *rank; i++) {
        dims[i] = big_endian(bytes + 4 + 4 * i);
    }
    return code;
}

/* "images" becomes "labels", "idx3" or "idx4" "idx1", in the file's name. NULL: it is not called so, or no memory. */
static char *labels_of(const char *path)
{
    const size_t before = (size_t)(file_name(path) - path);
    char *out = strdup(path);
    char *images = out == NULL ? NULL : strstr(out + before, "images");
    if (images == NULL) {
        free(out);
        return NULL;
    }
    for (size_t i = 0; i < strlen("labels"); i++) {
        images[i] = "labels"[i];
    }
    char *rank = strstr(out + before, "idx3");
    rank = rank == NULL ? strstr(out + before, "idx4") : rank;
    if (rank != NULL) {
        rank[3] = '1';
    }
    return out;
}

static void close_idx(void *self)
{
    idx *x = self;
    packed_close(x->pictures);
    packed_close(x->labels);
    free(x->path);
    free(x->labels_path);
    free(x);
}

static int open_pictures(idx *x)
{
    size_t dims[MOST_DIMENSIONS] = {0};
    size_t rank = 0;
    int code = packed_open(&x->pictures, x->path);
    if (code == LS_OK) {
        code = read_header(x->pictures, x->path, dims, &rank);
    }
    if (code != LS_OK) {
        return code;
    }
    x->count = dims[0];
    x->raw = (pack_raw){dims[2], dims[1], rank == 4 ? dims[3] : 1};
    if (rank < 3 || (x->raw.channels != 1 && x->raw.channels != 3)) {
        return error_set(LS_EFORMAT, "%s: holds no pictures: name the file of images, [n][height][width]", x->path);
    }
    code = image_check_size(x->raw.width, x->raw.height);
    return code == LS_OK ? LS_OK : error_prefix(code, "%s", x->path);
}

static int open_labels(idx *x)
{
    size_t dims[MOST_DIMENSIONS] = {0};
    size_t rank = 0;
    x->labels_path = labels_of(x->path);
    if (x->labels_path == NULL) {
        return error_set(LS_EFORMAT, "%s: is not called ...images..., so it is not known which file has its labels",
                         x->path);
    }
    int code = packed_open(&x->labels, x->labels_path);
    if (code == LS_OK) {
        code = read_header(x->labels, x->labels_path, dims, &rank);
    }
    if (code == LS_OK && (rank != 1 || dims[0] != x->count)) {
        code =
            error_set(LS_EFORMAT, "%s: holds no labels of the %zu pictures in %s", x->labels_path, x->count, x->path);
    }
    return code;
}

static int open_idx(void **self, const char *path)
{
    idx *x = calloc(1, sizeof *x);
    *self = NULL;
    if (x != NULL) {
        x->path = strdup(path);
    }
    int code = x == NULL || x->path == NULL ? error_set(LS_ENOMEM, "%s: no memory to read it", path) : open_pictures(x);
    if (code == LS_OK) {
        code = open_labels(x);
    }
    if (code == LS_OK) {
        *self = x;
    } else if (x != NULL) {
        close_idx(x);
    }
    return code;
}

static int next_idx(void *self, pack_sample *out)
{
    idx *x = self;
    uint8_t label = 0;
    const size_t n = x->raw.width * x->raw.height * x->raw.channels;
    if (x->done == x->count) {
        return 0;
    }
    int code = dataset_buffer_reserve(&out->picture->file, n, x->path);
    if (code == LS_OK) {
        code = packed_read_all(x->pictures, out->picture->file.bytes, n, "its last picture");
    }
    if (code == LS_OK) {
        code = packed_read_all(x->labels, &label, 1, "its last label");
    }
    out->picture->raw = x->raw;
    out->label = label;
    x->done++;
    return code == LS_OK ? 1 : code;
}

static dataset_split split_idx(const char *path)
{
    const char *name = file_name(path);
    return strncmp(name, "t10k", 4) == 0 || strncmp(name, "test", 4) == 0 || strstr(name, "-test-") != NULL
               ? DATASET_TEST
               : DATASET_TRAIN;
}

const pack_samples_kind pack_samples_idx = {
    .name = "an IDX file",
    .is = is_idx,
    .open = open_idx,
    .next = next_idx,
    .close = close_idx,
    .split = split_idx,
};
