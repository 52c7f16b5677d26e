#include "data/dataset_arrays.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "data/array_names.h"
#include "data/dataset_private.h"
#include "data/pack.h"

/* Pictures that the fingerprint is of. */
enum { PRINTED = 64 };

static bool has_pair(h5_file *f, const array_pair *pair)
{
    return h5_exists(f, pair->pictures) == 1 && h5_exists(f, pair->labels) == 1;
}

bool dataset_arrays_are_in(h5_file *f)
{
    bool any = false;
    for (size_t i = 0; i < ARRAY_PAIRS && !any; i++) {
        any = has_pair(f, &array_pairs[i]);
    }
    return any;
}

static int wrong(const dataset *d, const char *array, const char *what)
{
    return error_set(LS_EUSAGE, "%s: %s %s", d->label, array, what);
}

static bool is_channels(size_t n)
{
    return n == 1 || n == 3;
}

/* Which picture each row of such an array is. */
static int read_shape(dataset_pixels *out, const dataset *d, const char *array, const h5_shape *shape)
{
    const size_t *dims = shape->dims;
    if (shape->type != H5_UINT8) {
        return wrong(d, array, "does not hold bytes (uint8); pictures are pixels of 0 to 255");
    }
    if (shape->rank == 3) {
        *out = (dataset_pixels){.height = dims[1], .width = dims[2], .channels = 1};
    } else if (shape->rank == 4 && is_channels(dims[3])) {
        *out = (dataset_pixels){.height = dims[1], .width = dims[2], .channels = dims[3]};
    } else if (shape->rank == 4 && is_channels(dims[1])) {
        *out = (dataset_pixels){.height = dims[2], .width = dims[3], .channels = dims[1], .planes = true};
    } else {
        return wrong(d, array, "is not of shape [n][height][width], with 1 or 3 channels last or second");
    }
    const int code = image_check_size(out->width, out->height);
    return code == LS_OK ? LS_OK : error_prefix(code, "%s: %s", d->label, array);
}

/* More of an array: *values has room for all samples, of which `first` come before. */
static int grow(void **values, const dataset *d, size_t width)
{
    void *more = realloc(*values, d->samples * width);
    if (more == NULL) {
        return dataset_no_memory(d);
    }
    *values = more;
    return LS_OK;
}

/* n whole numbers from 0 to below `limit`, whatever their type, to out. what: they are, for a message. */
static int read_numbers(const dataset *d, const char *name, size_t n, double limit, int32_t *out, const char *what)
{
    double *values = malloc(n * sizeof *values);
    if (values == NULL) {
        return dataset_no_memory(d);
    }
    int code = h5_read(d->file, name, H5_FLOAT64, n, values);
    for (size_t i = 0; i < n && code == LS_OK; i++) {
        if (!(values[i] >= 0 && values[i] < limit) || values[i] != floor(values[i])) {
            code = error_set(LS_EUSAGE, "%s: %s: that of picture %zu is %g; %s", d->label, name, i, values[i], what);
        } else {
            out[i] = (int32_t)values[i];
        }
    }
    free(values);
    return code;
}

static int read_labels(dataset *d, const char *name, size_t first)
{
    h5_shape shape;
    const size_t n = d->samples - first;
    int code = h5_stat(d->file, name, &shape);
    if (code == LS_OK && shape.size != n) {
        code = error_set(LS_EUSAGE, "%s: %s has %zu numbers for %zu pictures; it is one number a picture, its class",
                         d->label, name, shape.size, n);
    }
    if (code == LS_OK) {
        code = grow((void **)&d->labels, d, sizeof *d->labels);
    }
    return code == LS_OK ? read_numbers(d, name, n, PACK_MAX_CLASSES, d->labels + first,
                                        "classes are whole numbers from 0, at most 99999")
                         : code;
}

/* As its arrays' names say, unless an array says it for each picture. */
static int read_splits(dataset *d, const array_pair *pair, size_t first)
{
    const size_t n = d->samples - first;
    int code = grow((void **)&d->split, d, 1);
    if (code != LS_OK) {
        return code;
    }
    memset(d->split + first, (int)pair->split, n);
    if (first > 0 || h5_exists(d->file, "split") != 1) {
        return LS_OK;
    }
    int32_t *splits = malloc(n * sizeof *splits);
    if (splits == NULL) {
        return dataset_no_memory(d);
    }
    code = read_numbers(d, "split", n, DATASET_SPLITS, splits, "it is 0 (training), 1 (validation) or 2 (test)");
    for (size_t i = 0; i < n && code == LS_OK; i++) {
        d->split[i] = (uint8_t)splits[i];
    }
    free(splits);
    return code;
}

