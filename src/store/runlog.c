#include "store/runlog.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "base/watch.h"
#include "store/origin_file.h"
#include "store/runlog_columns.h"
#include "store/runlog_place.h"

enum { BUFFER_ROWS = 64, CHUNK_ROWS = 1024, EPOCH_CHUNK_ROWS = 16 };

const runlog_column runlog_step_columns[RUNLOG_STEP_COLUMNS] = {
    {"steps/step", H5_UINT64, offsetof(runlog_step_row, step), RUNLOG_COUNT},
    {"steps/loss", H5_FLOAT64, offsetof(runlog_step_row, loss), RUNLOG_FIGURE},
    {"steps/cross_entropy", H5_FLOAT64, offsetof(runlog_step_row, cross_entropy), RUNLOG_FIGURE},
    {"steps/accuracy", H5_FLOAT64, offsetof(runlog_step_row, accuracy), RUNLOG_SHARE},
};

#define FIELD(name) offsetof(runlog_epoch_row, name)
const runlog_column runlog_epoch_columns[RUNLOG_EPOCH_COLUMNS] = {
    {"epochs/epoch", H5_UINT64, FIELD(epoch), RUNLOG_COUNT},
    {"epochs/train_loss", H5_FLOAT64, FIELD(train_loss), RUNLOG_FIGURE},
    {"epochs/train_cross_entropy", H5_FLOAT64, FIELD(train_cross_entropy), RUNLOG_FIGURE},
    {"epochs/train_accuracy", H5_FLOAT64, FIELD(train_accuracy), RUNLOG_SHARE},
    {"epochs/val_loss", H5_FLOAT64, FIELD(val_loss), RUNLOG_MAYBE_FIGURE},
    {"epochs/val_cross_entropy", H5_FLOAT64, FIELD(val_cross_entropy), RUNLOG_MAYBE_FIGURE},
    {"epochs/val_accuracy", H5_FLOAT64, FIELD(val_accuracy), RUNLOG_MAYBE_SHARE},
    {"epochs/images_per_second", H5_FLOAT64, FIELD(images_per_second), RUNLOG_FIGURE},
    {"epochs/mean_abs_weight", H5_FLOAT64, FIELD(mean_abs_weight), RUNLOG_FIGURE},
    {"epochs/seconds", H5_FLOAT64, FIELD(seconds), RUNLOG_FIGURE},
    {"epochs/start_step", H5_UINT64, FIELD(start_step), RUNLOG_START},
    {"epochs/start_mean_abs_weight", H5_FLOAT64, FIELD(start_mean_abs_weight), RUNLOG_FIGURE},
};

const runlog_column runlog_tables[RUNLOG_TABLES] = {
    [RUNLOG_WATCHED] = {"epochs/first_weights", H5_FLOAT64, FIELD(first_weights), RUNLOG_WEIGHT},
    [RUNLOG_NORMS] = {"tensors/norm", H5_FLOAT64, 0, RUNLOG_FIGURE},
    [RUNLOG_MEANS] = {"tensors/mean_abs", H5_FLOAT64, 0, RUNLOG_FIGURE},
};
static const char *const first_weights = "epochs/first_weights";

struct runlog {
    h5_file *file;                    /* owned */
    const tensor_table *t;            /* not owned */
    uint64_t keep_steps, keep_epochs; /* rows of an earlier log that the state has behind it */
    origin origin;
    size_t tensors;     /* trainable ones */
    double *statistics; /* owned; [2][tensors]: norm, mean_abs */
    runlog_step_row rows[BUFFER_ROWS];
    size_t waiting; /* rows not yet in the file */
};

static size_t count_trainable(const tensor_table *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++) {
        n += t->tensors[i].trainable ? 1 : 0;
    }
    return n;
}

