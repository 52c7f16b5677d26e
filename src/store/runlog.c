#include "store/runlog.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/size.h"
#include "base/text.h"
#include "base/watch.h"
#include "store/origin_file.h"
#include "store/runlog_columns.h"
#include "store/runlog_place.h"
#include "store/runlog_samples.h"

enum { BUFFER_ROWS = 64, CHUNK_ROWS = 1024, EPOCH_CHUNK_ROWS = 16 };

struct runlog {
    h5_file *file;                    /* owned */
    const tensor_table *t;            /* not owned */
    uint64_t keep_steps, keep_epochs; /* rows of an earlier log that the state has behind it */
    origin origin;
    double start[HISTOGRAM_BINS]; /* of the weights at the log's opening */
    size_t tensors;               /* of the weights */
    double *statistics;           /* owned; [2][tensors]: norm, mean_abs */
    runlog_step_row rows[BUFFER_ROWS];
    size_t waiting;          /* rows not yet in the file */
    runlog_samples *samples; /* owned; NULL: nothing is measured in such a network */
};

static size_t count_weights(const tensor_table *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++) {
        n += t->tensors[i].vector == TENSOR_WEIGHTS ? 1 : 0;
    }
    return n;
}

/* Full names of the tensors of the weights: one block for free(). NULL when memory runs out. */
static char **names_of_weights(const tensor_table *t)
{
    text_builder names = {0};
    char name[2 * TENSOR_NAME_SIZE];
    for (size_t i = 0; i < t->count; i++) {
        if (t->tensors[i].vector == TENSOR_WEIGHTS) {
            text_add(&names, "%s%c", tensor_full_name(name, sizeof name, &t->tensors[i]), '\0');
        }
    }
    return text_take_list(&names, NULL);
}

/* Columns of a table; 0: a single column. */
static size_t columns_of(const runlog *log, const runlog_column *k)
{
    return k->width == RUNLOG_TENSORS ? log->tensors : k->width;
}

static int make_tables(runlog *log)
{
    int code = LS_OK;
    char **names = names_of_weights(log->t);
    if (names == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for tensor names", h5_path(log->file));
    }
    code = h5_write_strings(log->file, RUNLOG_TENSOR_NAMES, (const char *const *)names, log->tensors);
    for (size_t i = 0; code == LS_OK && i < RUNLOG_COLUMNS; i++) {
        const runlog_column *k = &runlog_columns[i];
        if (k->width != RUNLOG_TENSORS || log->tensors > 0) {
            code = h5_create_growing(log->file, k->name, k->type, columns_of(log, k),
                                     k->per == RUNLOG_PER_STEP ? CHUNK_ROWS : EPOCH_CHUNK_ROWS);
        }
    }
    free(names);
    return code;
}

int runlog_names_match(char *const *names, size_t count, const tensor_table *t)
{
    char full[2 * TENSOR_NAME_SIZE];
    size_t at = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (t->tensors[i].vector == TENSOR_WEIGHTS) {
            if (at == count || strcmp(names[at], tensor_full_name(full, sizeof full, &t->tensors[i])) != 0) {
                return 0;
            }
            at++;
        }
    }
    return at == count;
}

/* LS_EUSAGE when f, the log of an earlier run, names other tensors than the table's. */
static int check_names(const runlog *log, h5_file *f)
{
    char **names = NULL;
    size_t count = 0;
    int code = h5_read_strings(f, RUNLOG_TENSOR_NAMES, &names, &count);
    if (code == LS_OK && !runlog_names_match(names, count, log->t)) {
        code = error_set(LS_EUSAGE, "%s: the log of another network; remove it or choose another run directory",
                         h5_path(f));
    }
    free(names);
    return code;
}

/* The old log's array is as this program writes it. columns: of a table; 0: a single column. */
static int check_shape(h5_file *old, const runlog_column *k, size_t columns)
{
    h5_shape shape;
    const int code = h5_stat(old, k->name, &shape);
    if (code == LS_OK &&
        (shape.type != k->type || shape.rank != (columns == 0 ? 1 : 2) || (columns > 0 && shape.dims[1] != columns))) {
        return error_set(LS_EFORMAT, "%s: %s: has another type or shape than this program writes", h5_path(old),
                         k->name);
    }
    return code;
}

