#include "data/pack_fields.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "data/pack_header.h"
#include "data/pack_names.h"
#include "data/pack_place.h"

static const char *const path_names[] = {"path",      "filepath", "file_path", "image_path", "filename",
                                         "file_name", "file",     "image",     "image_name", "image_file",
                                         "image_id",  "img",      "id",        NULL};
static const char *const label_names[] = {"label", "class", "target", "category", "y", NULL};
static const char *const split_names[] = {"split", "partition", "subset", "set", "fold", NULL};

/* The first lines, cut. */
typedef struct sheet {
    const char *path, *root; /* not owned */
    size_t line;             /* number of the first */
    pack_row rows[PACK_HEAD_LINES];
    size_t count;
    size_t columns; /* of the first */
} sheet;

/* As many cells as a line can have, whatever its quotes come to. */
static size_t most_cells(const char *line, char separator)
{
    size_t n = 1;
    for (const char *at = line; *at != '\0'; at++) {
        n += *at == separator;
    }
    return n;
}

static int cut(sheet *s, pack_head *head, char separator)
{
    int code = LS_OK;
    for (size_t i = 0; i < head->count && code == LS_OK; i++) {
        code = pack_row_reserve(&s->rows[i], most_cells(head->lines[i], separator));
        s->count += code == LS_OK;
        const char *wrong = code == LS_OK ? pack_row_cut(&s->rows[i], head->lines[i], separator) : NULL;
        if (wrong != NULL) {
            s->rows[i].count = 0; /* it is said when its turn comes */
        }
        if (wrong != NULL && i == 0) {
            code = error_set(LS_EFORMAT, "%s: line %zu %s", s->path, s->line, wrong);
        }
    }
    s->columns = s->count > 0 ? s->rows[0].count : 0;
    return code;
}

/* The place of a cell among names; a large number: it is none. */
static size_t rank(const char *const *names, const char *cell)
{
    size_t i = 0;
    while (names[i] != NULL && strcasecmp(names[i], cell) != 0) {
        i++;
    }
    return names[i] == NULL ? SIZE_MAX : i;
}

/* How many cells of the first line are names of these; *column: of them that which stands first there. */
static size_t find_named(const sheet *s, const char *const *names, size_t *column)
{
    size_t n = 0;
    size_t best = SIZE_MAX;
    for (size_t c = 0; c < s->columns; c++) {
        const size_t r = rank(names, s->rows[0].cells[c]);
        n += r != SIZE_MAX;
        if (r < best) {
            best = r;
            *column = c;
        }
    }
    return n;
}

/* How many rows from a given one on name a file in a column. */
static size_t count_files(const sheet *s, size_t column, size_t from)
{
    pack_place place;
    size_t n = 0;
    for (size_t i = from; i < s->count; i++) {
        const pack_row *r = &s->rows[i];
        n += r->count == s->columns && r->cells[column][0] != '\0' &&
             pack_place_find(&place, s->root, r->cells[column]) == PACK_REASONS;
    }
    return n;
}

/* The column in which most do, and how many; of several the first. names: only of those that are called so. */
static size_t find_files(const sheet *s, const char *const *names, size_t from, size_t *column)
{
    size_t most = 0;
    size_t best = SIZE_MAX;
    for (size_t c = 0; c < s->columns; c++) {
        const size_t r = names == NULL ? c : rank(names, s->rows[0].cells[c]);
        const size_t n = r == SIZE_MAX ? 0 : count_files(s, c, from);
        if (n > most || (n == most && n > 0 && r < best)) {
            most = n;
            best = r;
            *column = c;
        }
    }
    return most;
}

static bool names_file(const sheet *s, size_t row)
{
    pack_place place;
    bool found = false;
    for (size_t c = 0; c < s->columns && !found; c++) {
        const char *cell = s->rows[row].cells[c];
        found = *cell != '\0' && pack_place_find(&place, s->root, cell) == PACK_REASONS;
    }
    return found;
}

