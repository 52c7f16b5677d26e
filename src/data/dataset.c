#include "data/dataset.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/watch.h"
#include "data/class_map.h"
#include "data/dataset_arrays.h"
#include "data/dataset_private.h"
#include "io/h5.h"
#include "io/named.h"

/* Up to here all pictures are held in memory: each rank does so for itself. */
#define RESIDENT_BYTES ((size_t)256 << 20)

int dataset_damaged(const dataset *d, const char *what)
{
    return error_set(LS_EFORMAT, "%s: %s; the data set is damaged, pack it again", d->label, what);
}

int dataset_no_memory(const dataset *d)
{
    return error_set(LS_ENOMEM, "%s: no memory for a data set of %zu samples", d->label, d->samples);
}

int dataset_index(dataset *d, int splits)
{
    for (int s = 0; s < DATASET_SPLITS; s++) {
        d->indices[s] = malloc(d->samples * sizeof *d->indices[s]);
        if (d->indices[s] == NULL) {
            return dataset_no_memory(d);
        }
    }
    for (size_t i = 0; i < d->samples; i++) {
        if (d->labels[i] < 0 || (size_t)d->labels[i] >= d->class_count) {
            return dataset_damaged(d, "/labels names a class that is not in /classes");
        }
        if (d->split[i] >= splits) {
            return dataset_damaged(d, "/split holds a number that is no split");
        }
        d->indices[d->split[i]][d->counts[d->split[i]]++] = (uint32_t)i;
    }
    return LS_OK;
}

static int check_sample(const dataset *d, size_t i, const uint8_t *bytes, size_t size)
{
    if (d->hashes != NULL && hash_bytes(HASH_START, bytes, size) != d->hashes[i]) {
        return error_set(LS_EFORMAT, "%s: the bytes of %s do not match their checksum; pack the data again", d->label,
                         d->names[i]);
    }
    return LS_OK;
}

static int close_file(dataset *d)
{
    for (size_t i = 0; i < d->source_count; i++) {
        dataset_source *s = &d->sources[i];
        window_free(s->reads);
        s->reads = NULL;
        h5_let_go(s->held);
        s->held = NULL;
    }
    const int code = h5_close(d->file);
    d->file = NULL;
    return code;
}

/* In pieces, each of which is progress to the watchdog, as a slow file system may take minutes for all. */
static int load_source(const dataset_source *s, uint8_t *to)
{
    enum { PIECE = 16 << 20 };
    int code = LS_OK;
    for (size_t at = 0; code == LS_OK && at < s->bytes; at += PIECE) {
        const size_t count = s->bytes - at < PIECE ? s->bytes - at : PIECE;
        code = h5_read_held(s->held, at, count, to + at);
    }
    return code;
}

static int load_bytes(dataset *d)
{
    int code = LS_OK;
    d->bytes = malloc(d->total);
    if (d->bytes == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory for %zu bytes of pictures", d->label, d->total);
    }
    for (size_t i = 0; code == LS_OK && i < d->source_count; i++) {
        code = load_source(&d->sources[i], d->bytes + dataset_place(d, d->sources[i].first));
    }
    for (size_t i = 0; code == LS_OK && i < d->samples; i++) {
        const size_t place = dataset_place(d, i);
        code = check_sample(d, i, d->bytes + place, dataset_place(d, i + 1) - place);
    }
    if (code == LS_OK) {
        code = close_file(d);
    }
    return code;
}

