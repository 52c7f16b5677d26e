#include "optim/sgd.h"

/* The vectors are cut into this many pieces, whoever works on them; the penalty is summed within a piece, then over. */
enum { PIECES = 64 };

/*
 * w - rate·g, rounded to `real` once: the product of two float32 is exact in float64. Keras' fused update rounds so
 * too, and it is the only rounding that gives the article's digits.
 */
static real step_down(real w, real rate, real g)
{
    return (real)((double)w - (double)rate * (double)g);
}

static void update_decaying(real *restrict w, real *restrict g, size_t n, real rate, real decay)
{
    for (size_t i = 0; i < n; i++) {
        g[i] += decay * w[i];
        w[i] = step_down(w[i], rate, g[i]);
    }
}

static void update_plain(real *restrict w, const real *restrict g, size_t n, real rate)
{
    for (size_t i = 0; i < n; i++) {
        w[i] = step_down(w[i], rate, g[i]);
    }
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

typedef struct sgd_job {
    const tensor_table *t;
    const real *weights;
    real *updated, *grads; /* updated: the weights again; both NULL: only the penalty is wanted */
    real rate, decay;      /* decay 0: no penalty either */
    size_t each;           /* elements a piece */
    double squares[PIECES];
} sgd_job;

/* Elements [begin, end) of the vectors, all of one tensor. */
static void do_range(sgd_job *job, size_t piece, int decays, size_t begin, size_t end)
{
    /* In parts that are still in cache when the update reads them again. */
    enum { PART = 4096 };
    for (size_t at = begin; at < end; at += PART) {
        const size_t n = end - at < PART ? end - at : PART;
        if (decays) {
            job->squares[piece] += sum_squares(job->weights + at, n);
        }
        if (job->updated == NULL) {
            continue;
        }
        if (decays) {
            update_decaying(job->updated + at, job->grads + at, n, job->rate, job->decay);
        } else {
            update_plain(job->updated + at, job->grads + at, n, job->rate);
        }
    }
}

static void do_piece(void *context, size_t index, int thread)
{
    sgd_job *job = context;
    const size_t begin = index * job->each;
    const size_t end = begin + job->each;
    (void)thread;
    for (size_t k = 0; k < job->t->count; k++) {
        const tensor_info *info = &job->t->tensors[k];
        const size_t first = info->offset > begin ? info->offset : begin;
        const size_t last = info->offset + info->size < end ? info->offset + info->size : end;
        if (info->trainable && first < last) {
            do_range(job, index, info->decays && job->decay != 0, first, last);
        }
    }
}

static double run(sgd_job *job, double l2, pool *p)
{
    double sum = 0;
    /* Keras keeps c as float32 even where weights are float64; doubling is exact, so 2c·w rounds as c·(2w) does. */
    job->decay = 2 * (real)(float)l2;
    job->each = (job->t->weights_size + PIECES - 1) / PIECES;
    pool_run(p, do_piece, job, PIECES);
    for (size_t i = 0; i < PIECES; i++) {
        sum += job->squares[i];
    }
    return (double)(float)l2 * sum;
}

/* Both are written to, through the job. */ /* NOLINTNEXTLINE(readability-non-const-parameter) */
double sgd_update(state *s, real *grads, double learning_rate, double l2, pool *p)
{
    real *weights = state_weights(s);
    sgd_job job = {.t = s->table, .weights = weights, .updated = weights, .grads = grads, .rate = (real)learning_rate};
    return run(&job, l2, p);
}

double sgd_penalty(const state *s, double l2, pool *p)
{
    sgd_job job = {.t = s->table, .weights = state_weights(s)};
    return l2 == 0 ? 0 : run(&job, l2, p);
}
