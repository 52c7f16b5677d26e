#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/output.h"
#include "data/image.h"
#include "data/pack.h"
#include "data/packing.h"

/* Characters that a number of the table may take, its comma included, and the largest label. */
enum { CELL_CHARACTERS = 32, MAX_LABEL = PACK_MAX_CLASSES - 1 };

typedef struct table {
    const char *path; /* not owned */
    const pack_csv_options *options;
    gzFile file;
    size_t cells;     /* pixels of a row */
    char *line;       /* owned; of line_size */
    size_t line_size; /* below INT_MAX */
    size_t number;    /* of the line at hand, from 1 */
    uint8_t *pixels;  /* [cells], owned */
    int32_t largest;  /* label */
    packing p;
} table;

/* Read one line without its end. Returns 1, 0 at the end of the file, or a negative code. */
static int read_line(table *t)
{
    if (gzgets(t->file, t->line, (int)t->line_size) == NULL) {
        int state = Z_OK;
        const char *text = gzerror(t->file, &state);
        return state == Z_OK || state == Z_STREAM_END
                   ? 0
                   : error_set(LS_EFORMAT, "%s: cannot be unpacked after line %zu: %s", t->path, t->number, text);
    }
    t->number++;
    size_t n = strlen(t->line);
    if (n + 1 == t->line_size && t->line[n - 1] != '\n') {
        return error_set(LS_EFORMAT, "%s: line %zu is too long for %zu values and a label", t->path, t->number,
                         t->cells);
    }
    while (n > 0 && isspace((unsigned char)t->line[n - 1])) {
        t->line[--n] = '\0';
    }
    return 1;
}

/* The number at *at, which moves past it and its comma. */
static int read_number(const table *t, const char **at, bool last, double *out)
{
    char *end = NULL;
    *out = strtod(*at, &end);
    if (end == *at || !isfinite(*out) || *end != (last ? '\0' : ',')) {
        return error_set(LS_EFORMAT, "%s: line %zu is not %zu values and a label, divided by commas", t->path,
                         t->number, t->cells);
    }
    *at = end + 1;
    return LS_OK;
}

static int add_row(table *t)
{
    const char *at = t->line;
    double v = 0;
    for (size_t i = 0; i < t->cells; i++) {
        const int code = read_number(t, &at, false, &v);
        if (code != LS_OK) {
            return code;
        }
        if (v < 0 || v > t->options->max_value) {
            return error_set(LS_EFORMAT, "%s: line %zu has the pixel %g, which is not in 0..%g", t->path, t->number, v,
                             t->options->max_value);
        }
        t->pixels[i] = (uint8_t)floor(v * 255 / t->options->max_value + 0.5);
    }
    int code = read_number(t, &at, true, &v);
    if (code != LS_OK) {
        return code;
    }
    if (v < 0 || v > MAX_LABEL || v != floor(v) ||
        (t->options->classes != NULL && v >= (double)t->options->class_count)) {
        return error_set(LS_EFORMAT, "%s: line %zu has the label %g, which is not a class", t->path, t->number, v);
    }
    char name[64];
    (void)snprintf(name, sizeof name, "line %zu", t->number);
    dataset_item item = {.label = (int32_t)v, .split = DATASET_TRAIN};
    t->largest = item.label > t->largest ? item.label : t->largest;
    code = image_encode_png(&item.bytes, &item.size, t->pixels, t->options->width, t->options->height, 1);
    if (code != LS_OK) {
        return code;
    }
    item.hash = hash_bytes(HASH_START, item.bytes, item.size);
    item.name = strdup(name);
    code = pack_items_add(&t->p.items, item);
    return code == LS_OK && item.name == NULL ? error_set(LS_ENOMEM, "pack: no memory for a name") : code;
}

static int read_rows(table *t)
{
    int code = read_line(t);
    while (code == 1) {
        const char *start = t->line;
        char *end = NULL;
        (void)strtod(start, &end);
        const bool header = t->number == 1 && end == start;
        if (*start == '\0' || header) {
            code = pack_pass(&t->p.account, header ? PACK_HEADER : PACK_EMPTY, t->path, "not a row");
        } else {
            code = add_row(t);
        }
        if (code != LS_OK) {
            return code;
        }
        code = read_line(t);
    }
    return code;
}

static int name_classes(table *t)
{
    char name[16];
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < t->options->class_count && t->options->classes != NULL; i++) {
        code = pack_names_add(&t->p.classes, t->options->classes[i]);
    }
    for (int32_t i = 0; code == LS_OK && i <= t->largest && t->options->classes == NULL; i++) {
        (void)snprintf(name, sizeof name, "%d", (int)i);
        code = pack_names_add(&t->p.classes, name);
    }
    return code;
}

static int open_table(table *t)
{
    const pack_csv_options *o = t->options;
    if (o->width == 0 || o->height == 0 || o->width > IMAGE_MAX_SIDE || o->height > IMAGE_MAX_SIDE ||
        o->width * o->height > (size_t)16 * 1024 * 1024 || !(o->max_value > 0) || !isfinite(o->max_value)) {
        return error_set(LS_EUSAGE, "%s: impossible width, height or largest value of its pictures", t->path);
    }
    t->cells = o->width * o->height;
    t->line_size = (t->cells + 2) * CELL_CHARACTERS;
    t->line = malloc(t->line_size);
    t->pixels = malloc(t->cells);
    if (t->line == NULL || t->pixels == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory for a row of %zu values", t->path, t->cells);
    }
    errno = 0;
    t->file = gzopen(t->path, "rb");
    if (t->file == NULL) {
        return error_set(errno == ENOENT ? LS_ENOTFOUND : LS_EIO, "%s: cannot be opened: %m", t->path);
    }
    return LS_OK;
}

/* The last rows are for validation. */
static int set_aside(table *t)
{
    const size_t count = t->options->val_count;
    const size_t rows = t->p.items.count;
    if (count >= rows) {
        return error_set(LS_EUSAGE, "%s: %zu rows, of which the last %zu cannot all be for validation", t->path, rows,
                         count);
    }
    for (size_t i = rows - count; i < rows; i++) {
        t->p.items.items[i].split = DATASET_VAL;
    }
    t->p.wanted[DATASET_VAL] = count > 0;
    return LS_OK;
}

static int pack_table(table *t)
{
    struct stat info;
    int code = open_table(t);
    if (code == LS_OK && stat(t->path, &info) == 0 && output_is(t->p.out, &info)) {
        code = error_set(LS_EUSAGE, "%s: is the table itself; name another output", t->p.out);
    }
    if (code == LS_OK) {
        code = read_rows(t);
    }
    if (code == LS_OK) {
        code = name_classes(t);
    }
    return code != LS_OK ? code : set_aside(t);
}

int pack_csv(const char *csv, const char *out, const pack_csv_options *options, pack_result *result)
{
    table t = {.path = csv, .options = options};
    int code = packing_begin(&t.p, out, "lines");
    if (code != LS_OK) {
        return code;
    }
    t.p.advice = "is the label in the last column?";
    code = pack_table(&t);
    if (code == LS_OK) {
        code = packing_finish(&t.p, result);
    }
    if (t.file != NULL) {
        (void)gzclose(t.file);
    }
    free(t.line);
    free(t.pixels);
    packing_release(&t.p);
    return code;
}