static int open_windows(dataset *d)
{
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < d->source_count; i++) {
        code = window_create(&d->sources[i].reads, d->sources[i].held);
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

/* Ours, or somebody else's arrays. */
static int read_file(dataset *d)
{
    if (h5_attr_exists(d->file, "/", "format")) {
        return dataset_read_packed(d);
    }
    if (dataset_arrays_are_in(d->file)) {
        return dataset_read_arrays(d);
    }
    const int code = h5_check_reader(d->file);
    return code != LS_OK ? code
                         : error_set(LS_EUSAGE,
                                     "%s: not a data set of lockstep, nor with arrays `images` and `labels`; make one "
                                     "with `lockstep pack`",
                                     d->label);
}

/* descriptor: of the file, or -1: it is opened by its path. */
static int open_data(dataset **out, const char *path, int descriptor, const char *label, bool resident)
{
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
    if (code == LS_OK) {
        code = read_file(d);
    }
    if (code == LS_OK) {
        code = resident && dataset_memory(d) > 0 ? load_bytes(d) : open_windows(d);
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
    free(d->program);
    free(d->command);
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
    int code = map == NULL || labels == NULL || classes == NULL ? dataset_no_memory(d) : LS_OK;
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

dataset_split dataset_split_of(const dataset *d, size_t i)
{
    return (dataset_split)d->split[i];
}

uint64_t dataset_hash(const dataset *d, size_t i)
{
    return d->hashes != NULL ? d->hashes[i] : 0;
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

const dataset_pixels *dataset_stored(const dataset *d)
{
    return &d->stored;
}

bool dataset_is_foreign(const dataset *d)
{
    return d->foreign;
}

const char *dataset_program(const dataset *d)
{
    return d->program != NULL ? d->program : "";
}

const char *dataset_command(const dataset *d)
{
    return d->command != NULL ? d->command : "";
}

bool dataset_colours(const dataset *d, double mean[3], double deviation[3])
{
    memcpy(mean, d->mean, sizeof d->mean);
    memcpy(deviation, d->deviation, sizeof d->deviation);
    return d->coloured;
}

/* The array that sample i lies in; *end: the number after its last. */
static const dataset_source *source_of(const dataset *d, size_t i, size_t *end)
{
    size_t s = d->source_count - 1;
    while (d->sources[s].first > i) {
        s--;
    }
    *end = s + 1 < d->source_count ? d->sources[s + 1].first : d->samples;
    return &d->sources[s];
}

int dataset_read(dataset *d, size_t i, size_t run, dataset_buffer *buffer, const uint8_t **bytes, size_t *size)
{
    const size_t place = dataset_place(d, i);
    *size = dataset_place(d, i + 1) - place;
    if (d->bytes != NULL) {
        *bytes = d->bytes + place;
        return LS_OK;
    }
    int code = dataset_buffer_reserve(buffer, *size, d->label);
    if (code != LS_OK) {
        return code;
    }
    size_t end = 0;
    const dataset_source *s = source_of(d, i, &end);
    const size_t ahead = dataset_place(d, run < end - i ? i + run : end) - place;
    code = window_read(s->reads, place - dataset_place(d, s->first), *size, ahead, buffer->bytes);
    if (code != LS_OK) {
        return code;
    }
    *bytes = buffer->bytes;
    return check_sample(d, i, buffer->bytes, *size);
}

int dataset_decode(const dataset *d, image *out, const uint8_t *bytes, size_t size, const image_wish *wish)
{
    const dataset_pixels *p = &d->stored;
    return p->height == 0 ? image_decode_reduced(out, bytes, size, wish)
                          : image_of_pixels(out, bytes, p->width, p->height, p->channels, p->planes);
}

bool dataset_held(const dataset *d)
{
    return d->bytes != NULL;
}

size_t dataset_span(const dataset *d, size_t i, size_t count)
{
    return dataset_place(d, i + count) - dataset_place(d, i);
}

int dataset_read_span(dataset *d, size_t i, size_t count, uint8_t *out)
{
    int code = LS_OK;
    for (size_t done = 0; code == LS_OK && done < count;) {
        size_t end = 0;
        const dataset_source *s = source_of(d, i + done, &end);
        const size_t n = end - (i + done) < count - done ? end - (i + done) : count - done;
        const size_t size = dataset_span(d, i + done, n);
        code = window_read(s->reads, dataset_span(d, s->first, i + done - s->first), size, size,
                           out + dataset_span(d, i, done));
        done += n;
    }
    return code;
}

int dataset_check_bytes(const dataset *d, size_t i, const uint8_t *bytes)
{
    return check_sample(d, i, bytes, dataset_span(d, i, 1));
}
