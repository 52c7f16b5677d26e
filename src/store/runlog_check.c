#include "store/runlog_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "io/h5.h"
#include "store/origin_file.h"
#include "store/runlog.h"

enum { NAME_SIZE = 128 };

/* What a figure may be. */
typedef enum rule {
    RULE_COUNT,     /* 1, 2, 3, … */
    RULE_START,     /* steps before an epoch: 0, then growing by an epoch's steps */
    RULE_FIGURE,    /* finite, not negative */
    RULE_SHARE,     /* 0 to 1 */
    RULE_PERHAPS,   /* not negative, perhaps infinite, or NaN: validation */
    RULE_SHARE_NAN, /* 0 to 1, or NaN */
    RULE_WEIGHT,    /* finite or NaN */
} rule;

typedef struct known {
    const char *name;
    rule what;
    size_t columns; /* of a table; 0: a single column; SIZE_MAX: as many as there are tensors */
} known;

/* Columns that must be there; others are held to having as many rows. */
static const known step_columns[] = {
    {"steps/step", RULE_COUNT, 0},
    {"steps/loss", RULE_FIGURE, 0},
    {"steps/cross_entropy", RULE_FIGURE, 0},
    {"steps/accuracy", RULE_SHARE, 0},
};

static const known epoch_columns[] = {
    {"epochs/epoch", RULE_COUNT, 0},
    {"epochs/start_step", RULE_START, 0},
    {"epochs/train_loss", RULE_FIGURE, 0},
    {"epochs/train_cross_entropy", RULE_FIGURE, 0},
    {"epochs/train_accuracy", RULE_SHARE, 0},
    {"epochs/val_loss", RULE_PERHAPS, 0},
    {"epochs/val_cross_entropy", RULE_PERHAPS, 0},
    {"epochs/val_accuracy", RULE_SHARE_NAN, 0},
    {"epochs/images_per_second", RULE_FIGURE, 0},
    {"epochs/mean_abs_weight", RULE_FIGURE, 0},
    {"epochs/seconds", RULE_FIGURE, 0},
    {"epochs/start_mean_abs_weight", RULE_FIGURE, 0},
    {"epochs/first_weights", RULE_WEIGHT, RUNLOG_FIRST_WEIGHTS},
};

static const known tensor_columns[] = {{"tensors/norm", RULE_FIGURE, SIZE_MAX},
                                       {"tensors/mean_abs", RULE_FIGURE, SIZE_MAX}};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

typedef struct checker {
    h5_file *f;
    problems *found;
    runlog_facts *facts;
    size_t tensors; /* named ones */
} checker;

static void add_error(const checker *c)
{
    problems_add_error(c->found, h5_path(c->f));
}

/* Rows of every array of a group: *rows gets the fewest; that they agree. Returns 0 when the group cannot be read. */
static int count_rows(const checker *c, const char *group, uint64_t *rows)
{
    char **names = NULL;
    size_t count = 0;
    char path[NAME_SIZE + 32];
    uint64_t most = 0;
    uint64_t least = UINT64_MAX;
    if (h5_list(c->f, group, &names, &count) != LS_OK) {
        add_error(c);
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        h5_shape shape;
        (void)snprintf(path, sizeof path, "%s/%.*s", group, NAME_SIZE, names[i]);
        if (strcmp(path, "tensors/names") == 0) {
            continue;
        }
        if (h5_stat(c->f, path, &shape) != LS_OK) {
            add_error(c);
        } else if (shape.rank < 1) {
            problems_add(c->found, "%s is not a column", path);
        } else {
            most = shape.dims[0] > most ? shape.dims[0] : most;
            least = shape.dims[0] < least ? shape.dims[0] : least;
        }
    }
    free(names);
    *rows = least == UINT64_MAX ? 0 : least;
    if (most > *rows && !c->facts->followed) {
        problems_add(c->found, "columns of /%s have %" PRIu64 " to %" PRIu64 " rows", group, *rows, most);
    }
    return 1;
}

