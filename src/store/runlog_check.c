#include "store/runlog_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "io/h5.h"
#include "network/graph.h"
#include "store/origin_file.h"
#include "store/runlog_columns.h"
#include "store/runlog_samples.h"

enum { NAME_SIZE = 128, MOST_NAMES = 10000 };

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
        if (strcmp(path, RUNLOG_TENSOR_NAMES) == 0) {
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

static int possible(runlog_rule rule, double x)
{
    switch (rule) {
    case RUNLOG_FIGURE: return isfinite(x) && x >= 0;
    case RUNLOG_SHARE: return x >= 0 && x <= 1;
    case RUNLOG_MAYBE_FIGURE: return isnan(x) || x >= 0;
    case RUNLOG_MAYBE_SHARE: return isnan(x) || (x >= 0 && x <= 1);
    case RUNLOG_WEIGHT: return !isinf(x);
    default: return 1;
    }
}

/* `rows` rows of an array of `width` columns. */
static void check_figures(const checker *c, const runlog_column *k, const double *values, size_t rows, size_t width)
{
    for (size_t i = 0; i < rows * width; i++) {
        if (!possible(k->rule, values[i])) {
            problems_add(c->found, "%s: row %zu has the impossible value %g", k->name, i / width + 1, values[i]);
            return;
        }
    }
}

static void check_counts(const checker *c, const runlog_column *k, const uint64_t *values, size_t rows)
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

static void check_column(const checker *c, const runlog_column *k, uint64_t rows)
{
    const size_t width = k->width == RUNLOG_TENSORS ? c->tensors : k->width;
    h5_shape shape;
    size_t bytes = 0;
    void *cells = NULL;
    int code = h5_stat(c->f, k->name, &shape);
    if (code == LS_OK && (shape.type != k->type || shape.rank != (width == 0 ? 1 : 2) || shape.dims[0] < rows ||
                          (width > 0 && shape.dims[1] != width) || size_mul(&bytes, shape.size, sizeof(double)) != 0)) {
        code = error_set(LS_EFORMAT, "%s: has the wrong shape or type", k->name);
    }
    if (code == LS_OK) {
        cells = malloc(bytes + 1);
        /* Not all of it: a log that is written may have grown since. */
        code = cells == NULL ? error_set(LS_ENOMEM, "%s: out of memory", k->name)
                             : h5_read_slice(c->f, k->name, k->type, 0, (size_t)rows, width == 0 ? 1 : width, cells);
    }
    if (code != LS_OK) {
        add_error(c);
    } else if (k->rule == RUNLOG_COUNT) {
        check_counts(c, k, cells, (size_t)rows);
    } else if (k->rule == RUNLOG_START) {
        check_starts(c, cells, (size_t)rows);
    } else {
        check_figures(c, k, cells, (size_t)rows, width == 0 ? 1 : width);
    }
    free(cells);
}

/* Those of a group of the file, "steps/". */
static void check_columns(const checker *c, const char *group, uint64_t rows)
{
    for (size_t i = 0; i < RUNLOG_COLUMNS; i++) {
        const runlog_column *k = &runlog_columns[i];
        if (strncmp(k->name, group, strlen(group)) == 0 && (!k->later || h5_exists(c->f, k->name))) {
            check_column(c, k, rows);
        }
    }
}

/* Names of variables, each once. */
static void check_names(checker *c)
{
    char **names = NULL;
    if (h5_read_strings(c->f, RUNLOG_TENSOR_NAMES, &names, &c->tensors) != LS_OK) {
        add_error(c);
        return;
    }
    int good = c->tensors <= MOST_NAMES;
    for (size_t i = 0; good && i < c->tensors; i++) {
        good = good && graph_is_variable(names[i]);
        for (size_t j = 0; good && j < i; j++) {
            good = strcmp(names[i], names[j]) != 0;
        }
    }
    if (!good) {
        problems_add(c->found, RUNLOG_TENSOR_NAMES ": not the tensors of a network");
    }
    free(names);
}

/* The histogram of the weights that the run began with, where there is one. */
static void check_start(const checker *c)
{
    double cells[HISTOGRAM_BINS];
    static const runlog_column counts = {RUNLOG_BEGINNING, H5_FLOAT64, 0, RUNLOG_FIGURE, RUNLOG_PER_EPOCH, 1, 0};
    if (!h5_exists(c->f, RUNLOG_BEGINNING)) {
        return;
    }
    if (h5_read(c->f, RUNLOG_BEGINNING, H5_FLOAT64, HISTOGRAM_BINS, cells) != LS_OK) {
        add_error(c);
    } else {
        check_figures(c, &counts, cells, HISTOGRAM_BINS, 1);
    }
}

int runlog_check(runlog_facts *out, const char *path, problems *found)
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
    check_names(&c);
    if (c.tensors > 0 && count_rows(&c, "tensors", &rows)) {
        if (rows != out->epochs && !out->followed) {
            problems_add(found, "/tensors has %" PRIu64 " rows for %" PRIu64 " epochs", rows, out->epochs);
        }
        out->epochs = rows < out->epochs ? rows : out->epochs;
        check_columns(&c, "tensors/", out->epochs);
    }
    if (count_rows(&c, "steps", &out->steps)) {
        check_columns(&c, "steps/", out->steps);
        if (!out->followed) { /* else its columns grow one after the other */
            runlog_samples_check(c.f, out->steps, found);
        }
    }
    if (has_epochs) {
        check_columns(&c, "epochs/", out->epochs);
    }
    check_start(&c);
    if (origin_file_read(c.f, "origin", &computed) != LS_OK) {
        add_error(&c);
    }
    (void)h5_close(c.f);
    return LS_OK;
}
