#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "data/array_names.h"
#include "data/pack_samples.h"
#include "io/archive_member.h"

/*
 * NumPy's .npz: a zip file of arrays, NAME.npy each (numpy.org/doc/stable/reference/generated/numpy.lib.format.html):
 * the mark, a version, the length of a header, the header, which is a Python dictionary, and the numbers. Pictures are
 * bytes [n][height][width] or [n][height][width][1 or 3], labels whole numbers [n] or [n][1]. Names are those of Keras'
 * data sets and of MedMNIST, or plain ones.
 */
enum { MOST_HEADER = 4096, MOST_RANK = 4, MOST_DESCRIPTION = 8 };

/* An array in a file without a name. */
typedef struct npy {
    int file;      /* -1: none */
    uint64_t data; /* where the numbers begin */
    size_t shape[MOST_RANK], rank;
    bool is_signed;
    size_t width; /* bytes of a number */
} npy;

typedef struct npz {
    char *path;
    size_t pair; /* at hand */
    size_t done; /* of its samples */
    npy pictures, labels;
} npz;

static bool is_array(const char *name)
{
    const size_t n = strlen(name);
    return n > 4 && strcmp(name + n - 4, ".npy") == 0;
}

static bool is_npz(const uint8_t *head, size_t n, const char *path)
{
    bool found = false;
    return n >= 4 && memcmp(head, "PK\3\4", 4) == 0 && archive_member_any(&found, path, is_array) == LS_OK && found;
}

static int wrong(const npz *z, const char *name, const char *what)
{
    return error_set(LS_EFORMAT, "%s: %s.npy %s", z->path, name, what);
}

/* What comes behind a key of the header; NULL: there is no such key. */
static const char *value_of(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (at == NULL) {
        return NULL;
    }
    at += strlen(key);
    return at + strspn(at, "': ");
}

/* "(28, 28, 3)" */
static bool read_shape(npy *out, const char *text)
{
    out->rank = 0;
    if (*text != '(') {
        return false;
    }
    for (text++; *text != ')';) {
        char *end = NULL;
        const unsigned long long size = strtoull(text, &end, 10);
        if (end == text || out->rank == MOST_RANK || *text == '-') {
            return false;
        }
        out->shape[out->rank++] = (size_t)size;
        text = end + strspn(end, ", ");
    }
    return true;
}

/* "|u1'", "<i8'" */
static bool read_type(npy *out, const char *text)
{
    const bool plain = text[0] == '|' || text[0] == '<';
    out->is_signed = plain && text[1] == 'i';
    out->width = plain && text[2] >= '1' && text[2] <= '8' ? (size_t)(text[2] - '0') : 0;
    return plain && (text[1] == 'u' || text[1] == 'i') && out->width > 0;
}

static int read_header(npy *out, const npz *z, const char *name)
{
    uint8_t mark[12];
    char header[MOST_HEADER + 1];
    int code = file_read_at(out->file, mark, sizeof mark, 0, z->path);
    if (code != LS_OK || memcmp(mark, "\x93NUMPY", 6) != 0) {
        return code == LS_EIO || code == LS_OK ? wrong(z, name, "is no array of NumPy") : code;
    }
    const size_t head = mark[6] == 1 ? 10 : 12;
    const size_t n =
        mark[8] | (size_t)mark[9] << 8 | (mark[6] == 1 ? 0 : (size_t)mark[10] << 16 | (size_t)mark[11] << 24);
    if (n > MOST_HEADER || file_read_at(out->file, header, n, head, z->path) != LS_OK) {
        return wrong(z, name, "has a damaged header");
    }
    header[n] = '\0';
    out->data = head + n;
    const char *type = value_of(header, "'descr'");
    const char *order = value_of(header, "'fortran_order'");
    const char *shape = value_of(header, "'shape'");
    if (type == NULL || order == NULL || shape == NULL || !read_shape(out, shape)) {
        return wrong(z, name, "has a damaged header");
    }
    if (!read_type(out, type) || strncmp(order, "False", 5) != 0) {
        return wrong(z, name, "is no array of whole numbers in C's order");
    }
    return LS_OK;
}

static void close_array(npy *a)
{
    if (a->file >= 0) {
        (void)close(a->file);
    }
    *a = (npy){.file = -1};
}

/* LS_ENOTFOUND: there is none of this name. */
static int open_array(npy *out, const npz *z, const char *name)
{
    char member[32];
    *out = (npy){.file = -1};
    (void)snprintf(member, sizeof member, "%s.npy", name);
    int code = archive_member_file(&out->file, z->path, member, UINT64_MAX);
    if (code != LS_OK) {
        out->file = -1;
        return code;
    }
    code = read_header(out, z, name);
    if (code != LS_OK) {
        close_array(out);
    }
    return code;
}

