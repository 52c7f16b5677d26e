/* Forward and backward over the blocks. */
#include <string.h>

#include "base/error.h"
#include "model/private.h"

static unit *last_unit(model *m, size_t block)
{
    return &m->units[m->blocks[block].first + m->blocks[block].count - 1];
}

/* What block b + 1 reads. */
static nn_source block_output(model *m, size_t block)
{
    const model_block *b = &m->blocks[block];
    return b->shortcut ? (nn_source){b->out, b->stride, {NULL, NULL, 0}} : unit_output(last_unit(m, block));
}

static void begin(model *m, const model_batch *b)
{
    m->run.shards = b->shards;
    m->run.samples = b->samples;
    m->run.first_shard = b->first_shard;
    m->run.total_shards = b->total_shards;
}

/* What the pass just did was this phase of the unit. */
static void lap(const model *m, const unit *u, profile_phase phase)
{
    profile_lap(m->profile, (size_t)(u - m->units), phase);
}

typedef struct shard_job {
    model *m;
    size_t block;
} shard_job;

static void shortcut_shard(void *context, size_t s, int thread)
{
    const shard_job *job = context;
    model *m = job->m;
    const unit *u = last_unit(m, job->block);
    const nn_source own = unit_output(u);
    const nn_source in = block_output(m, job->block - 1);
    (void)thread;
    const shortcut_args args = {
        .blocks = (u->cout + KERNEL_BLOCK - 1) / KERNEL_BLOCK,
        .pixels = nn_shard_samples(&m->run, s) * u->out_height * u->out_width,
        .a = nn_stored(&m->run, own.data, s * own.stride),
        .b = nn_stored(&m->run, in.data, s * in.stride),
        .view_a = own.view,
        .view_b = in.view,
        .out = nn_stored_to(&m->run, m->blocks[job->block].out, s * m->blocks[job->block].stride),
    };
    m->run.k->shortcut_forward(&args);
}

static pool_args pool_shard(model *m, size_t s)
{
    const unit *u = last_unit(m, m->block_count - 1);
    const nn_source in = unit_output(u);
    return (pool_args){
        .blocks = (u->cout + KERNEL_BLOCK - 1) / KERNEL_BLOCK,
        .samples = nn_shard_samples(&m->run, s),
        .pixels = u->out_height * u->out_width,
        .in = nn_stored(&m->run, in.data, s * in.stride),
        .view = in.view,
    };
}

static void pool_forward_shard(void *context, size_t s, int thread)
{
    model *m = context;
    pool_args args = pool_shard(m, s);
    (void)thread;
    args.out = m->pooled + s * m->pooled_stride;
    m->run.k->pool_forward(&args);
}

static void pool_backward_shard(void *context, size_t s, int thread)
{
    model *m = context;
    pool_args args = pool_shard(m, s);
    (void)thread;
    args.dout = m->dpooled + s * m->pooled_stride;
    args.dx = nn_stored_to(&m->run, m->inner[0], s * m->inner_stride);
    args.epilogue = unit_epilogue(last_unit(m, m->block_count - 1), &m->run, s);
    m->run.k->pool_backward(&args);
}

typedef struct pack_job {
    model *m;
    const real *weights;
    int with_transposed;
} pack_job;

/* One layer's weights. The last layers are the largest, so they come first: no thread ends with a large one. */
static void pack_layer(void *context, size_t index, int thread)
{
    const pack_job *job = context;
    model *m = job->m;
    (void)thread;
    if (index == 0) {
        dense_pack(&m->head, job->weights, job->with_transposed);
    } else {
        unit_pack(&m->units[m->unit_count - index], job->weights, job->with_transposed);
    }
}

static void pack_weights(model *m, const real *weights, model_mode mode)
{
    pack_job job = {m, weights, mode == MODEL_TRAIN && m->options.training};
    pool_run(m->run.threads, pack_layer, &job, m->unit_count + 1);
}

static int forward_unit(model *m, unit *u, const nn_source *in, const state *s, model_mode mode, const reducer *sums)
{
    const real *weights = state_weights(s);
    unit_forward(u, &m->run, in, mode != MODEL_INFER);
    lap(m, u, PROFILE_FORWARD);
    if (mode == MODEL_INFER) {
        unit_use_moving(u, &m->options.norm, weights, state_moving(s));
        return LS_OK;
    }
    const int code = unit_use_batch(u, &m->options.norm, sums, weights, mode == MODEL_TRAIN ? state_moving(s) : NULL);
    lap(m, u, PROFILE_MOMENTS);
    return code;
}