/* Full names of the trainable tensors: one block for free(). NULL when memory runs out. */
static char **trainable_names(const tensor_table *t)
{
    text_builder names = {0};
    char name[2 * TENSOR_NAME_SIZE];
    for (size_t i = 0; i < t->count; i++) {
        if (t->tensors[i].trainable) {
            text_add(&names, "%s%c", tensor_full_name(name, sizeof name, &t->tensors[i]), '\0');
        }
    }
    return text_take_list(&names, NULL);
}

static int make_tables(runlog *log)
{
    int code = LS_OK;
    char **names = trainable_names(log->t);
    if (names == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for tensor names", h5_path(log->file));
    }
    code = h5_write_strings(log->file, RUNLOG_TENSOR_NAMES, (const char *const *)names, log->tensors);
    for (size_t i = 0; code == LS_OK && i < RUNLOG_STEP_COLUMNS; i++) {
        code = h5_create_growing(log->file, runlog_step_columns[i].name, runlog_step_columns[i].type, 0, CHUNK_ROWS);
    }
    for (size_t i = 0; code == LS_OK && i < RUNLOG_EPOCH_COLUMNS; i++) {
        code = h5_create_growing(log->file, runlog_epoch_columns[i].name, runlog_epoch_columns[i].type, 0,
                                 EPOCH_CHUNK_ROWS);
    }
    /* A network without trainable tensors has no statistics of them. */
    for (size_t i = 0; code == LS_OK && i < (log->tensors > 0 ? RUNLOG_TABLES : 1); i++) {
        const size_t width = i == RUNLOG_WATCHED ? RUNLOG_FIRST_WEIGHTS : log->tensors;
        code = h5_create_growing(log->file, runlog_tables[i].name, H5_FLOAT64, width, EPOCH_CHUNK_ROWS);
    }
    free(names);
    return code;
}

/* Rows that all columns of a table have: a writer that was killed may have added to some only. */
static int common_rows(h5_file *f, const runlog_column *columns, size_t n, size_t *rows)
{
    int code = LS_OK;
    h5_shape shape;
    for (size_t i = 0; code == LS_OK && i < n; i++) {
        code = h5_stat(f, columns[i].name, &shape);
        if (code == LS_OK && shape.rank != 1) {
            code = error_set(LS_EFORMAT, "%s: %s: is not a column", h5_path(f), columns[i].name);
        }
        if (code == LS_OK && shape.size < *rows) {
            *rows = shape.size;
        }
    }
    return code;
}

/* Of all columns and tables that have a row an epoch. */
static int common_epochs(h5_file *f, size_t *rows)
{
    h5_shape shape;
    int code = common_rows(f, runlog_epoch_columns, RUNLOG_EPOCH_COLUMNS, rows);
    for (size_t i = 0; code == LS_OK && i < RUNLOG_TABLES; i++) {
        if (!h5_exists(f, runlog_tables[i].name)) {
            continue; /* a network without trainable tensors */
        }
        code = h5_stat(f, runlog_tables[i].name, &shape);
        if (code == LS_OK && shape.rank != 2) {
            code = error_set(LS_EFORMAT, "%s: %s: is not a table", h5_path(f), runlog_tables[i].name);
        }
        if (code == LS_OK && shape.dims[0] < *rows) {
            *rows = shape.dims[0];
        }
    }
    return code;
}

/* LS_EUSAGE when f, the log of an earlier run, names other tensors than the table's. */
static int check_names(const runlog *log, h5_file *f)
{
    char **have = NULL;
    size_t count = 0;
    char **want = trainable_names(log->t);
    int code = want == NULL ? error_set(LS_ENOMEM, "%s: out of memory for tensor names", h5_path(f))
                            : h5_read_strings(f, RUNLOG_TENSOR_NAMES, &have, &count);
    int same = code == LS_OK && count == log->tensors;
    for (size_t i = 0; same && i < count; i++) {
        same = strcmp(have[i], want[i]) == 0;
    }
    if (code == LS_OK && !same) {
        code = error_set(LS_EUSAGE, "%s: the log of another network; remove it or choose another run directory",
                         h5_path(f));
    }
    free(have);
    free(want);
    return code;
}

