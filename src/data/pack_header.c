#include "data/pack_header.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"

/* What the cells of a line are. */
typedef struct census {
    size_t numbers, names, empty;
    size_t name;   /* the last of the names */
    bool counting; /* the numbers are 0, 1, 2, ... or 1, 2, 3, ..., as columns without names are called */
} census;

/* So many numbers that count are no accident. */
enum { COUNTED = 3 };

static census take_census(const pack_row *r)
{
    census c = {.counting = true};
    double start = 0;
    for (size_t i = 0; i < r->count; i++) {
        double v = 0;
        if (r->cells[i][0] == '\0') {
            c.empty++;
        } else if (!pack_cell_number(&v, r->cells[i])) {
            c.names++;
            c.name = i;
        } else {
            start = c.numbers == 0 ? v : start;
            c.counting = c.counting && (start == 0 || start == 1) && v == start + (double)c.numbers;
            c.numbers++;
        }
    }
    return c;
}

/* name NULL: one of those that labels usually have. */
static bool is_called(const char *cell, const char *name)
{
    static const char *const usual[] = {"label", "class", "target", "y"};
    if (name != NULL) {
        return strcasecmp(cell, name) == 0;
    }
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        if (strcasecmp(cell, usual[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The columns that are called so: how many, and the first. */
static size_t find_called(size_t *first, const pack_row *r, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (is_called(r->cells[i], name) && n++ == 0) {
            *first = i;
        }
    }
    return n;
}

/* Whether --label names a column by its name. */
static bool is_by_name(const char *label)
{
    return label != NULL && strcmp(label, "first") != 0 && strcmp(label, "last") != 0 &&
           label[strspn(label, "0123456789")] != '\0';
}

/*
 * A line of names is a header, one of numbers a row. Columns may be called 0, 1, 2, ... or 1, 2, 3, ...: then only the
 * label's has a name, or none has. A row may hold one name, its class. Returns 0 for a row, 1 for a header, and -1 for
 * what could be both: no row may be lost, and no header become a picture.
 */
static int classify(const pack_row *r, const census *c, const pack_csv_options *o)
{
    size_t at = 0;
    if (is_by_name(o->label) && find_called(&at, r, o->label) > 0) {
        return 1;
    }
    if (c->names == 0) {
        return c->empty == 0 && c->counting && c->numbers >= COUNTED ? -1 : 0;
    }
    if (c->names > 1) {
        return c->numbers == 0 ? 1 : -1;
    }
    const bool counts = c->counting && c->empty == 0 && c->numbers >= COUNTED;
    const bool named = is_called(r->cells[c->name], NULL);
    return counts && named ? 1 : counts || named ? -1 : 0;
}

/* name NULL: by the usual names. */
static int find_by_name(pack_columns *out, const pack_row *r, const char *name, const char *path, size_t line)
{
    const size_t n = find_called(&out->label, r, name);
    if (n == 1) {
        return LS_OK;
    }
    if (name != NULL) {
        return error_set(LS_EFORMAT, "%s: line %zu, the header, has %s column called '%s'; say --label NUMBER", path,
                         line, n == 0 ? "no" : "more than one", name);
    }
    return error_set(LS_EFORMAT,
                     "%s: line %zu, the header, calls %s label, class, target or y; say --label first, last, NUMBER "
                     "or NAME",
                     path, line, n == 0 ? "no column" : "more than one column");
}

int pack_label_column(pack_columns *out, const pack_row *r, const char *label, const char *path, size_t line)
{
    const bool by_name = is_by_name(label);
    if (out->header && (by_name || label == NULL)) {
        return find_by_name(out, r, label, path, line);
    }
    if (by_name) {
        return error_set(LS_EFORMAT, "%s: line %zu is no header, so no column is called '%s'", path, line, label);
    }
    if (label == NULL || strcmp(label, "last") == 0) {
        out->label = r->count - 1;
        return LS_OK;
    }
    if (strcmp(label, "first") == 0) {
        out->label = 0;
        return LS_OK;
    }
    double number = 0;
    if (!pack_cell_number(&number, label) || number < 1 || number > (double)r->count) {
        return error_set(LS_EUSAGE, "--label: there is no column %s; the table has %zu", label, r->count);
    }
    out->label = (size_t)number - 1;
    return LS_OK;
}

int pack_columns_find(pack_columns *out, const pack_row *first, const pack_csv_options *options, const char *path,
                      size_t line)
{
    const census c = take_census(first);
    int verdict = classify(first, &c, options);
    if (options->header != PACK_HEADER_AUTO) {
        verdict = options->header == PACK_HEADER_YES;
    }
    if (verdict < 0) {
        return error_set(LS_EFORMAT, "%s: line %zu could be a header or a row; say --header yes or --header no", path,
                         line);
    }
    *out = (pack_columns){.header = verdict == 1};
    return pack_label_column(out, first, options->label, path, line);
}
