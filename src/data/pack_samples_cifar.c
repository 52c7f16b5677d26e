#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "data/pack_samples.h"
#include "io/packed.h"

/*
 * The binary files of CIFAR-10 and CIFAR-100 (www.cs.toronto.edu/~kriz/cifar.html): records of one or two labels, of a
 * byte each, the last of which counts, and 32x32 pixels: all reds, then all greens, then all blues.
 */
enum { SIDE = 32, PLANE = SIDE * SIDE, PIXELS = 3 * PLANE, MOST_LABELS = 2, MOST_CLASSES = 100 };

typedef struct cifar {
    packed *file;
    char *path;
    size_t labels; /* of a record */
} cifar;

static bool ends_with(const char *path, const char *end)
{
    const size_t n = strlen(path);
    return n >= strlen(end) && strcmp(path + n - strlen(end), end) == 0;
}

/* Labels of a record, by the file's size; 0: it is none of these. A packed one says it by its second record alone. */
static size_t labels_of(const char *path, const uint8_t *head, size_t n)
{
    struct stat info;
    const bool plain = ends_with(path, ".bin");
    for (size_t labels = 1; labels <= MOST_LABELS; labels++) {
        const size_t record = labels + PIXELS;
        const bool fits = !plain || (stat(path, &info) == 0 && (uintmax_t)info.st_size % record == 0);
        if (fits && n >= record && head[labels - 1] < MOST_CLASSES &&
            (n <= record + labels || head[record + labels - 1] < MOST_CLASSES)) {
            return labels;
        }
    }
    return 0;
}

static bool is_cifar(const uint8_t *head, size_t n, const char *path)
{
    return (ends_with(path, ".bin") || ends_with(path, ".bin.gz")) && labels_of(path, head, n) > 0;
}

static void close_cifar(void *self)
{
    cifar *c = self;
    packed_close(c->file);
    free(c->path);
    free(c);
}

static int open_cifar(void **self, const char *path)
{
    uint8_t head[PACK_HEAD];
    size_t n = 0;
    *self = NULL;
    cifar *c = calloc(1, sizeof *c);
    if (c == NULL || (c->path = strdup(path)) == NULL) {
        free(c);
        return error_set(LS_ENOMEM, "%s: no memory to read it", path);
    }
    int code = packed_open(&c->file, path);
    if (code == LS_OK) {
        code = packed_read(c->file, head, sizeof head, &n);
    }
    c->labels = labels_of(path, head, n);
    packed_close(c->file);
    c->file = NULL;
    if (code == LS_OK) {
        code = packed_open(&c->file, path);
    }
    if (code == LS_OK) {
        *self = c;
    } else {
        close_cifar(c);
    }
    return code;
}

static int next_cifar(void *self, pack_sample *out)
{
    cifar *c = self;
    uint8_t record[MOST_LABELS + PIXELS];
    size_t got = 0;
    int code = packed_read(c->file, record, c->labels + PIXELS, &got);
    if (code != LS_OK || got == 0) {
        return code;
    }
    if (got < c->labels + PIXELS) {
        return error_set(LS_EFORMAT, "%s: ends within a record", c->path);
    }
    code = dataset_buffer_reserve(&out->picture->file, PIXELS, c->path);
    if (code != LS_OK) {
        return code;
    }
    for (size_t i = 0; i < PLANE; i++) {
        for (size_t k = 0; k < 3; k++) {
            out->picture->file.bytes[3 * i + k] = record[c->labels + k * PLANE + i];
        }
    }
    out->picture->raw = (pack_raw){SIDE, SIDE, 3};
    out->label = record[c->labels - 1];
    return 1;
}

static dataset_split split_cifar(const char *path)
{
    return strstr(file_name(path), "test") != NULL ? DATASET_TEST : DATASET_TRAIN;
}

/* The file of names beside it: of CIFAR-10 and its like PREFIXbatches.meta.txt, of CIFAR-100 fine_label_names.txt. */
static char *names_file(const char *path)
{
    char *out = NULL;
    const char *name = file_name(path);
    const char *batch = strstr(name, "data_batch");
    batch = batch == NULL ? strstr(name, "test_batch") : batch;
    const int folder = (int)(name - path);
    const int made = batch != NULL ? asprintf(&out, "%.*s%.*sbatches.meta.txt", folder, path, (int)(batch - name), name)
                                   : asprintf(&out, "%.*sfine_label_names.txt", folder, path);
    return made < 0 ? NULL : out;
}

static char *names_cifar(const char *path, size_t *count)
{
    char *file = names_file(path);
    FILE *f = file == NULL ? NULL : fopen(file, "re");
    char line[256];
    text_builder out = {0};
    *count = 0;
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0') {
            text_add(&out, "%s%c", line, '\0');
            (*count)++;
        }
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    free(file);
    if (*count == 0) {
        text_release(&out);
        return NULL;
    }
    return text_take(&out);
}

const pack_samples_kind pack_samples_cifar = {
    .name = "a file in CIFAR's binary form",
    .is = is_cifar,
    .open = open_cifar,
    .next = next_cifar,
    .close = close_cifar,
    .split = split_cifar,
    .names = names_cifar,
};