static int check_pair(const npz *z)
{
    const npy *p = &z->pictures;
    const npy *l = &z->labels;
    if (p->is_signed || p->width != 1 || p->rank < 3 || (p->rank == 4 && p->shape[3] != 1 && p->shape[3] != 3)) {
        return wrong(z, array_pairs[z->pair].pictures,
                     "holds no pictures, bytes [n][height][width] or [n][height][width][1 or 3]");
    }
    if ((l->rank != 1 && (l->rank != 2 || l->shape[1] != 1)) || l->shape[0] != p->shape[0]) {
        return wrong(z, array_pairs[z->pair].labels, "holds no label for each picture, [n]");
    }
    const int code = p->shape[0] == 0 ? LS_OK : image_check_size(p->shape[2], p->shape[1]);
    return code == LS_OK ? LS_OK : error_prefix(code, "%s: %s.npy", z->path, array_pairs[z->pair].pictures);
}

/* Go to the first pair from this one on that is there; ARRAY_PAIRS: none is. */
static int open_pair(npz *z, size_t from)
{
    close_array(&z->pictures);
    close_array(&z->labels);
    z->done = 0;
    int code = LS_ENOTFOUND;
    for (z->pair = from; z->pair < ARRAY_PAIRS && code == LS_ENOTFOUND;) {
        code = open_array(&z->pictures, z, array_pairs[z->pair].pictures);
        z->pair += code == LS_ENOTFOUND;
    }
    if (code != LS_OK) {
        return code == LS_ENOTFOUND ? LS_OK : code;
    }
    code = open_array(&z->labels, z, array_pairs[z->pair].labels);
    if (code == LS_ENOTFOUND) {
        return wrong(z, array_pairs[z->pair].labels, "is missing: the labels");
    }
    return code == LS_OK ? check_pair(z) : code;
}

static void close_npz(void *self)
{
    npz *z = self;
    close_array(&z->pictures);
    close_array(&z->labels);
    free(z->path);
    free(z);
}

static int open_npz(void **self, const char *path)
{
    *self = NULL;
    npz *z = calloc(1, sizeof *z);
    if (z == NULL || (z->path = strdup(path)) == NULL) {
        free(z);
        return error_set(LS_ENOMEM, "%s: no memory to read it", path);
    }
    z->pictures.file = z->labels.file = -1;
    int code = open_pair(z, 0);
    if (code == LS_OK && z->pair == ARRAY_PAIRS) {
        code = error_set(LS_EFORMAT,
                         "%s: has no arrays that are called as pictures are: x_train, train_images, images, x", path);
    }
    if (code == LS_OK) {
        *self = z;
    } else {
        close_npz(z);
    }
    return code;
}

static int64_t number_of(const uint8_t *bytes, const npy *a)
{
    uint64_t value = 0;
    for (size_t i = a->width; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    if (!a->is_signed || a->width == 0) {
        return value > INT64_MAX ? INT64_MAX : (int64_t)value;
    }
    /* the sign, in all bits above */
    const uint64_t sign = (uint64_t)1 << (8 * a->width - 1);
    return (int64_t)((value ^ sign) - sign);
}

static int next_npz(void *self, pack_sample *out)
{
    npz *z = self;
    uint8_t label[8];
    int code = LS_OK;
    while (code == LS_OK && z->pair < ARRAY_PAIRS && z->done == z->pictures.shape[0]) {
        code = open_pair(z, z->pair + 1);
    }
    if (code != LS_OK || z->pair == ARRAY_PAIRS) {
        return code;
    }
    const npy *p = &z->pictures;
    const pack_raw raw = {p->shape[2], p->shape[1], p->rank == 4 ? p->shape[3] : 1};
    const size_t n = raw.width * raw.height * raw.channels;
    code = dataset_buffer_reserve(&out->picture->file, n, z->path);
    if (code == LS_OK && (file_read_at(p->file, out->picture->file.bytes, n, p->data + z->done * n, z->path) != LS_OK ||
                          file_read_at(z->labels.file, label, z->labels.width,
                                       z->labels.data + z->done * z->labels.width, z->path) != LS_OK)) {
        code = wrong(z, array_pairs[z->pair].pictures, "or its labels are cut short");
    }
    if (code != LS_OK) {
        return code;
    }
    out->picture->raw = raw;
    out->label = number_of(label, &z->labels);
    out->split = array_pairs[z->pair].split;
    z->done++;
    return 1;
}

const pack_samples_kind pack_samples_npz = {
    .name = "NumPy's .npz",
    .is = is_npz,
    .open = open_npz,
    .next = next_npz,
    .close = close_npz,
};