static int possible(rule what, double x)
{
    switch (what) {
    case RULE_FIGURE: return isfinite(x) && x >= 0;
    case RULE_SHARE: return x >= 0 && x <= 1;
    case RULE_PERHAPS: return isnan(x) || x >= 0;
    case RULE_SHARE_NAN: return isnan(x) || (x >= 0 && x <= 1);
    case RULE_WEIGHT: return !isinf(x);
    default: return 1;
    }
}

/* `rows` rows of a table of `columns` columns. */
static void check_figures(const checker *c, const known *k, const double *values, size_t rows, size_t columns)
{
    for (size_t i = 0; i < rows * columns; i++) {
        if (!possible(k->what, values[i])) {
            problems_add(c->found, "%s: row %zu has the impossible value %g", k->name, i / columns + 1, values[i]);
            return;
        }
    }
}

static int has_shape(const h5_shape *s, const known *k)
{
    return k->columns == 0 ? s->rank == 1 : s->rank == 2 && (k->columns == SIZE_MAX || s->dims[1] == k->columns);
}

static void check_figure_column(const checker *c, const known *k, uint64_t rows)
{
    h5_shape shape;
    size_t bytes = 0;
    int code = h5_stat(c->f, k->name, &shape);
    if (code == LS_OK && (shape.type != H5_FLOAT64 || !has_shape(&shape, k) || shape.dims[0] < rows)) {
        code = error_set(LS_EFORMAT, "%s: has the wrong shape or type", k->name);
    }
    if (code == LS_OK && size_mul(&bytes, shape.size, sizeof(double)) != 0) {
        code = error_set(LS_EFORMAT, "%s: has an impossible size", k->name);
    }
    double *values = code == LS_OK ? malloc(bytes + 1) : NULL;
    if (code == LS_OK && values == NULL) {
        code = error_set(LS_ENOMEM, "%s: out of memory", k->name);
    }
    /* Not all of it: a log that is written may have grown since. */
    code = code == LS_OK ? h5_read_slice(c->f, k->name, H5_FLOAT64, 0, (size_t)rows, values) : code;
    if (code != LS_OK) {
        add_error(c);
    } else {
        check_figures(c, k, values, (size_t)rows, shape.rank == 1 ? 1 : shape.dims[1]);
    }
    free(values);
}

static void check_counts(const checker *c, const known *k, const uint64_t *values, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        if (values[i] != i + 1) {
            problems_add(c->found, "%s: row %zu is number %" PRIu64 ": %s", k->name, i + 1, values[i],
                         values[i] > i + 1 ? "rows are missing" : "rows are doubled or out of order");
            return;
        }
    }
}

/* Each epoch starts where the one before it ended, and all are as long. */
static void check_starts(const checker *c, const uint64_t *starts, size_t rows)
{
    if (rows == 0) {
        return;
    }
    const uint64_t length = rows > 1 ? starts[1] : c->facts->steps;
    if (starts[0] != 0) {
        problems_add(c->found, "epochs/start_step: the first epoch starts after %" PRIu64 " steps", starts[0]);
        return;
    }
    if (length == 0) {
        problems_add(c->found, "epochs/start_step: an epoch has no steps");
        return;
    }
    for (size_t i = 1; i < rows; i++) {
        if (starts[i] < starts[i - 1] || starts[i] - starts[i - 1] != length) {
            problems_add(c->found, "epochs/start_step: epoch %zu starts after %" PRIu64 " steps, not %" PRIu64, i + 1,
                         starts[i], starts[i - 1] + length);
            return;
        }
    }
    if (c->facts->steps < starts[rows - 1] || c->facts->steps - starts[rows - 1] < (rows > 1 ? length : 1)) {
        problems_add(c->found, "%" PRIu64 " steps are too few for %zu epochs", c->facts->steps, rows);
    }
}

