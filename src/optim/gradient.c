#include "optim/gradient.h"

#include <math.h>
#include <string.h>

#define ACCUMULATED "accumulated_gradient"

/* Vectors are cut into this many pieces, whoever works on them. */
enum { PIECES = 64 };

uint64_t gradient_batches(const optimizer_options *o)
{
    return o->accumulate > 1 ? o->accumulate : 1;
}

size_t gradient_slots(state_slot *out, const optimizer_options *o)
{
    if (gradient_batches(o) == 1) {
        return 0;
    }
    out[0] = (state_slot){ACCUMULATED, TENSOR_WEIGHTS};
    return 1;
}

real *gradient_sum(const state *s)
{
    const state_vector *sum = state_find(s, ACCUMULATED);
    return sum != NULL ? sum->values : NULL;
}

uint64_t gradient_updates(const optimizer_options *o, uint64_t steps)
{
    return steps / gradient_batches(o);
}

bool gradient_updates_after(const optimizer_options *o, uint64_t steps)
{
    return (steps + 1) % gradient_batches(o) == 0;
}

double gradient_squares(const real *x, size_t n)
{
    enum { LANES = 8 };
    double lanes[LANES] = {0};
    double sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            lanes[k] += (double)x[i + k] * (double)x[i + k];
        }
    }
    for (; i < n; i++) {
        sum += (double)x[i] * (double)x[i];
    }
    for (size_t k = 0; k < LANES; k++) {
        sum += lanes[k];
    }
    return sum;
}

typedef struct gradient_job {
    const tensor_table *table;
    real *grads;
    real *sum;   /* of the batches before this one */
    bool first;  /* there is none */
    bool last;   /* the mean goes to grads */
    double part; /* of a batch in the mean */
    size_t each; /* elements a piece */
    double squares[PIECES];
} gradient_job;

static size_t piece_end(const gradient_job *job, size_t index)
{
    const size_t end = (index + 1) * job->each;
    return end < job->table->weights_size ? end : job->table->weights_size;
}

static void add_piece(void *context, size_t index, int thread)
{
    const gradient_job *job = context;
    (void)thread;
    for (size_t i = index * job->each; i < piece_end(job, index); i++) {
        const real sum = job->first ? job->grads[i] : job->sum[i] + job->grads[i];
        job->sum[i] = sum;
        if (job->last) {
            job->grads[i] = (real)((double)sum * job->part);
        }
    }
}

static gradient_job job_of(const tensor_table *t)
{
    return (gradient_job){.table = t, .each = (t->weights_size + PIECES - 1) / PIECES};
}

bool gradient_complete(state *s, real *grads, const optimizer_options *o, pool *p)
{
    const uint64_t count = gradient_batches(o);
    if (count == 1) {
        return true;
    }
    gradient_job job = job_of(s->table);
    job.grads = grads;
    job.sum = state_find(s, ACCUMULATED)->values;
    job.first = s->step % count == 0;
    job.last = s->step % count == count - 1;
    job.part = 1 / (double)count;
    pool_run(p, add_piece, &job, PIECES);
    return job.last;
}

static void square_piece(void *context, size_t index, int thread)
{
    gradient_job *job = context;
    const size_t begin = index * job->each;
    const size_t end = piece_end(job, index);
    (void)thread;
    for (size_t k = 0; k < job->table->count; k++) {
        const tensor_info *t = &job->table->tensors[k];
        const size_t first = t->offset > begin ? t->offset : begin;
        const size_t last = t->offset + t->size < end ? t->offset + t->size : end;
        if (t->trainable && first < last) {
            job->squares[index] += gradient_squares(job->grads + first, last - first);
        }
    }
}

static double norm(const state *s, real *grads, pool *p)
{
    gradient_job job = job_of(s->table);
    double sum = 0;
    job.grads = grads;
    pool_run(p, square_piece, &job, PIECES);
    for (size_t i = 0; i < PIECES; i++) {
        sum += job.squares[i];
    }
    return sqrt(sum);
}

gradient_limits gradient_limits_of(const state *s, real *grads, const optimizer_options *o, pool *p)
{
    static const double BESIDE = 1e-6; /* PyTorch's, against a division by zero */
    gradient_limits limits = {.scale = 1, .value = (real)o->clip_value};
    if (o->clip_norm > 0) {
        const double scale = o->clip_norm / (norm(s, grads, p) + BESIDE);
        limits.scale = scale < 1 ? (real)scale : 1;
    }
    return limits;
}

void gradient_limit(const gradient_limits *limits, real *grads, size_t n)
{
    const real most = limits->value;
    if (limits->scale != 1) {
        for (size_t i = 0; i < n; i++) {
            grads[i] *= limits->scale;
        }
    }
    if (most > 0) {
        for (size_t i = 0; i < n; i++) {
            grads[i] = grads[i] > most ? most : grads[i] < -most ? -most : grads[i];
        }
    }
}
