#include "store/runlog_samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "base/text.h"
#include "store/runlog_columns.h"

enum { BUFFER_ROWS = 8, CHUNK_ROWS = 64 };

#define GROUP "instrument"

typedef struct figure {
    const char *name;
    size_t place; /* in a filters_row, of doubles */
    int negative; /* it may be */
} figure;

#define FIGURE(field, negative)                                                                                        \
    {                                                                                                                  \
        GROUP "/" #field, offsetof(filters_row, field) / sizeof(double), negative                                      \
    }
static const figure figures[FILTERS_FIGURES] = {
    FIGURE(norm, 0),           FIGURE(norm_p5, 0),       FIGURE(norm_p95, 0), FIGURE(norm2, 0),
    FIGURE(norm4, 0),          FIGURE(inverse2, 0),      FIGURE(angle2, 0),   FIGURE(growth, 1),
    FIGURE(force, 0),          FIGURE(ratio2, 0),        FIGURE(turned, 0),   FIGURE(radial, 1),
    FIGURE(radial_epsilon, 1), FIGURE(epsilon_share, 0), FIGURE(cosine, 1),   FIGURE(cosine2, 0),
};

/* Single columns. */
static const char *const steps_name = GROUP "/step";
static const char *const rates_name = GROUP "/rate";
static const char *const shares_name = GROUP "/share";
static const char *const layers_name = GROUP "/layers";
static const char *const filters_name = GROUP "/filters";
static const char *const sizes_name = GROUP "/filter_size";

struct runlog_samples {
    h5_file *file; /* not owned */
    const tensor_table *table;
    size_t layers;
    uint64_t steps[BUFFER_ROWS];
    double rates[BUFFER_ROWS], shares[BUFFER_ROWS];
    double *cells; /* owned; [FILTERS_FIGURES][BUFFER_ROWS][layers] */
    size_t waiting;
};

static size_t count_layers(const tensor_table *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++) {
        n += filters_invariant(&t->tensors[i]) ? 1 : 0;
    }
    return n;
}

/* Names, numbers and sizes of the filters, as arrays of the file. */
static int write_layers(const runlog_samples *s)
{
    text_builder text = {0};
    uint64_t *numbers = calloc(2 * s->layers, sizeof *numbers);
    size_t at = 0;
    for (size_t i = 0; numbers != NULL && i < s->table->count; i++) {
        const tensor_info *t = &s->table->tensors[i];
        if (filters_invariant(t)) {
            text_add(&text, "%s%c", t->layer, '\0');
            numbers[at] = tensor_filters(t);
            numbers[s->layers + at++] = filters_size(t);
        }
    }
    char **names = text_take_list(&text, NULL);
    int code = names == NULL || numbers == NULL
                   ? error_set(LS_ENOMEM, "%s: out of memory for the names of layers", h5_path(s->file))
                   : h5_write_strings(s->file, layers_name, (const char *const *)names, s->layers);
    if (code == LS_OK) {
        code = h5_write(s->file, filters_name, H5_UINT64, 1, &s->layers, numbers);
    }
    if (code == LS_OK) {
        code = h5_write(s->file, sizes_name, H5_UINT64, 1, &s->layers, numbers + s->layers);
    }
    free(names);
    free(numbers);
    return code;
}

static int make_columns(const runlog_samples *s)
{
    int code = h5_create_growing(s->file, steps_name, H5_UINT64, 0, CHUNK_ROWS);
    if (code == LS_OK) {
        code = h5_create_growing(s->file, rates_name, H5_FLOAT64, 0, CHUNK_ROWS);
    }
    if (code == LS_OK) {
        code = h5_create_growing(s->file, shares_name, H5_FLOAT64, 0, CHUNK_ROWS);
    }
    for (size_t i = 0; code == LS_OK && i < FILTERS_FIGURES; i++) {
        code = h5_create_growing(s->file, figures[i].name, H5_FLOAT64, s->layers, CHUNK_ROWS);
    }
    return code;
}