static void check_number_column(const checker *c, const known *k, uint64_t rows)
{
    h5_shape shape;
    size_t bytes = 0;
    int code = h5_stat(c->f, k->name, &shape);
    if (code == LS_OK && (shape.type != H5_UINT64 || shape.rank != 1 || shape.size < rows ||
                          size_mul(&bytes, shape.size, sizeof(uint64_t)) != 0)) {
        code = error_set(LS_EFORMAT, "%s: has the wrong shape or type", k->name);
    }
    uint64_t *values = code == LS_OK ? malloc(bytes + 1) : NULL;
    if (code == LS_OK && values == NULL) {
        code = error_set(LS_ENOMEM, "%s: out of memory", k->name);
    }
    code = code == LS_OK ? h5_read_slice(c->f, k->name, H5_UINT64, 0, (size_t)rows, values) : code;
    if (code != LS_OK) {
        add_error(c);
    } else if (k->what == RULE_COUNT) {
        check_counts(c, k, values, (size_t)rows);
    } else {
        check_starts(c, values, (size_t)rows);
    }
    free(values);
}

static void check_columns(const checker *c, const known *columns, size_t n, uint64_t rows)
{
    for (size_t i = 0; i < n; i++) {
        if (columns[i].what == RULE_COUNT || columns[i].what == RULE_START) {
            check_number_column(c, &columns[i], rows);
        } else {
            check_figure_column(c, &columns[i], rows);
        }
    }
}

/* 1 when the names are those of the network's trainable tensors. */
static int names_match(char *const *names, size_t count, const tensor_table *t)
{
    char full[2 * TENSOR_NAME_SIZE];
    size_t at = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (t->tensors[i].trainable) {
            if (at == count || strcmp(names[at], tensor_full_name(full, sizeof full, &t->tensors[i])) != 0) {
                return 0;
            }
            at++;
        }
    }
    return at == count;
}

static void check_names(checker *c, const tensor_table *networks, size_t count)
{
    char **names = NULL;
    if (h5_read_strings(c->f, "tensors/names", &names, &c->tensors) != LS_OK) {
        add_error(c);
        return;
    }
    int matches = count == 0;
    for (size_t i = 0; i < count; i++) {
        matches = matches || names_match(names, c->tensors, &networks[i]);
    }
    if (!matches) {
        problems_add(c->found, "tensors/names: not the tensors of the network");
    }
    free(names);
}

static void check_width(const checker *c)
{
    for (size_t i = 0; i < COUNT(tensor_columns); i++) {
        h5_shape shape;
        if (h5_stat(c->f, tensor_columns[i].name, &shape) == LS_OK &&
            (shape.rank != 2 || shape.dims[1] != c->tensors)) {
            problems_add(c->found, "%s: does not have a column for each of %zu tensors", tensor_columns[i].name,
                         c->tensors);
        }
    }
}

int runlog_check(runlog_facts *out, const char *path, const tensor_table *networks, size_t count, problems *found)
{
    checker c = {.found = found, .facts = out};
    origin computed;
    uint64_t rows = 0;
    *out = (runlog_facts){0};
    const int code = h5_open_read(&c.f, path);
    if (code != LS_OK) {
        problems_add_error(found, path);
        return code;
    }
    out->followed = h5_is_followed(c.f);
    /* Epochs and statistics before steps: a writer adds to steps first. */
    const int has_epochs = count_rows(&c, "epochs", &out->epochs);
    check_names(&c, networks, count);
    if (c.tensors > 0 && count_rows(&c, "tensors", &rows)) {
        if (rows != out->epochs && !out->followed) {
            problems_add(found, "/tensors has %" PRIu64 " rows for %" PRIu64 " epochs", rows, out->epochs);
        }
        out->epochs = rows < out->epochs ? rows : out->epochs;
        check_width(&c);
        check_columns(&c, tensor_columns, COUNT(tensor_columns), out->epochs);
    }
    if (count_rows(&c, "steps", &out->steps)) {
        check_columns(&c, step_columns, COUNT(step_columns), out->steps);
    }
    if (has_epochs) {
        check_columns(&c, epoch_columns, COUNT(epoch_columns), out->epochs);
    }
    if (origin_file_read(c.f, "origin", &computed) != LS_OK) {
        add_error(&c);
    }
    (void)h5_close(c.f);
    return LS_OK;
}