int model_forward(model *m, const state *s, const model_batch *b, model_mode mode, const reducer *sums, real *logits)
{
    begin(m, b);
    profile_start(m->profile);
    pack_weights(m, state_weights(s), mode);
    profile_lap(m->profile, 0, PROFILE_PACK);
    const size_t image = m->options.height * m->options.width * 3;
    nn_source in = {b->images, m->options.shard_size * image, {NULL, NULL, 0}};
    for (size_t i = 0; i < m->block_count; i++) {
        const model_block *block = &m->blocks[i];
        for (size_t j = 0; j < block->count; j++) {
            unit *u = &m->units[block->first + j];
            const int code = forward_unit(m, u, &in, s, mode, sums);
            if (code != LS_OK) {
                return code;
            }
            in = unit_output(u);
        }
        if (block->shortcut) {
            shard_job job = {m, i};
            pool_sweep(m->run.threads, shortcut_shard, &job, m->run.shards);
            profile_lap(m->profile, PROFILE_SHORTCUT + i, PROFILE_FORWARD);
        }
        in = block_output(m, i);
    }
    pool_sweep(m->run.threads, pool_forward_shard, m, m->run.shards);
    profile_lap(m->profile, PROFILE_POOL, PROFILE_FORWARD);
    const nn_source pooled = {m->pooled, m->pooled_stride, {NULL, NULL, 0}};
    dense_forward(&m->head, &m->run, &pooled, state_weights(s));
    profile_lap(m->profile, PROFILE_DENSE, PROFILE_FORWARD);
    if (logits != NULL) {
        dense_read_logits(&m->head, &m->run, logits);
    }
    return LS_OK;
}

void model_loss(model *m, const model_batch *b, double (*per_shard)[3])
{
    dense_loss(&m->head, &m->run, b->labels, m->options.training ? b->total : 0, per_shard);
}

/* What a backward pass is given. */
typedef struct backward_job {
    const model_batch *b;
    const real *weights;
    const reducer *sums;
    int synchronized;
    real *grads;
    const gradient_sink *sink;
    size_t finished; /* the weights' gradient from here on */
} backward_job;

/* Sending it is no layer's work, so no layer's time. */
static int hand_over(model *m, const backward_job *job)
{
    const int code = job->sink->ready(job->sink->context, job->finished);
    profile_start(m->profile);
    return code;
}

/*
 * One unit of the backward pass: gradient lens, data and weight gradients, weight gradient to its place. What the units
 * above have finished is handed over between the lens, whose sums over ranks are waited for and must not queue behind
 * it on the network, and the kernels, during which it travels.
 */
static int backward_unit(model *m, unit *u, const nn_source *in, const unit_gradients *g, backward_job *job)
{
    int code = unit_begin_backward(u, job->sums, job->weights);
    lap(m, u, PROFILE_GRADIENT_SUMS);
    code = code != LS_OK ? code : hand_over(m, job);
    if (code != LS_OK) {
        return code;
    }
    unit_backward(u, &m->run, in, g);
    lap(m, u, PROFILE_BACKWARD);
    unit_collect(u, &m->run, job->grads, m->table.weights_size, !job->synchronized);
    lap(m, u, PROFILE_COLLECT);
    job->finished = u->kernel;
    return LS_OK;
}

/* Backward through block i; `outer[turn]` holds its output's gradient, or inner[0] for the head. */
static int backward_block(model *m, size_t i, int turn, backward_job *job)
{
    const model_block *block = &m->blocks[i];
    unit_gradients g = {.dy = m->outer[turn], .dy_stride = m->outer_stride};
    int next = 0;
    if (block->count == 1) {
        g.dy = m->inner[0];
        g.dy_stride = m->inner_stride;
    }
    for (size_t j = block->count; j-- > 0;) {
        unit *u = &m->units[block->first + j];
        nn_source in;
        if (j > 0) {
            g.below = u - 1;
            g.dx = m->inner[next];
            g.dx_stride = m->inner_stride;
            in = unit_output(u - 1);
            next = 1 - next;
        } else if (i > 0) {
            g.below = u - 1;
            g.dx = m->outer[1 - turn];
            g.dx_stride = m->outer_stride;
            g.add = block->shortcut ? m->outer[turn] : NULL;
            g.add_stride = m->outer_stride;
            in = block_output(m, i - 1);
        } else {
            in = (nn_source){job->b->images, m->options.shard_size * m->options.height * m->options.width * 3, {0}};
        }
        const int code = backward_unit(m, u, &in, &g, job);
        if (code != LS_OK) {
            return code;
        }
        g.dy = g.dx;
        g.dy_stride = g.dx_stride;
    }
    return LS_OK;
}

int model_backward(model *m, const state *s, const model_batch *b, const reducer *sums, int synchronized, real *grads,
                   const gradient_sink *sink)
{
    if (!m->options.training) {
        return error_set(LS_ERROR, "this model was made without memory for backward");
    }
    backward_job job = {b, state_weights(s), sums, synchronized, grads, sink, m->head.kernel};
    const nn_source pooled = {m->pooled, m->pooled_stride, {NULL, NULL, 0}};
    profile_start(m->profile);
    dense_backward(&m->head, &m->run, &pooled, m->dpooled, m->pooled_stride);
    profile_lap(m->profile, PROFILE_DENSE, PROFILE_BACKWARD);
    dense_collect(&m->head, &m->run, grads, m->table.weights_size);
    profile_lap(m->profile, PROFILE_DENSE, PROFILE_COLLECT);
    pool_sweep(m->run.threads, pool_backward_shard, m, m->run.shards);
    profile_lap(m->profile, PROFILE_POOL, PROFILE_BACKWARD);
    int code = LS_OK;
    int turn = 0;
    for (size_t i = m->block_count; code == LS_OK && i-- > 0;) {
        code = backward_block(m, i, turn, &job);
        turn = 1 - turn;
    }
    return code != LS_OK ? code : hand_over(m, &job);
}