int runlog_samples_create(runlog_samples **out, h5_file *file, const tensor_table *t)
{
    const size_t layers = count_layers(t);
    *out = NULL;
    if (layers == 0) {
        return LS_OK;
    }
    runlog_samples *s = calloc(1, sizeof *s);
    if (s != NULL) {
        *s = (runlog_samples){.file = file, .table = t, .layers = layers};
        s->cells = calloc((size_t)FILTERS_FIGURES * BUFFER_ROWS * layers, sizeof *s->cells);
    }
    int code = s == NULL || s->cells == NULL ? error_set(LS_ENOMEM, "%s: out of memory for measurements", h5_path(file))
                                             : write_layers(s);
    if (code == LS_OK) {
        code = make_columns(s);
    }
    if (code != LS_OK) {
        runlog_samples_free(s);
        return code;
    }
    *out = s;
    return LS_OK;
}

void runlog_samples_free(runlog_samples *s)
{
    if (s != NULL) {
        free(s->cells);
    }
    free(s);
}

/* Where the cells of a figure begin. */
static double *cells_of(const runlog_samples *s, size_t k)
{
    return s->cells + k * BUFFER_ROWS * s->layers;
}

int runlog_samples_flush(runlog_samples *s)
{
    if (s == NULL || s->waiting == 0) {
        return LS_OK;
    }
    const size_t n = s->waiting;
    s->waiting = 0; /* also after a failure: rows written half would follow twice */
    int code = LS_OK;
    for (size_t k = 0; code == LS_OK && k < FILTERS_FIGURES; k++) {
        code = h5_append(s->file, figures[k].name, H5_FLOAT64, n, cells_of(s, k));
    }
    if (code == LS_OK) {
        code = h5_append(s->file, rates_name, H5_FLOAT64, n, s->rates);
    }
    if (code == LS_OK) {
        code = h5_append(s->file, shares_name, H5_FLOAT64, n, s->shares);
    }
    return code == LS_OK ? h5_append(s->file, steps_name, H5_UINT64, n, s->steps) : code;
}

/* Row number `row` of the buffer. */
static void put(runlog_samples *s, size_t row, uint64_t step, double rate, double share, const filters_row *layers)
{
    s->steps[row] = step;
    s->rates[row] = rate;
    s->shares[row] = share;
    for (size_t k = 0; k < FILTERS_FIGURES; k++) {
        for (size_t i = 0; i < s->layers; i++) {
            cells_of(s, k)[row * s->layers + i] = ((const double *)&layers[i])[figures[k].place];
        }
    }
}

int runlog_samples_add(runlog_samples *s, const instrument_row *row)
{
    put(s, s->waiting++, row->step, row->rate.rate, row->rate.share, row->layers);
    return s->waiting == BUFFER_ROWS ? runlog_samples_flush(s) : LS_OK;
}

/* Rows that all arrays have; a log of an older program may lack a figure. */
static int count_rows(h5_file *f, size_t *rows, size_t layers)
{
    h5_shape shape;
    int code = h5_stat(f, steps_name, &shape);
    *rows = code == LS_OK && shape.rank == 1 ? shape.dims[0] : 0;
    for (size_t k = 0; code == LS_OK && k < FILTERS_FIGURES; k++) {
        if (!h5_exists(f, figures[k].name)) {
            continue;
        }
        code = h5_stat(f, figures[k].name, &shape);
        if (code == LS_OK && (shape.rank != 2 || shape.dims[1] != layers)) {
            code = error_set(LS_EFORMAT, "%s: %s: is not a table of %zu layers", h5_path(f), figures[k].name, layers);
        }
        if (code == LS_OK && shape.dims[0] < *rows) {
            *rows = shape.dims[0];
        }
    }
    return code;
}

static int read_layers(series *out, h5_file *f)
{
    int code = h5_read_strings(f, layers_name, &out->names, &out->layers);
    if (code != LS_OK) {
        return code;
    }
    out->filters = calloc(out->layers + 1, sizeof *out->filters);
    out->sizes = calloc(out->layers + 1, sizeof *out->sizes);
    if (out->filters == NULL || out->sizes == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for the layers", h5_path(f));
    }
    code = h5_read(f, filters_name, H5_UINT64, out->layers, out->filters);
    return code == LS_OK ? h5_read(f, sizes_name, H5_UINT64, out->layers, out->sizes) : code;
}

static int take_rows(series *out, h5_file *f)
{
    size_t cells = 0;
    if (size_mul(&cells, out->count, out->layers) != 0) {
        return error_set(LS_EFORMAT, "%s: too many measurements", h5_path(f));
    }
    out->steps = calloc(out->count + 1, sizeof *out->steps);
    out->rates = calloc(out->count + 1, sizeof *out->rates);
    out->shares = calloc(out->count + 1, sizeof *out->shares);
    out->rows = calloc(cells + 1, sizeof *out->rows);
    return out->steps == NULL || out->rates == NULL || out->shares == NULL || out->rows == NULL
               ? error_set(LS_ENOMEM, "%s: out of memory for %zu measurements", h5_path(f), out->count)
               : LS_OK;
}

