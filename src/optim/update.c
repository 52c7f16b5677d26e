/* The walk over tensors that all optimizers have in common. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "optim/average.h"
#include "optim/gradient.h"
#include "optim/growth.h"
#include "optim/optimizer.h"

/* The vectors are cut into this many pieces, whoever works on them; the penalty is summed within a piece, then over. */
enum { PIECES = 64 };
/* A piece is done in parts that are still in cache when they are read again. */
enum { PART = 4096 };

static bool is_kernel(const tensor_info *t)
{
    return t->role == TENSOR_CONV_KERNEL || t->role == TENSOR_DEPTHWISE_KERNEL || t->role == TENSOR_DENSE_KERNEL;
}

bool optimizer_decays(const optimizer_options *o, const tensor_info *t)
{
    switch (o->decay.norm_and_bias) {
    case DECAY_ALL: return true;
    case DECAY_KERNELS: return is_kernel(t);
    case DECAY_KERNELS_AND_BIAS: break;
    }
    return t->decays != 0;
}

/* c as Keras keeps it: float32 even where weights are float64. Doubling is exact, so 2c·w rounds as c·(2w) does. */
static double penalty_factor(const optimizer_options *o)
{
    return (double)(float)o->l2;
}

real optimizer_coupled(const optimizer_options *o, double share)
{
    return (real)(2 * penalty_factor(o) * share);
}

/* Whether L2 adds to the loss, and so to the gradient. */
static bool penalized(const optimizer_options *o, const tensor_info *t)
{
    return o->l2 != 0 && optimizer_decays(o, t) && !growth_covers(o, t);
}

typedef struct update_job {
    state *s;
    const optimizer *how; /* NULL: only the penalty is wanted */
    const optimizer_options *options;
    real *grads;
    rate_now rate;
    gradient_limits limits;
    average_now average;
    growth growth; /* of the tensors that it covers */
    size_t each;   /* elements a piece */
    double squares[PIECES];
} update_job;

/* What is the same in all parts of a tensor. */
static update_part part_of(const update_job *job, const tensor_info *t)
{
    const optimizer_options *o = job->options;
    const bool decaying = optimizer_decays(o, t);
    const double share = o->decay.follow_rate && t->scale_invariant != 0 ? job->rate.share : 1;
    return (update_part){
        .decay = decaying ? optimizer_coupled(o, share) : 0,
        .decoupled = decaying ? o->decay.decoupled * share : 0,
        .rate = (real)(t->rate == 1 ? job->rate.rate : job->rate.rate * t->rate),
        .trust = 1,
        .number = gradient_updates(o, job->s->step) + 1 - o->updates_before,
        .options = o,
    };
}

/* Elements [at, at + n) of the vectors. */
static void place(update_part *part, const update_job *job, size_t at, size_t n)
{
    part->weights = state_weights(job->s) + at;
    part->grads = job->grads + at;
    part->count = n;
    for (size_t i = 0; i < job->how->slot_count; i++) {
        part->slots[i] = job->s->vectors[STATE_SLOTS + i].values + at;
    }
}

static void update(const update_job *job, update_part *part, const tensor_info *t, size_t at, size_t n)
{
    place(part, job, at, n);
    if (growth_covers(job->options, t)) {
        growth_update(part, &job->growth);
    } else {
        job->how->update(part);
    }
    average_weights(&job->average, job->s, at, n);
}

/* Elements [begin, end) of the vectors, all of one tensor. */
static void do_range(update_job *job, size_t piece, const tensor_info *t, size_t begin, size_t end)
{
    update_part part = part_of(job, t);
    for (size_t at = begin; at < end; at += PART) {
        const size_t n = end - at < PART ? end - at : PART;
        if (penalized(job->options, t)) {
            job->squares[piece] += gradient_squares(state_weights(job->s) + at, n);
        }
        if (job->how != NULL) {
            gradient_limit(&job->limits, job->grads + at, n);
            update(job, &part, t, at, n);
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
            do_range(job, index, info, first, last);
        }
    }
}

/* What the step of a whole tensor is times. */
static double trust(const update_job *job, update_part *part, const tensor_info *t)
{
    double weights = 0;
    double others = 0;
    for (size_t at = 0; at < t->size; at += PART) {
        place(part, job, t->offset + at, t->size - at < PART ? t->size - at : PART);
        gradient_limit(&job->limits, part->grads, part->count);
        job->how->measure(part, &weights, &others);
    }
    const bool known = is_kernel(t) && weights > 0 && others > 0;
    return known ? job->how->trust(part, sqrt(weights), sqrt(others)) : 1;
}

/* A tensor whose step depends on its norms. */
static void do_tensor(void *context, size_t index, int thread)
{
    const update_job *job = context;
    const tensor_info *t = &job->s->table->tensors[index];
    (void)thread;
    if (!t->trainable) {
        return;
    }
    update_part part = part_of(job, t);
    part.trust = trust(job, &part, t);
    for (size_t at = 0; at < t->size; at += PART) {
        update(job, &part, t, t->offset + at, t->size - at < PART ? t->size - at : PART);
    }
}

static double run(update_job *job, pool *p)
{
    double sum = 0;
    job->each = (job->s->table->weights_size + PIECES - 1) / PIECES;
    pool_run(p, do_piece, job, PIECES);
    for (size_t i = 0; i < PIECES; i++) {
        sum += job->squares[i];
    }
    return penalty_factor(job->options) * sum;
}

double optimizer_update(state *s, real *grads, const rate_now *rate, const optimizer_options *o, pool *p)
{
    update_job job = {.s = s, .how = optimizer_of(o), .options = o, .grads = grads, .rate = *rate};
    if (!gradient_complete(s, grads, o, p)) {
        return optimizer_penalty(s, o, p);
    }
    job.limits = gradient_limits_of(s, grads, o, p);
    job.average = average_at(s, o);
    average_moving(&job.average, s);
    if (growth_asked(o)) {
        job.growth = growth_at(&s->shrink, rate, o);
        const double penalty = run(&job, p);
        growth_finish(s, &job.growth, o);
        return penalty;
    }
    if (job.how->measure == NULL) {
        return run(&job, p);
    }
    const double penalty = optimizer_penalty(s, o, p);
    pool_run(p, do_tensor, &job, s->table->count);
    return penalty;
}

double optimizer_penalty(const state *s, const optimizer_options *o, pool *p)
{
    state view = *s;
    update_job job = {.s = &view, .options = o};
    return o->l2 == 0 ? 0 : run(&job, p);
}

void optimizer_restart(state *s, const optimizer_options *o)
{
    for (size_t i = 0; i < optimizer_of(o)->slot_count; i++) {
        state_vector *v = &s->vectors[STATE_SLOTS + i];
        memset(v->values, 0, v->size * sizeof *v->values);
    }
    if (o->kind == OPTIMIZER_RMSPROP && o->initial_scale != 0) {
        state_vector *square = &s->vectors[STATE_SLOTS];
        for (size_t i = 0; i < square->size; i++) {
            square->values[i] = (real)o->initial_scale;
        }
    }
}

void optimizer_begin(state *s, const optimizer_options *o)
{
    average_begin(s);
    optimizer_restart(s, o);
}