/* Copy the first `rows` rows of an array from the old log. */
static int copy_rows(const runlog *log, h5_file *old, const char *name, size_t rows)
{
    h5_shape shape;
    h5_shape wanted;
    int code = h5_stat(old, name, &shape);
    if (code == LS_OK) {
        code = h5_stat(log->file, name, &wanted);
    }
    if (code != LS_OK) {
        return code;
    }
    if (shape.type != wanted.type || shape.rank != wanted.rank ||
        (shape.rank == 2 && shape.dims[1] != wanted.dims[1])) {
        return error_set(LS_EFORMAT, "%s: %s: has another type or shape than this program writes", h5_path(old), name);
    }
    const size_t most = rows < CHUNK_ROWS ? rows : CHUNK_ROWS;
    void *cells = calloc(most + 1, sizeof(uint64_t) * (shape.rank == 2 ? shape.dims[1] : 1));
    if (cells == NULL) {
        return error_set(LS_ENOMEM, "%s: %s: out of memory", h5_path(old), name);
    }
    for (size_t done = 0; code == LS_OK && done < rows; done += most) {
        const size_t n = rows - done < most ? rows - done : most;
        code = h5_read_slice(old, name, shape.type, done, n, cells);
        if (code == LS_OK) {
            code = h5_append(log->file, name, shape.type, n, cells);
        }
    }
    free(cells);
    return code;
}

/* Rows that the old log should have and does not: only one that a machine's crash has damaged. */
static void warn_of_missing(const h5_file *old, const char *what, size_t have, uint64_t keep)
{
    if (have < keep) {
        log_warn("%s: the rows of %s %zu to %llu are missing; training goes on, and the log without them", h5_path(old),
                 what, have + 1, (unsigned long long)keep);
    }
}

static int copy_log(runlog *log, h5_file *old)
{
    size_t steps = (size_t)log->keep_steps;
    size_t epochs = (size_t)log->keep_epochs;
    int code = check_names(log, old);
    if (code == LS_OK) {
        code = common_rows(old, runlog_step_columns, RUNLOG_STEP_COLUMNS, &steps);
    }
    if (code == LS_OK) {
        code = common_epochs(old, &epochs);
    }
    if (code != LS_OK) {
        return code;
    }
    warn_of_missing(old, "steps", steps, log->keep_steps);
    warn_of_missing(old, "epochs", epochs, log->keep_epochs);
    for (size_t i = 0; code == LS_OK && i < RUNLOG_STEP_COLUMNS; i++) {
        code = copy_rows(log, old, runlog_step_columns[i].name, steps);
    }
    for (size_t i = 0; code == LS_OK && i < RUNLOG_EPOCH_COLUMNS; i++) {
        code = copy_rows(log, old, runlog_epoch_columns[i].name, epochs);
    }
    for (size_t i = 0; code == LS_OK && i < RUNLOG_TABLES; i++) {
        code = h5_exists(old, runlog_tables[i].name) ? copy_rows(log, old, runlog_tables[i].name, epochs) : LS_OK;
    }
    return code;
}

/* A new file under a temporary name, with no rows. */
static int begin_file(runlog *log, const char *temporary)
{
    (void)h5_close(log->file);
    log->file = NULL;
    int code = h5_create_newest(&log->file, temporary);
    if (code == LS_OK) {
        code = make_tables(log);
    }
    return code == LS_OK ? origin_file_write(log->file, "origin", &log->origin) : code;
}

/* Take over what an earlier run logged; where that cannot be read, it is set aside and the log begins anew. */
static int take_over(runlog *log, const char *path, const char *temporary)
{
    h5_file *old = NULL;
    int code = h5_open_read(&old, path);
    if (code == LS_ENOTFOUND) {
        log_warn("%s: is missing, so the rows of the %llu steps before this resume are; a new log begins", path,
                 (unsigned long long)log->keep_steps);
        return LS_OK;
    }
    if (code == LS_OK) {
        code = copy_log(log, old);
    }
    (void)h5_close(old);
    if (code == LS_EFORMAT || code == LS_ENOTFOUND) { /* a file that is there, and a table in it that is not */
        code = runlog_set_aside(path, error_message(), ".damaged");
        return code == LS_OK ? begin_file(log, temporary) : code;
    }
    return code;
}