static int read_pair(dataset *d, const array_pair *pair)
{
    h5_shape shape;
    dataset_pixels found;
    const size_t first = d->samples;
    int code = h5_stat(d->file, pair->pictures, &shape);
    if (code == LS_OK) {
        code = read_shape(&found, d, pair->pictures, &shape);
    }
    if (code != LS_OK || shape.size == 0) {
        return code;
    }
    if (d->source_count == 0) {
        d->stored = found;
    }
    if (found.height != d->stored.height || found.width != d->stored.width || found.channels != d->stored.channels ||
        found.planes != d->stored.planes) {
        return wrong(d, pair->pictures, "has pictures of another shape than the arrays before it");
    }
    if (shape.dims[0] >= INT32_MAX - first || d->source_count == DATASET_SPLITS) {
        return wrong(d, pair->pictures, "is one array, or holds pictures, too many");
    }
    dataset_source *s = &d->sources[d->source_count++];
    *s = (dataset_source){.name = pair->pictures, .first = first, .bytes = shape.size};
    d->samples += shape.dims[0];
    d->total += shape.size;
    code = h5_hold(&s->held, d->file, pair->pictures, H5_UINT8);
    if (code == LS_OK) {
        code = read_labels(d, pair->labels, first);
    }
    return code == LS_OK ? read_splits(d, pair, first) : code;
}

/* Pictures are called by their array and their place in it. */
static int name_pictures(dataset *d)
{
    text_builder names = {0};
    for (size_t s = 0; s < d->source_count; s++) {
        const size_t end = s + 1 < d->source_count ? d->sources[s + 1].first : d->samples;
        for (size_t i = d->sources[s].first; i < end; i++) {
            text_add(&names, "%s/%zu%c", d->sources[s].name, i - d->sources[s].first, '\0');
        }
    }
    d->names = text_take_list(&names, NULL);
    return d->names != NULL ? LS_OK : dataset_no_memory(d);
}

static int number_classes(dataset *d, size_t count)
{
    text_builder names = {0};
    for (size_t i = 0; i < count; i++) {
        text_add(&names, "%zu%c", i, '\0');
    }
    d->classes = text_take_list(&names, NULL);
    d->class_count = count;
    return d->classes != NULL ? LS_OK : dataset_no_memory(d);
}

static int name_classes(dataset *d)
{
    static const char *const arrays[] = {"classes", "class_names", "label_names", "list_classes"};
    h5_shape shape;
    size_t count = 0;
    for (size_t i = 0; i < d->samples; i++) {
        count = (size_t)d->labels[i] >= count ? (size_t)d->labels[i] + 1 : count;
    }
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        if (h5_exists(d->file, arrays[i]) != 1) {
            continue;
        }
        int code = h5_stat(d->file, arrays[i], &shape);
        if (code != LS_OK || shape.type != H5_STRING) {
            return code != LS_OK ? code : wrong(d, arrays[i], "holds no texts; it is the names of the classes");
        }
        code = h5_read_strings(d->file, arrays[i], &d->classes, &d->class_count);
        return code == LS_OK && d->class_count < count ? wrong(d, arrays[i], "has fewer names than there are classes")
                                                       : code;
    }
    return number_classes(d, count);
}

/* Of all that is said of the pictures, and of some of them. */
static int print(dataset *d)
{
    const uint64_t shape[4] = {d->stored.height, d->stored.width, d->stored.channels, d->stored.planes};
    const size_t size = dataset_pixels_size(&d->stored);
    dataset_buffer buffer = {0};
    uint64_t h = hash_bytes(HASH_START, shape, sizeof shape);
    h = hash_bytes(h, d->labels, d->samples * sizeof *d->labels);
    h = hash_bytes(h, d->split, d->samples);
    int code = dataset_buffer_reserve(&buffer, size, d->label);
    for (size_t s = 0; s < d->source_count && code == LS_OK; s++) {
        const size_t n = d->sources[s].bytes / size;
        for (size_t i = 0; i < PRINTED && i < n && code == LS_OK; i++) {
            const size_t picture = n <= PRINTED ? i : i * (n - 1) / (PRINTED - 1);
            code = h5_read_held(d->sources[s].held, picture * size, size, buffer.bytes);
            h = hash_bytes(h, buffer.bytes, size);
        }
    }
    d->checksum = h;
    free(buffer.bytes);
    return code;
}

int dataset_read_arrays(dataset *d)
{
    d->foreign = true;
    d->version = DATASET_VERSION_PIXELS;
    int code = h5_read_packed(&d->file);
    for (size_t i = 0; i < ARRAY_PAIRS && code == LS_OK; i++) {
        code = has_pair(d->file, &array_pairs[i]) ? read_pair(d, &array_pairs[i]) : LS_OK;
    }
    if (code == LS_OK && d->samples == 0) {
        code = error_set(LS_EUSAGE, "%s: its arrays hold no pictures", d->label);
    }
    static int (*const parts[])(dataset * d) = {name_classes, name_pictures, print};
    for (size_t i = 0; code == LS_OK && i < sizeof parts / sizeof *parts; i++) {
        code = parts[i](d);
    }
    return code == LS_OK ? dataset_index(d, DATASET_SPLITS) : code;
}