static int read_figures(series *out, h5_file *f)
{
    const size_t cells = out->count * out->layers;
    double *values = calloc(cells + 1, sizeof *values);
    int code = values == NULL ? error_set(LS_ENOMEM, "%s: out of memory for measurements", h5_path(f)) : LS_OK;
    for (size_t k = 0; code == LS_OK && k < FILTERS_FIGURES; k++) {
        runlog_fill_unknown(values, cells);
        if (h5_exists(f, figures[k].name)) {
            code = h5_read_slice(f, figures[k].name, H5_FLOAT64, 0, out->count, out->layers, values);
        }
        for (size_t i = 0; code == LS_OK && i < cells; i++) {
            ((double *)&out->rows[i])[figures[k].place] = values[i];
        }
    }
    free(values);
    return code;
}

int runlog_samples_read(series *out, h5_file *f)
{
    *out = (series){0};
    if (!h5_exists(f, steps_name)) {
        return LS_OK;
    }
    int code = read_layers(out, f);
    if (code == LS_OK) {
        code = count_rows(f, &out->count, out->layers);
    }
    if (code == LS_OK) {
        code = take_rows(out, f);
    }
    if (code == LS_OK && out->count > 0) {
        code = h5_read_slice(f, steps_name, H5_UINT64, 0, out->count, 1, out->steps);
    }
    if (code == LS_OK && out->count > 0) {
        code = h5_read_slice(f, rates_name, H5_FLOAT64, 0, out->count, 1, out->rates);
    }
    if (code == LS_OK && out->count > 0) {
        code = h5_read_slice(f, shares_name, H5_FLOAT64, 0, out->count, 1, out->shares);
    }
    return code == LS_OK && out->count > 0 ? read_figures(out, f) : code;
}

/* Whether they are the table's layers. */
static int same_layers(const runlog_samples *s, const series *old)
{
    size_t at = 0;
    for (size_t i = 0; i < s->table->count; i++) {
        const tensor_info *t = &s->table->tensors[i];
        if (!filters_invariant(t)) {
            continue;
        }
        if (at == old->layers || strcmp(old->names[at], t->layer) != 0 || old->filters[at] != tensor_filters(t)) {
            return 0;
        }
        at++;
    }
    return at == old->layers;
}

int runlog_samples_copy(runlog_samples *s, h5_file *old, uint64_t steps)
{
    series all = {0};
    int code = s != NULL ? runlog_samples_read(&all, old) : LS_OK;
    const int fits = code == LS_OK && s != NULL && same_layers(s, &all);
    for (size_t i = 0; fits && code == LS_OK && i < all.count && all.steps[i] <= steps; i++) {
        put(s, s->waiting++, all.steps[i], all.rates[i], all.shares[i], all.rows + i * all.layers);
        code = s->waiting == BUFFER_ROWS ? runlog_samples_flush(s) : LS_OK;
    }
    series_release(&all);
    return code == LS_OK ? runlog_samples_flush(s) : code;
}

static int possible(const series *all, uint64_t steps, problems *found)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->steps[i] == 0 || (i > 0 && all->steps[i] <= all->steps[i - 1]) || all->steps[i] > steps) {
            problems_add(found, "%s: measurement %zu is of step %llu of %llu, out of order", steps_name, i + 1,
                         (unsigned long long)all->steps[i], (unsigned long long)steps);
            return 0;
        }
    }
    for (size_t k = 0; k < FILTERS_FIGURES; k++) {
        for (size_t i = 0; i < all->count * all->layers; i++) {
            const double x = ((const double *)&all->rows[i])[figures[k].place];
            if (isinf(x) || (!figures[k].negative && x < 0)) {
                problems_add(found, "%s: row %zu has the impossible value %g", figures[k].name, i / all->layers + 1, x);
                return 0;
            }
        }
    }
    return 1;
}

void runlog_samples_check(h5_file *f, uint64_t steps, problems *found)
{
    series all = {0};
    if (runlog_samples_read(&all, f) != LS_OK) {
        problems_add_error(found, h5_path(f));
    } else {
        (void)possible(&all, steps, found);
    }
    series_release(&all);
}
