#include "optim/optimizer.h"

#include <stdbool.h>

/* The vectors are cut into this many pieces, whoever works on them; the penalty is summed within a piece, then over. */
enum { PIECES = 64 };

extern const optimizer optimizer_sgd;
extern const optimizer optimizer_momentum;

const optimizer *optimizer_of(const optimizer_options *o)
{
    return o->momentum > 0 ? &optimizer_momentum : &optimizer_sgd;
}

/* Σw² in interleaved sums, which do not wait for each other; the order is fixed. */
static double sum_squares(const real *w, size_t n)
{
    enum { LANES = 8 };
    double lanes[LANES] = {0};
    double sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            lanes[k] += (double)w[i + k] * (double)w[i + k];
        }
    }
    for (; i < n; i++) {
        sum += (double)w[i] * (double)w[i];
    }
    for (size_t k = 0; k < LANES; k++) {
        sum += lanes[k];
    }
    return sum;
}

typedef struct update_job {
    const state *s;
    const optimizer *how;    /* NULL: only the penalty is wanted */
    const update_part *part; /* its options and rate */
    real *grads;
    real decay;  /* 2c; 0: no penalty */
    size_t each; /* elements a piece */
    double squares[PIECES];
} update_job;

/* Elements [at, at + n) of the vectors. */
static void update(const update_job *job, size_t at, size_t n, bool decays)
{
    const state *s = job->s;
    update_part part = *job->part;
    part.weights = state_weights(s) + at;
    part.grads = job->grads + at;
    part.count = n;
    part.decay = decays ? job->decay : 0;
    for (size_t i = STATE_SLOTS; i < s->count; i++) {
        part.slots[i - STATE_SLOTS] = s->vectors[i].values + at;
    }
    job->how->update(&part);
}

/* Elements [begin, end) of the vectors, all of one tensor. */
static void do_range(update_job *job, size_t piece, bool decays, size_t begin, size_t end)
{
    /* In parts that are still in cache when the update reads them again. */
    enum { PART = 4096 };
    for (size_t at = begin; at < end; at += PART) {
        const size_t n = end - at < PART ? end - at : PART;
        if (decays) {
            job->squares[piece] += sum_squares(state_weights(job->s) + at, n);
        }
        if (job->how != NULL) {
            update(job, at, n, decays);
        }
    }
}

static void do_piece(void *context, size_t index, int thread)
{
    update_job *job = context;
    const tensor_table *t = job->s->table;
    const size_t begin = index * job->each;
    const size_t end = begin + job->each;
    (void)thread;
    for (size_t k = 0; k < t->count; k++) {
        const tensor_info *info = &t->tensors[k];
        const size_t first = info->offset > begin ? info->offset : begin;
        const size_t last = info->offset + info->size < end ? info->offset + info->size : end;
        if (info->trainable && first < last) {
            do_range(job, index, info->decays && job->decay != 0, first, last);
        }
    }
}

static double run(update_job *job, double l2, pool *p)
{
    double sum = 0;
    /* Keras keeps c as float32 even where weights are float64; doubling is exact, so 2c·w rounds as c·(2w) does. */
    job->decay = 2 * (real)(float)l2;
    job->each = (job->s->table->weights_size + PIECES - 1) / PIECES;
    pool_run(p, do_piece, job, PIECES);
    for (size_t i = 0; i < PIECES; i++) {
        sum += job->squares[i];
    }
    return (double)(float)l2 * sum;
}

double optimizer_update(state *s, real *grads, double rate, const optimizer_options *o, pool *p)
{
    const update_part part = {.rate = (real)rate, .options = o};
    update_job job = {.s = s, .how = optimizer_of(o), .part = &part, .grads = grads};
    return run(&job, o->l2, p);
}

double optimizer_penalty(const state *s, double l2, pool *p)
{
    update_job job = {.s = s};
    return l2 == 0 ? 0 : run(&job, l2, p);
}