/* A name of a column may be a label, and a file may be missing; no row is to be lost, and no header to become one. */
static int decide_header(bool *out, const sheet *s, pack_header option)
{
    size_t column = 0;
    const size_t paths = find_named(s, path_names, &column);
    const size_t others = find_named(s, label_names, &column) + find_named(s, split_names, &column);
    if (option != PACK_HEADER_AUTO) {
        *out = option == PACK_HEADER_YES;
        return LS_OK;
    }
    *out = paths > 0 && others > 0;
    if (*out || names_file(s, 0)) {
        return LS_OK;
    }
    *out = paths > 0;
    if (*out) {
        return LS_OK;
    }
    const bool found = find_files(s, NULL, 1, &column) > 0;
    *out = others > 0;
    if (!found || *out || pack_is_picture_name(s->rows[0].cells[column])) {
        return LS_OK;
    }
    return error_set(LS_EFORMAT,
                     "%s: line %zu could be a header or a row whose file is not there; say --header yes or "
                     "--header no",
                     s->path, s->line);
}

static int find_path(pack_fields *out, const sheet *s)
{
    size_t named = 0;
    const size_t paths = out->header ? find_named(s, path_names, &named) : 0;
    if (paths == 1) {
        out->path = named;
        return LS_OK;
    }
    if (find_files(s, paths > 0 ? path_names : NULL, out->header ? 1 : 0, &out->path) > 0) {
        return LS_OK;
    }
    out->path = named;
    return paths > 0 ? LS_OK
                     : error_set(LS_EUSAGE,
                                 "%s: no column of its first rows names files in %s; --root DIR says where they lie (a "
                                 "table of pixels goes with --csv)",
                                 s->path, s->root[0] == '\0' ? "." : s->root);
}

/* Whether all rows hold the name of a split in a column. */
static bool holds_splits(const sheet *s, size_t column)
{
    dataset_split split = DATASET_TRAIN;
    bool all = s->columns == 3 && s->count > 0;
    for (size_t i = 0; i < s->count && all; i++) {
        all = s->rows[i].count == s->columns && pack_split_named(&split, s->rows[i].cells[column]);
    }
    return all;
}

static void find_split(pack_fields *out, const sheet *s)
{
    size_t column = 0;
    out->split = s->columns;
    if (out->header) {
        out->split = find_named(s, split_names, &column) > 0 ? column : s->columns;
        return;
    }
    for (size_t c = 0; c < s->columns; c++) {
        out->split = c != out->path && holds_splits(s, c) ? c : out->split;
    }
}

/* The one that is neither the path's nor the split's. */
static int find_rest(pack_fields *out, const sheet *s)
{
    size_t left = 0;
    for (size_t c = 0; c < s->columns; c++) {
        if (c != out->path && c != out->split) {
            left++;
            out->label = c;
        }
    }
    return left == 1
               ? LS_OK
               : error_set(LS_EFORMAT,
                           "%s: line %zu%s: no column is called label, class, target, category or y, and %zu could be "
                           "the label's; say --label first, last, NUMBER or NAME",
                           s->path, s->line, out->header ? ", the header" : "", left);
}

static int find_label(pack_fields *out, const sheet *s, const char *label)
{
    pack_columns columns = {.header = out->header};
    if (label == NULL) {
        const size_t named = out->header ? find_named(s, label_names, &out->label) : 0;
        return named == 0   ? find_rest(out, s)
               : named == 1 ? LS_OK
                            : error_set(LS_EFORMAT,
                                        "%s: line %zu, the header, calls more than one column label, class, target, "
                                        "category or y; say --label NUMBER or NAME",
                                        s->path, s->line);
    }
    const int code = pack_label_column(&columns, &s->rows[0], label, s->path, s->line);
    out->label = columns.label;
    if (code == LS_OK && out->label == out->path) {
        return error_set(LS_EUSAGE, "%s: the column that --label names holds the paths", s->path);
    }
    out->split = out->split == out->label ? s->columns : out->split;
    return code;
}

int pack_fields_find(pack_fields *out, pack_head *head, const char *path, const char *root,
                     const pack_manifest_options *options)
{
    sheet s = {.path = path, .root = root, .line = head->first};
    *out = (pack_fields){.separator = pack_head_separator(head)};
    int code = cut(&s, head, out->separator);
    if (code == LS_OK && s.columns < 2) {
        code = error_set(LS_EFORMAT,
                         "%s: line %zu has one column; a list has a path and a label, divided by commas, "
                         "semicolons or tabs",
                         path, s.line);
    }
    out->count = s.columns;
    if (code == LS_OK) {
        code = decide_header(&out->header, &s, options->header);
    }
    if (code == LS_OK) {
        code = find_path(out, &s);
    }
    if (code == LS_OK) {
        find_split(out, &s);
        code = find_label(out, &s, options->label);
    }
    for (size_t i = 0; i < s.count; i++) {
        pack_row_release(&s.rows[i]);
    }
    return code;
}