/* Copy the first `rows` rows of an array from the old log; they are NaN where that is too old to have it. */
static int copy_rows(const runlog *log, h5_file *old, const runlog_column *k, size_t rows)
{
    const bool known = runlog_has_column(old, k);
    if (!known && !k->later) {
        return LS_OK;
    }
    const size_t columns = columns_of(log, k);
    const size_t width = columns == 0 ? 1 : columns;
    const size_t most = rows < CHUNK_ROWS ? rows : CHUNK_ROWS;
    int code = known ? check_shape(old, k, columns) : LS_OK;
    void *cells = calloc(most + 1, sizeof(uint64_t) * width);
    if (cells == NULL) {
        return error_set(LS_ENOMEM, "%s: %s: out of memory", h5_path(old), k->name);
    }
    runlog_fill_unknown(cells, most * width);
    for (size_t done = 0; code == LS_OK && done < rows; done += most) {
        const size_t n = rows - done < most ? rows - done : most;
        if (known) {
            code = h5_read_slice(old, k->name, k->type, done, n, width, cells);
        }
        if (code == LS_OK) {
            code = h5_append(log->file, k->name, k->type, n, cells);
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

/* The histogram that the run began with goes from log to log. */
static int copy_start(runlog *log, h5_file *old)
{
    const size_t bins = HISTOGRAM_BINS;
    if (!h5_exists(old, RUNLOG_BEGINNING)) {
        return LS_OK;
    }
    const int code = h5_read(old, RUNLOG_BEGINNING, H5_FLOAT64, HISTOGRAM_BINS, log->start);
    return code == LS_OK ? h5_write(log->file, RUNLOG_BEGINNING, H5_FLOAT64, 1, &bins, log->start) : code;
}

static int copy_log(runlog *log, h5_file *old)
{
    size_t steps = (size_t)log->keep_steps;
    size_t epochs = (size_t)log->keep_epochs;
    int code = check_names(log, old);
    if (code == LS_OK) {
        code = runlog_common_rows(old, RUNLOG_PER_STEP, &steps);
    }
    if (code == LS_OK) {
        code = runlog_common_rows(old, RUNLOG_PER_EPOCH, &epochs);
    }
    if (code != LS_OK) {
        return code;
    }
    warn_of_missing(old, "steps", steps, log->keep_steps);
    warn_of_missing(old, "epochs", epochs, log->keep_epochs);
    for (size_t i = 0; code == LS_OK && i < RUNLOG_COLUMNS; i++) {
        const runlog_column *k = &runlog_columns[i];
        code = copy_rows(log, old, k, k->per == RUNLOG_PER_STEP ? steps : epochs);
    }
    if (code == LS_OK) {
        code = runlog_samples_copy(log->samples, old, steps);
    }
    return code == LS_OK ? copy_start(log, old) : code;
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
    if (code == LS_OK) {
        runlog_samples_free(log->samples);
        code = runlog_samples_create(&log->samples, log->file, log->t);
    }
    if (code == LS_OK && log->keep_steps == 0 && log->keep_epochs == 0) {
        const size_t bins = HISTOGRAM_BINS;
        code = h5_write(log->file, RUNLOG_BEGINNING, H5_FLOAT64, 1, &bins, log->start);
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
        code = runlog_set_aside(path, ".damaged");
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
        code = h5_flush(log->file); /* else a disk that fails would be taken for one that cannot do what follows */
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
    log->tensors = count_weights(s->table);
    histogram_of(log->start, s->table, state_weights(s));
    log->statistics = calloc(2 * log->tensors + 1, sizeof *log->statistics);
    const int code =
        log->statistics == NULL ? error_set(LS_ENOMEM, "%s: out of memory for the log", path) : open_file(log, path);
    if (code != LS_OK) {
        (void)h5_close(log->file);
        runlog_samples_free(log->samples);
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
static int append_columns(h5_file *f, runlog_per per, const void *rows, size_t row_size, size_t n)
{
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < RUNLOG_COLUMNS; i++) {
        const runlog_column *k = &runlog_columns[i];
        uint64_t cells[BUFFER_ROWS * RUNLOG_WIDEST]; /* every column's elements have 8 bytes */
        const size_t width = k->width == 0 ? 1 : k->width;
        if (k->per != per || k->width == RUNLOG_TENSORS) {
            continue;
        }
        for (size_t j = 0; j < n; j++) {
            memcpy(&cells[j * width], (const char *)rows + j * row_size + k->offset, width * sizeof *cells);
        }
        code = h5_append(f, k->name, k->type, n, cells);
    }
    return code;
}

int runlog_flush(runlog *log)
{
    if (log->waiting > 0) {
        const size_t n = log->waiting;
        log->waiting = 0; /* also after a failure: rows written half would follow twice */
        const int code = append_columns(log->file, RUNLOG_PER_STEP, log->rows, sizeof log->rows[0], n);
        if (code != LS_OK) {
            return code;
        }
    }
    const int code = runlog_samples_flush(log->samples);
    return code == LS_OK ? h5_flush(log->file) : code;
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

int runlog_sample(runlog *log, const instrument_row *row)
{
    return runlog_samples_add(log->samples, row);
}

/* Norm and mean |w| of each tensor of the weights, double sums. */
static void weight_statistics(runlog *log, const real *weights)
{
    size_t at = 0;
    for (size_t i = 0; i < log->t->count; i++) {
        const tensor_info *info = &log->t->tensors[i];
        if (info->vector != TENSOR_WEIGHTS) {
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
    code = append_columns(log->file, RUNLOG_PER_EPOCH, row, sizeof *row, 1);
    for (size_t i = 0; code == LS_OK && i < RUNLOG_COLUMNS; i++) {
        const runlog_column *k = &runlog_columns[i];
        if (k->width == RUNLOG_TENSORS && log->tensors > 0) {
            code = h5_append(log->file, k->name, k->type, 1, log->statistics + k->offset * log->tensors);
        }
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
    runlog_samples_free(log->samples);
    free(log->statistics);
    free(log);
    return flushed != LS_OK ? flushed : closed;
}
