#include "optim/norm_hold.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "optim/gradient.h"

static bool is_held(const tensor_info *t)
{
    return t->scale_invariant != 0 && t->trainable;
}

int norm_hold_create(norm_hold *out, const tensor_table *t, size_t rows)
{
    *out = (norm_hold){.table = t, .rows = rows};
    out->tensors = calloc(t->count + 1, sizeof *out->tensors);
    out->steps = calloc(rows + 1, sizeof *out->steps);
    if (out->tensors == NULL || out->steps == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the norms that are held");
    }
    for (size_t i = 0; i < t->count; i++) {
        if (is_held(&t->tensors[i])) {
            out->tensors[out->kernels++] = i;
        }
    }
    out->norms = calloc(rows * out->kernels + 1, sizeof *out->norms);
    return out->norms != NULL ? LS_OK : error_set(LS_ENOMEM, "out of memory for %zu norms", rows * out->kernels);
}

void norm_hold_release(norm_hold *h)
{
    free(h->tensors);
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

static void apply(void *context, size_t index, int thread)
{
    const applying *job = context;
    const tensor_info *t = &job->h->table->tensors[job->h->tensors[index]];
    real *w = state_values(job->s, t);
    const double norm = norm_hold_measure(job->s, t);
    (void)thread;
    if (!(norm > 0)) {
        return;
    }
    const double by = norm_hold_at(job->h, index, job->s->step) / norm;
    for (size_t i = 0; i < t->size; i++) {
        w[i] = (real)((double)w[i] * by);
    }
}

void norm_hold_apply(const norm_hold *h, state *s, pool *p)
{
    applying job = {h, s};
    pool_run(p, apply, &job, h->kernels);
}