/*
 * The log is always a new file that takes the old one's place when it holds what the old one did: there is no moment at
 * which a kill leaves less.
 */
static int open_file(runlog *log, const char *path)
{
    char temporary[4096];
    const bool resumes = log->keep_steps > 0 || log->keep_epochs > 0;
    int code = runlog_prepare_place(path, resumes);
    if (code == LS_OK) {
        code = h5_temporary_name(temporary, sizeof temporary, path);
    }
    if (code != LS_OK) {
        return code;
    }
    code = begin_file(log, temporary);
    if (code == LS_OK && resumes) {
        code = take_over(log, path, temporary);
    }
    if (code == LS_OK) {
        /* Where the file system or the library cannot do this, the log is still written; readers have to wait. */
        (void)h5_start_swmr(log->file);
        code = h5_publish(log->file, path);
    }
    if (code != LS_OK) {
        (void)unlink(temporary);
    }
    return code;
}

int runlog_open(runlog **out, const char *path, const state *s)
{
    *out = NULL;
    runlog *log = calloc(1, sizeof *log);
    if (log == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for the log", path);
    }
    log->t = s->table;
    log->keep_steps = s->step;
    log->keep_epochs = s->epoch;
    log->origin = s->origin;
    log->tensors = count_trainable(s->table);
    log->statistics = calloc(2 * log->tensors + 1, sizeof *log->statistics);
    const int code =
        log->statistics == NULL ? error_set(LS_ENOMEM, "%s: out of memory for the log", path) : open_file(log, path);
    if (code != LS_OK) {
        (void)h5_close(log->file);
        free(log->statistics);
        free(log);
        return code;
    }
    *out = log;
    return LS_OK;
}

const char *runlog_path(const runlog *log)
{
    return h5_path(log->file);
}

/* Append n rows of a struct's fields, column by column. */
static int append_columns(h5_file *f, const runlog_column *columns, size_t n_columns, const void *rows, size_t row_size,
                          size_t n)
{
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < n_columns; i++) {
        uint64_t cells[BUFFER_ROWS]; /* every column's elements have 8 bytes */
        for (size_t j = 0; j < n; j++) {
            memcpy(&cells[j], (const char *)rows + j * row_size + columns[i].offset, sizeof cells[j]);
        }
        code = h5_append(f, columns[i].name, columns[i].type, n, cells);
    }
    return code;
}

int runlog_flush(runlog *log)
{
    if (log->waiting > 0) {
        const size_t n = log->waiting;
        log->waiting = 0; /* also after a failure: rows written half would follow twice */
        const int code =
            append_columns(log->file, runlog_step_columns, RUNLOG_STEP_COLUMNS, log->rows, sizeof log->rows[0], n);
        if (code != LS_OK) {
            return code;
        }
    }
    return h5_flush(log->file);
}

int runlog_step(runlog *log, const runlog_step_row *row)
{
    log->rows[log->waiting++] = *row;
    if (log->waiting < BUFFER_ROWS) {
        return LS_OK;
    }
    const watch_phase before = watch_enter(WATCH_LOGGING);
    const int code = runlog_flush(log);
    (void)watch_enter(before);
    return code;
}

/* Norm and mean |w| of each trainable tensor, double sums. */
static void weight_statistics(runlog *log, const real *weights)
{
    size_t at = 0;
    for (size_t i = 0; i < log->t->count; i++) {
        const tensor_info *info = &log->t->tensors[i];
        if (!info->trainable) {
            continue;
        }
        double squares = 0;
        double sum = 0;
        for (size_t j = 0; j < info->size; j++) {
            const double w = (double)weights[info->offset + j];
            squares += w * w;
            sum += fabs(w);
        }
        log->statistics[at] = sqrt(squares);
        log->statistics[log->tensors + at] = info->size == 0 ? 0 : sum / (double)info->size;
        at++;
    }
}

