#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/output.h"
#include "data/image.h"
#include "data/pack_header.h"
#include "data/pack_label.h"
#include "data/pack_text.h"
#include "data/packing.h"

/* Characters that a number of the table may take, its separator, quotes and blanks included, and a label. */
enum { CELL_CHARACTERS = 64, LABEL_CHARACTERS = 4096 };

/* Where no pixel comes to this part of the largest value, that value is hardly meant. */
enum { DARK = 8 };

/* Of a picture in a table: a row of these is read as one line. */
enum { MOST_PIXELS = 16 * 1024 * 1024 };

typedef struct table {
    packing p;
    const char *path; /* not owned */
    const pack_csv_options *options;
    pack_text text;
    pack_row row;
    size_t cells;    /* pixels of a row */
    uint8_t *pixels; /* [cells], owned */
    image picture;   /* of the row at hand */
    double largest;  /* of all pixels */
    char separator;  /* '\0' before the first line */
    pack_columns columns;
    pack_labels labels;
} table;

static int wrong_row(const table *t, const char *what)
{
    return error_set(LS_EFORMAT, "%s: line %zu %s", t->path, t->text.number, what);
}

/* The line at hand into cells, as many as there must be. */
static int cut(table *t)
{
    if (t->separator == '\0') {
        t->separator = pack_row_separator(t->text.line, t->cells + 1);
    }
    const char *wrong = pack_row_cut(&t->row, t->text.line, t->separator);
    if (wrong != NULL) {
        return wrong_row(t, wrong);
    }
    if (t->row.count != t->cells + 1) {
        return error_set(LS_EFORMAT,
                         "%s: line %zu has %zu columns, not %zu: the %zu x %zu pixels and a label, divided by commas, "
                         "semicolons or tabs%s",
                         t->path, t->text.number, t->row.count, t->cells + 1, t->options->width, t->options->height,
                         t->row.count == t->cells + 2 ? "; if one is an index, leave it out" : "");
    }
    return LS_OK;
}

static int read_pixel(table *t, size_t column, uint8_t *out)
{
    const char *cell = t->row.cells[column];
    double v = 0;
    if (!pack_cell_number(&v, cell)) {
        return error_set(LS_EFORMAT, "%s: line %zu, column %zu: '%.40s' is not a number", t->path, t->text.number,
                         column + 1, cell);
    }
    if (v < 0 || v > t->options->max_value) {
        return error_set(LS_EFORMAT, "%s: line %zu, column %zu: the pixel %.40s is not in 0..%g", t->path,
                         t->text.number, column + 1, cell, t->options->max_value);
    }
    t->largest = v > t->largest ? v : t->largest;
    *out = (uint8_t)floor(v * 255 / t->options->max_value + 0.5);
    return LS_OK;
}

static int read_pixels(table *t)
{
    int code = LS_OK;
    size_t n = 0;
    for (size_t i = 0; i < t->row.count && code == LS_OK; i++) {
        if (i != t->columns.label) {
            code = read_pixel(t, i, &t->pixels[n++]);
        }
    }
    return code;
}

static int add_row(table *t)
{
    char name[64];
    uint8_t *bytes = NULL;
    dataset_item item = {.split = DATASET_TRAIN};
    int code = pack_labels_read(&t->labels, &item.label, t->row.cells[t->columns.label], t->path, t->text.number);
    if (code != LS_OK) {
        return code;
    }
    code = read_pixels(t);
    if (code == LS_OK) {
        code = image_of_pixels(&t->picture, t->pixels, t->options->width, t->options->height, 1, false);
    }
    if (code != LS_OK) {
        return code;
    }
    pack_measure(&item, &t->picture);
    code = image_encode_png(&bytes, &item.size, t->pixels, t->options->width, t->options->height, 1);
    if (code != LS_OK) {
        return code;
    }
    (void)snprintf(name, sizeof name, "line %zu", t->text.number);
    item.hash = hash_bytes(HASH_START, bytes, item.size);
    item.name = strdup(name);
    code = packing_take(&t->p, &item, bytes);
    free(bytes);
    return code == LS_OK && item.name == NULL ? error_set(LS_ENOMEM, "pack: no memory for a name") : code;
}

/* The first line with text, already cut. */
static int begin_table(table *t)
{
    int code = pack_columns_find(&t->columns, &t->row, t->options, t->path, t->text.number);
    if (code == LS_OK && t->columns.header) {
        return pack_pass(&t->p.account, PACK_HEADER, t->path, "header");
    }
    return code != LS_OK ? code : add_row(t);
}

