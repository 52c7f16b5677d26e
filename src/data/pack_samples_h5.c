#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "data/pack_samples.h"

/* HDF5: a data set packed before, or somebody else's arrays of pictures and labels. */
typedef struct h5_samples {
    dataset *data;
    dataset_buffer read;
    bool numbered; /* its classes have no names but their numbers */
    size_t next;
} h5_samples;

static bool is_h5(const uint8_t *head, size_t n, const char *path)
{
    (void)path;
    bool found = false;
    for (size_t at = 0; !found && at + 8 <= n; at = at == 0 ? 512 : 2 * at) { /* where HDF5 looks for it, too */
        found = memcmp(head + at, "\x89HDF\r\n\x1a\n", 8) == 0;
    }
    return found;
}

static bool has_numbers(const dataset *d)
{
    bool all = true;
    for (size_t c = 0; c < dataset_classes(d) && all; c++) {
        char number[24];
        (void)snprintf(number, sizeof number, "%zu", c);
        all = strcmp(number, dataset_class_name(d, c)) == 0;
    }
    return all;
}

static void close_h5(void *self)
{
    h5_samples *s = self;
    dataset_free(s->data);
    free(s->read.bytes);
    free(s);
}

static int open_h5(void **self, const char *path)
{
    h5_samples *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory to read it", path);
    }
    const int code = dataset_open_unread(&s->data, path);
    if (code != LS_OK) {
        free(s);
        return code;
    }
    s->numbered = has_numbers(s->data);
    *self = s;
    return LS_OK;
}

/* A picture whose channels lie one after the other, with those of each place together. */
static void weave(uint8_t *to, const uint8_t *from, const dataset_pixels *p)
{
    const size_t n = p->width * p->height;
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < p->channels; c++) {
            to[i * p->channels + c] = from[c * n + i];
        }
    }
}

static int next_h5(void *self, pack_sample *out)
{
    h5_samples *s = self;
    const size_t i = s->next;
    const uint8_t *bytes = NULL;
    size_t size = 0;
    if (i == dataset_samples(s->data)) {
        return 0;
    }
    int code = dataset_read(s->data, i, dataset_samples(s->data) - i, &s->read, &bytes, &size);
    if (code == LS_OK) {
        code = dataset_buffer_reserve(&out->picture->file, size, dataset_path(s->data));
    }
    if (code != LS_OK) {
        return code;
    }
    const dataset_pixels *p = dataset_stored(s->data);
    if (p->planes) {
        weave(out->picture->file.bytes, bytes, p);
    } else {
        memcpy(out->picture->file.bytes, bytes, size);
    }
    out->picture->item.size = size;
    out->picture->raw = (pack_raw){p->width, p->height, p->channels};
    out->label = dataset_label(s->data, i);
    out->class_name = s->numbered ? NULL : dataset_class_name(s->data, (size_t)out->label);
    out->split = dataset_split_of(s->data, i);
    out->name = dataset_name(s->data, i);
    s->next++;
    return 1;
}

const pack_samples_kind pack_samples_h5 = {
    .name = "an HDF5 file",
    .is = is_h5,
    .open = open_h5,
    .next = next_h5,
    .close = close_h5,
};