static int append_epoch(runlog *log, const runlog_epoch_row *row, const real *weights)
{
    int code = runlog_flush(log);
    if (code != LS_OK) {
        return code;
    }
    weight_statistics(log, weights);
    code = append_columns(log->file, runlog_epoch_columns, RUNLOG_EPOCH_COLUMNS, row, sizeof *row, 1);
    const double *const cells[RUNLOG_TABLES] = {row->first_weights, log->statistics, log->statistics + log->tensors};
    for (size_t i = 0; code == LS_OK && i < (log->tensors > 0 ? RUNLOG_TABLES : 1); i++) {
        code = h5_append(log->file, runlog_tables[i].name, H5_FLOAT64, 1, cells[i]);
    }
    return code == LS_OK ? h5_flush(log->file) : code;
}

int runlog_epoch(runlog *log, const runlog_epoch_row *row, const real *weights)
{
    const watch_phase before = watch_enter(WATCH_LOGGING);
    const int code = append_epoch(log, row, weights);
    (void)watch_enter(before);
    return code;
}

int runlog_close(runlog *log)
{
    if (log == NULL) {
        return LS_OK;
    }
    const int flushed = runlog_flush(log);
    const int closed = h5_close(log->file);
    free(log->statistics);
    free(log);
    return flushed != LS_OK ? flushed : closed;
}

/* first_weights of `count` rows, unless the table is of another width. */
static int read_first_weights(h5_file *f, runlog_epoch_row *rows, size_t count)
{
    h5_shape shape;
    int code = h5_stat(f, first_weights, &shape);
    if (code == LS_OK && (shape.rank != 2 || shape.dims[1] != RUNLOG_FIRST_WEIGHTS)) {
        code = error_set(LS_EFORMAT, "%s: %s: has the wrong shape", h5_path(f), first_weights);
    }
    for (size_t i = 0; code == LS_OK && i < count; i++) {
        code = h5_read_slice(f, first_weights, H5_FLOAT64, i, 1, rows[i].first_weights);
    }
    return code;
}

int runlog_is_one(const char *path)
{
    h5_file *f = NULL;
    if (h5_open_read(&f, path) != LS_OK) {
        return 0;
    }
    const int is_one = h5_exists(f, runlog_step_columns[0].name) && h5_exists(f, runlog_epoch_columns[0].name);
    (void)h5_close(f);
    return is_one;
}

int runlog_read_epochs(const char *path, runlog_epoch_row **out, size_t *count)
{
    h5_file *f = NULL;
    runlog_epoch_row *rows = NULL;
    uint64_t *cells = NULL;
    size_t n = SIZE_MAX;
    *out = NULL;
    *count = 0;
    int code = h5_open_read(&f, path);
    if (code != LS_OK) {
        return code;
    }
    code = common_epochs(f, &n);
    if (code != LS_OK) {
        goto cleanup;
    }
    rows = calloc(n + 1, sizeof *rows);
    cells = calloc(n + 1, sizeof *cells);
    if (rows == NULL || cells == NULL) {
        code = error_set(LS_ENOMEM, "%s: out of memory for %zu rows", path, n);
        goto cleanup;
    }
    for (size_t i = 0; code == LS_OK && i < RUNLOG_EPOCH_COLUMNS; i++) {
        code = h5_read_slice(f, runlog_epoch_columns[i].name, runlog_epoch_columns[i].type, 0, n, cells);
        for (size_t j = 0; code == LS_OK && j < n; j++) {
            memcpy((char *)&rows[j] + runlog_epoch_columns[i].offset, &cells[j], sizeof cells[j]);
        }
    }
    if (code == LS_OK) {
        code = read_first_weights(f, rows, n);
    }
    if (code == LS_OK) {
        *out = rows;
        *count = n;
        rows = NULL;
    }
cleanup:
    free(cells);
    free(rows);
    (void)h5_close(f);
    return code;
}
