#include "store/runlog_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "store/runlog_columns.h"
#include "store/runlog_samples.h"

int runlog_is_one(const char *path)
{
    h5_file *f = NULL;
    if (h5_open_read(&f, path) != LS_OK) {
        return 0;
    }
    const int is_one = h5_exists(f, "steps/step") && h5_exists(f, "epochs/epoch");
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
    code = runlog_common_rows(f, RUNLOG_PER_EPOCH, &n);
    if (code != LS_OK) {
        goto cleanup;
    }
    rows = calloc(n + 1, sizeof *rows);
    cells = calloc(n + 1, RUNLOG_WIDEST * sizeof *cells);
    if (rows == NULL || cells == NULL) {
        code = error_set(LS_ENOMEM, "%s: out of memory for %zu rows", path, n);
        goto cleanup;
    }
    for (size_t i = 0; code == LS_OK && i < RUNLOG_COLUMNS; i++) {
        const runlog_column *k = &runlog_columns[i];
        const size_t width = k->width == 0 ? 1 : k->width;
        if (k->per != RUNLOG_PER_EPOCH || k->width == RUNLOG_TENSORS) {
            continue;
        }
        runlog_fill_unknown(cells, n * width);
        if (runlog_has_column(f, k)) {
            code = h5_read_slice(f, k->name, k->type, 0, n, width, cells);
        }
        for (size_t j = 0; code == LS_OK && j < n; j++) {
            memcpy((char *)&rows[j] + k->offset, &cells[j * width], width * sizeof *cells);
        }
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

int runlog_read_losses(const char *path, size_t from, double **out, size_t *count)
{
    h5_file *f = NULL;
    double *losses = NULL;
    size_t n = SIZE_MAX;
    *out = NULL;
    *count = 0;
    int code = h5_open_read(&f, path);
    if (code == LS_OK) {
        code = runlog_common_rows(f, RUNLOG_PER_STEP, &n);
    }
    n = code == LS_OK && n > from ? n - from : 0;
    if (code == LS_OK) {
        losses = calloc(n + 1, sizeof *losses);
        code = losses == NULL ? error_set(LS_ENOMEM, "%s: out of memory for %zu rows", path, n) : LS_OK;
    }
    if (code == LS_OK && n > 0) {
        code = h5_read_slice(f, "steps/loss", H5_FLOAT64, from, n, 1, losses);
    }
    (void)h5_close(f);
    if (code != LS_OK) {
        free(losses);
        return code;
    }
    *out = losses;
    *count = n;
    return LS_OK;
}

int runlog_read_start(const char *path, double out[HISTOGRAM_BINS])
{
    h5_file *f = NULL;
    runlog_fill_unknown(out, HISTOGRAM_BINS);
    int code = h5_open_read(&f, path);
    if (code == LS_OK && h5_exists(f, RUNLOG_BEGINNING)) {
        code = h5_read(f, RUNLOG_BEGINNING, H5_FLOAT64, HISTOGRAM_BINS, out);
    }
    (void)h5_close(f);
    return code;
}

int runlog_read_samples(const char *path, series *out)
{
    h5_file *f = NULL;
    *out = (series){0};
    int code = h5_open_read(&f, path);
    if (code == LS_OK) {
        code = runlog_samples_read(out, f);
    }
    (void)h5_close(f);
    return code;
}

int runlog_read_norms(const char *path, runlog_norms *out)
{
    h5_file *f = NULL;
    h5_shape shape = {0};
    size_t cells = 0;
    *out = (runlog_norms){0};
    int code = h5_open_read(&f, path);
    if (code == LS_OK) {
        code = h5_read_strings(f, RUNLOG_TENSOR_NAMES, &out->names, &out->tensors);
    }
    if (code == LS_OK && out->tensors > 0) {
        code = h5_stat(f, "tensors/norm", &shape);
        out->epochs = code == LS_OK && shape.rank == 2 ? shape.dims[0] : 0;
    }
    if (code == LS_OK && size_mul(&cells, out->epochs, out->tensors) != 0) {
        code = error_set(LS_EFORMAT, "%s: tensors/norm: is too large", path);
    }
    if (code == LS_OK) {
        out->norms = calloc(cells + 1, sizeof *out->norms);
        code = out->norms == NULL ? error_set(LS_ENOMEM, "%s: out of memory for norms", path) : LS_OK;
    }
    if (code == LS_OK && cells > 0) {
        code = h5_read_slice(f, "tensors/norm", H5_FLOAT64, 0, out->epochs, out->tensors, out->norms);
    }
    (void)h5_close(f);
    return code;
}

void runlog_norms_release(runlog_norms *n)
{
    free(n->names);
    free(n->norms);
    *n = (runlog_norms){0};
}
