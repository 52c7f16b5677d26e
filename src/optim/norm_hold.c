#include "optim/norm_hold.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/error.h"
#include "optim/gradient.h"

static bool is_held(const tensor_info *t)
{
    return t->scale_invariant != 0 && t->trainable && tensor_filters(t) > 0;
}

/* Which kernels; *filters: how many they have. */
static int find_kernels(norm_hold *out, const tensor_table *t, size_t *filters)
{
    *filters = 0;
    *out = (norm_hold){.table = t};
    out->tensors = calloc(t->count + 1, sizeof *out->tensors);
    out->first = calloc(t->count + 1, sizeof *out->first);
    if (out->tensors == NULL || out->first == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the norms that are held");
    }
    for (size_t i = 0; i < t->count; i++) {
        if (is_held(&t->tensors[i])) {
            out->first[out->kernels] = *filters;
            out->tensors[out->kernels++] = i;
            *filters += tensor_filters(&t->tensors[i]);
        }
    }
    return LS_OK;
}

/* Adds the squares of a line, which has a weight of each filter. */
CLONED static void add_squares(double *restrict sums, const real *restrict w, size_t filters)
{
    for (size_t f = 0; f < filters; f++) {
        sums[f] += (double)w[f] * (double)w[f];
    }
}

/* Of each filter: [filters]. */
static void squares_of(double *out, const real *w, const tensor_info *t)
{
    const size_t filters = tensor_filters(t);
    memset(out, 0, filters * sizeof *out);
    for (size_t at = 0; at < t->size; at += filters) {
        add_squares(out, w + at, filters);
    }
}

int norm_hold_start(norm_hold *out, const state *start)
{
    size_t filters = 0;
    const int code = find_kernels(out, start->table, &filters);
    if (code != LS_OK) {
        return code;
    }
    out->filters = calloc(filters + 1, sizeof *out->filters);
    out->squares = calloc(filters + 1, sizeof *out->squares);
    if (out->filters == NULL || out->squares == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the norms of %zu filters", filters);
    }
    for (size_t k = 0; k < out->kernels; k++) {
        const tensor_info *t = &start->table->tensors[out->tensors[k]];
        squares_of(out->filters + out->first[k], state_values(start, t), t);
    }
    for (size_t f = 0; f < filters; f++) {
        out->filters[f] = sqrt(out->filters[f]);
    }
    return LS_OK;
}

int norm_hold_rows(norm_hold *out, const tensor_table *t, size_t rows)
{
    size_t filters = 0;
    const int code = find_kernels(out, t, &filters);
    if (code != LS_OK) {
        return code;
    }
    out->rows = rows;
    out->steps = calloc(rows + 1, sizeof *out->steps);
    out->norms = calloc(rows * out->kernels + 1, sizeof *out->norms);
    return out->steps != NULL && out->norms != NULL
               ? LS_OK
               : error_set(LS_ENOMEM, "out of memory for %zu norms", rows * out->kernels);
}

void norm_hold_release(norm_hold *h)
{
    free(h->tensors);
    free(h->first);
    free(h->filters);
    free(h->squares);
    free(h->steps);
    free(h->norms);
    *h = (norm_hold){0};
}

double norm_hold_measure(const state *s, const tensor_info *t)
{
    return sqrt(gradient_squares(state_values(s, t), t->size));
}

/* The first row at or after a step, from 1; the number of rows: there is none. */
static size_t row_after(const norm_hold *h, uint64_t step)
{
    size_t low = 1;
    size_t high = h->rows;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (h->steps[middle] < step) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

double norm_hold_at(const norm_hold *h, size_t kernel, uint64_t step)
{
    const size_t next = row_after(h, step);
    const double before = h->norms[(next - 1) * h->kernels + kernel];
    if (next >= h->rows || step <= h->steps[next - 1]) {
        return before;
    }
    const double share = (double)(step - h->steps[next - 1]) / (double)(h->steps[next] - h->steps[next - 1]);
    return before + share * (h->norms[next * h->kernels + kernel] - before);
}

typedef struct applying {
    const norm_hold *h;
    state *s;
} applying;

/* A line times what each filter is to be times. */
CLONED static void multiply_line(real *restrict w, const double *restrict by, size_t filters)
{
    for (size_t f = 0; f < filters; f++) {
        w[f] = (real)((double)w[f] * by[f]);
    }
}

static void hold_filters(const norm_hold *h, size_t kernel, real *w, const tensor_info *t)
{
    const size_t filters = tensor_filters(t);
    const double *norms = h->filters + h->first[kernel];
    double *by = h->squares + h->first[kernel];
    squares_of(by, w, t);
    for (size_t f = 0; f < filters; f++) {
        by[f] = by[f] > 0 ? norms[f] / sqrt(by[f]) : 1;
    }
    for (size_t at = 0; at < t->size; at += filters) {
        multiply_line(w + at, by, filters);
    }
}

static void hold_kernel(const norm_hold *h, size_t kernel, state *s, const tensor_info *t)
{
    real *w = state_values(s, t);
    const double norm = norm_hold_measure(s, t);
    const double by = norm > 0 ? norm_hold_at(h, kernel, s->step) / norm : 1;
    for (size_t i = 0; i < t->size; i++) {
        w[i] = (real)((double)w[i] * by);
    }
}

static void apply(void *context, size_t index, int thread)
{
    const applying *job = context;
    const norm_hold *h = job->h;
    const tensor_info *t = &h->table->tensors[h->tensors[index]];
    (void)thread;
    if (h->filters != NULL) {
        hold_filters(h, index, state_values(job->s, t), t);
    } else {
        hold_kernel(h, index, job->s, t);
    }
}

void norm_hold_apply(const norm_hold *h, state *s, pool *p)
{
    applying job = {h, s};
    pool_run(p, apply, &job, h->kernels);
}