static int take_line(table *t)
{
    if (pack_row_is_blank(t->text.line, t->separator)) {
        return pack_pass(&t->p.account, PACK_EMPTY, t->path, "empty");
    }
    if (!pack_text_is_utf8(&t->text)) {
        return wrong_row(t, "is not text in UTF-8; save the table as UTF-8");
    }
    const bool first = t->separator == '\0';
    const int code = cut(t);
    if (code != LS_OK) {
        return code;
    }
    return first ? begin_table(t) : add_row(t);
}

static int read_rows(table *t)
{
    int more = pack_text_next(&t->text);
    while (more == 1) {
        const int code = take_line(t);
        if (code != LS_OK) {
            return code;
        }
        more = pack_text_next(&t->text);
        packing_show(&t->p, t->text.number, 0);
    }
    log_progress_end();
    if (more == 0 && t->p.items.count == 0) {
        return error_set(LS_EUSAGE, "%s: no rows in it", t->path);
    }
    return more;
}

static int check_options(const table *t)
{
    const pack_csv_options *o = t->options;
    if (o->width == 0 || o->height == 0 || o->width > IMAGE_MAX_SIDE || o->height > IMAGE_MAX_SIDE ||
        o->width * o->height > MOST_PIXELS) {
        return error_set(LS_EUSAGE,
                         "%s: its pictures cannot have %zu x %zu pixels; a side is 1 to %d, and all of a table's "
                         "picture are %d at most",
                         t->path, o->width, o->height, IMAGE_MAX_SIDE, MOST_PIXELS);
    }
    if (!(o->max_value > 0) || !isfinite(o->max_value)) {
        return error_set(LS_EUSAGE, "%s: the largest value of its pixels must be above 0", t->path);
    }
    if (!(o->val_fraction >= 0 && o->val_fraction < 1) || (o->val_fraction > 0 && o->val_count > 0)) {
        return error_set(LS_EUSAGE, "%s: rows for validation are a number or a fraction, at least 0 and below 1",
                         t->path);
    }
    return LS_OK;
}

static int open_table(table *t)
{
    struct stat info;
    t->cells = t->options->width * t->options->height;
    int code = pack_text_open(&t->text, t->path, t->cells * CELL_CHARACTERS + LABEL_CHARACTERS);
    if (code != LS_OK) {
        return code;
    }
    if (fstat(t->text.file, &info) == 0 && output_is(t->p.out, &info)) {
        return error_set(LS_EUSAGE, "%s: is the table itself; name another output", t->p.out);
    }
    t->pixels = malloc(t->cells);
    if (t->pixels == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory for a row of %zu values", t->path, t->cells);
    }
    code = pack_row_reserve(&t->row, t->cells + 1);
    return code != LS_OK ? code
                         : pack_labels_begin(&t->labels, &t->p.classes, t->options->classes,
                                             t->options->classes != NULL ? t->options->class_count : 0);
}

/* The last rows, or a part of each class that packing_finish chooses. */
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
    t->p.val_fraction = t->options->val_fraction;
    t->p.seed = t->options->seed;
    t->p.wanted[DATASET_VAL] = count > 0 || t->p.val_fraction > 0;
    return LS_OK;
}

/* Pixels from 0 to 1 of a --max of 255 would all be black, and nothing else would show it. */
static void warn_dark(const table *t)
{
    if (t->largest * DARK < t->options->max_value) {
        log_warn("%s: the largest pixel is %g of --max %g, so its pictures are %s; is --max that of another table?",
                 t->path, t->largest, t->options->max_value, t->largest > 0 ? "nearly black" : "black");
    }
}

static int pack_table(table *t)
{
    int code = open_table(t);
    if (code == LS_OK) {
        code = read_rows(t);
    }
    if (code == LS_OK) {
        code = pack_labels_finish(&t->labels);
    }
    for (size_t i = 0; code == LS_OK && i < t->p.items.count; i++) {
        t->p.items.items[i].label = pack_labels_class(&t->labels, t->p.items.items[i].label);
    }
    if (code == LS_OK) {
        warn_dark(t);
        code = set_aside(t);
    }
    return code;
}

int pack_csv(const char *csv, const char *out, const pack_csv_options *options, pack_result *result)
{
    table t = {.path = csv, .options = options};
    int code = check_options(&t);
    if (code != LS_OK) {
        return code;
    }
    code = packing_begin(&t.p, out, "lines");
    if (code == LS_OK) {
        t.p.maker = options->maker;
        t.p.advice = "is the label in another column? --label says in which";
        code = pack_table(&t);
    }
    if (code == LS_OK) {
        code = packing_finish(&t.p, result);
    }
    pack_text_close(&t.text);
    pack_row_release(&t.row);
    free(t.pixels);
    image_release(&t.picture);
    pack_labels_release(&t.labels);
    packing_release(&t.p);
    return code;
}
