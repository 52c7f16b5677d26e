/* Forward and backward over the layers. */
#include <string.h>

#include "base/error.h"
#include "base/trace.h"
#include "model/private.h"

nn_source model_layer_output(const model_layer *layer)
{
    return layer->add == MODEL_NONE ? unit_output(&layer->u)
                                    : (nn_source){layer->sum, layer->u.z_stride, {NULL, NULL, 0}};
}

static nn_source images_of(const model *m, const batch *b)
{
    return (nn_source){b->images, m->options.shard_size * m->options.height * m->options.width * 3, {NULL, NULL, 0}};
}

void *model_layer_gradient(const model *m, const model_layer *layer, size_t *stride)
{
    const model_gradients *g = &m->gradients[layer->u.activation];
    *stride = g->stride;
    return g->slots[layer->slot];
}

void model_show(const model *m, size_t node, size_t pixels, const nn_source *output)
{
    if (m->watcher != NULL) {
        const model_seen seen = {node, m->net.nodes[node].shape.channels, pixels, &m->run, *output};
        m->watcher->see(m->watcher->context, &seen);
    }
}

/* The unit's output, or after an addition the sum. */
static void show_layer(const model *m, const model_layer *layer, int added)
{
    const nn_source output = added ? model_layer_output(layer) : unit_output(&layer->u);
    const size_t node = layer->add == MODEL_NONE || added ? layer->end : m->net.nodes[layer->end].inputs[0];
    model_show(m, node, layer->u.out_height * layer->u.out_width, &output);
}

/* What the pass just did was this phase of the layer. */
static void lap(const model *m, const model_layer *layer, profile_phase phase)
{
    profile_lap(m->profile, layer->row, phase);
}

#define LAYER_KEYS                                                                                                     \
    {                                                                                                                  \
        "layer", "height", "width", "channels"                                                                         \
    }
static const trace_label in_forward = {NULL, "forward", LAYER_KEYS};
static const trace_label in_backward = {NULL, "backward", LAYER_KEYS};
static const trace_label packing = {"pack weights", "forward", {NULL}};
static const trace_label normalizing = {"BatchNorm sums", "sums", {"layer", "bytes"}};
static const trace_label collecting = {"collect weight gradient", "backward", {"layer"}};

/* A slice of the trace for a row of a profile, with the shape of a layer's output. */
static void begin_row(const trace_label *label, size_t row, const unit *u)
{
    trace_begin_with(label, (int64_t)row, (int64_t)u->out_height, (int64_t)u->out_width, (int64_t)u->cout);
}

/* One for BatchNorm's sums over ranks, within the layer's. */
static void begin_sums(const model_layer *layer)
{
    trace_begin_with(&normalizing, (int64_t)layer->row, (int64_t)(2 * nn_padded(layer->u.cout) * sizeof(double)), 0, 0);
}

typedef struct shard_job {
    const model *m;
    const model_layer *layer;
} shard_job;

static void add_shard(void *context, size_t s, int thread)
{
    const shard_job *job = context;
    const nn_run *run = &job->m->run;
    const unit *u = &job->layer->u;
    const nn_source own = unit_output(u);
    const nn_source in = model_layer_output(&job->m->layers[job->layer->add]);
    (void)thread;
    const shortcut_args args = {
        .blocks = nn_padded(u->cout) / KERNEL_BLOCK,
        .pixels = nn_shard_samples(run, s) * u->out_height * u->out_width,
        .a = nn_stored(run, own.data, s * own.stride),
        .b = nn_stored(run, in.data, s * in.stride),
        .view_a = own.view,
        .view_b = in.view,
        .out = nn_stored_to(run, job->layer->sum, s * u->z_stride),
    };
    run->k->shortcut_forward(&args);
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
    if (index < m->dense_count) {
        dense_pack(&m->dense[m->dense_count - 1 - index], job->weights, job->with_transposed);
    } else {
        const size_t i = m->layer_count + m->dense_count - 1 - index;
        unit_pack(&m->layers[i].u, job->weights, job->with_transposed && i > m->first);
    }
}

/* Of the dense layers alone where the others are not computed. */
static void pack_weights(model *m, const real *weights, const batch *b, model_mode mode)
{
    pack_job job = {m, weights, mode == MODEL_TRAIN && m->options.training};
    trace_begin(&packing);
    pool_run(m->run.threads, pack_layer, &job, m->dense_count + (b->features != NULL ? 0 : m->layer_count));
    trace_end();
}

static batch_norm_options norm_of(const model *m, const state *s)
{
    batch_norm_options norm = m->options.norm;
    norm.epsilon = state_shrink_epsilon(s->shrink, norm.epsilon);
    return norm;
}

static int forward_layer(model *m, model_layer *layer, const nn_source *in, const state *s, model_mode mode,
                         const reducer *sums)
{
    const real *weights = state_weights(s);
    const batch_norm_options norm = norm_of(m, s);
    const int by_moving = mode == MODEL_INFER || layer->u.still;
    int code = LS_OK;
    begin_row(&in_forward, layer->row, &layer->u);
    unit_forward(&layer->u, &m->run, in, !by_moving);
    lap(m, layer, PROFILE_FORWARD);
    if (by_moving) {
        unit_use_moving(&layer->u, &norm, weights, state_moving(s));
    } else if (layer->u.batch_norm) {
        begin_sums(layer);
        code = unit_use_batch(&layer->u, &norm, sums, weights, mode == MODEL_TRAIN ? state_moving(s) : NULL);
        trace_end();
        lap(m, layer, PROFILE_MOMENTS);
    }
    trace_end();
    if (code == LS_OK) {
        show_layer(m, layer, 0);
    }
    if (code == LS_OK && layer->add != MODEL_NONE) {
        shard_job job = {m, layer};
        begin_row(&in_forward, layer->row + 1, &layer->u);
        pool_sweep(m->run.threads, add_shard, &job, m->run.range.count);
        trace_end();
        profile_lap(m->profile, layer->row + 1, PROFILE_FORWARD);
        show_layer(m, layer, 1);
    }
    return code;
}

int model_forward(model *m, const state *s, const batch *b, model_mode mode, const reducer *sums, real *logits)
{
    if (b->features != NULL && mode == MODEL_TRAIN && !model_trains_head_only(m)) {
        return error_set(LS_ERROR, "a network whose convolutions are trained needs pictures");
    }
    m->run.range = b->range;
    profile_start(m->profile);
    pack_weights(m, state_weights(s), b, mode);
    profile_lap(m->profile, 0, PROFILE_PACK);
    nn_source in = images_of(m, b);
    for (size_t i = 0; b->features == NULL && i < m->layer_count; i++) {
        const int code = forward_layer(m, &m->layers[i], &in, s, mode, sums);
        if (code != LS_OK) {
            return code;
        }
        in = model_layer_output(&m->layers[i]);
    }
    model_head_forward(m, s, b, mode);
    if (logits != NULL) {
        dense_read_logits(model_classifier(m), &m->run, logits);
    }
    return LS_OK;
}

void model_loss(model *m, const batch *b, double (*per_shard)[3])
{
    dense_loss(model_classifier(m), &m->run, b, &m->options.loss, b->range.all_samples, per_shard);
}

void model_evaluate(model *m, const batch *b, double (*per_shard)[3])
{
    const loss_options plain = {0};
    dense_loss(model_classifier(m), &m->run, b, &plain, 0, per_shard);
}

/* What a backward pass is given. */
typedef struct backward_job {
    const batch *b;
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

/* What layer i reads and writes in backward. Nobody wants the gradient of what the first of them reads. */
static unit_gradients gradients_of(const model *m, size_t i)
{
    const model_layer *layer = &m->layers[i];
    unit_gradients g = {0};
    g.dy = model_layer_gradient(m, layer, &g.dy_stride);
    if (i > m->first || (i > 0 && layer->u.kind == UNIT_DEPTHWISE)) { /* a depthwise kernel computes it in any case */
        g.below = &layer[-1].u;
        g.dx = model_layer_gradient(m, layer - 1, &g.dx_stride);
        if (i > m->first && layer[-1].add_to != MODEL_NONE) {
            g.add = model_layer_gradient(m, &m->layers[layer[-1].add_to], &g.add_stride);
        }
    }
    return g;
}

/*
 * One layer of the backward pass: gradient lens, data and weight gradients, weight gradient to its place. What the
 * layers above have finished is handed over between the lens, whose sums over ranks are waited for and must not queue
 * behind it on the network, and the kernels, during which it travels.
 */
static int backward_layer(model *m, size_t i, backward_job *job)
{
    model_layer *layer = &m->layers[i];
    const unit_gradients g = gradients_of(m, i);
    const nn_source in = i > 0 ? model_layer_output(layer - 1) : images_of(m, job->b);
    int code = LS_OK;
    if (layer->u.batch_norm) {
        begin_sums(layer);
        code = unit_begin_backward(&layer->u, job->sums, job->weights);
        trace_end();
    }
    lap(m, layer, PROFILE_GRADIENT_SUMS);
    if (code == LS_OK) {
        code = hand_over(m, job);
    }
    if (code != LS_OK) {
        return code;
    }
    unit_backward(&layer->u, &m->run, &in, &g);
    lap(m, layer, PROFILE_BACKWARD);
    trace_begin_of(&collecting, (int64_t)layer->row);
    unit_collect(&layer->u, &m->run, job->grads, m->table.weights_size, !job->synchronized);
    trace_end();
    lap(m, layer, PROFILE_COLLECT);
    job->finished = layer->u.kernel;
    return LS_OK;
}

int model_backward(model *m, const state *s, const batch *b, const reducer *sums, int synchronized, real *grads,
                   const gradient_sink *sink)
{
    if (!m->options.training) {
        return error_set(LS_ERROR, "this model was made without memory for backward");
    }
    backward_job job = {b, state_weights(s), sums, synchronized, grads, sink, m->dense[0].kernel};
    profile_start(m->profile);
    model_head_backward(m, grads);
    int code = LS_OK;
    for (size_t i = m->layer_count; code == LS_OK && i-- > m->first;) {
        begin_row(&in_backward, m->layers[i].row, &m->layers[i].u);
        code = backward_layer(m, i, &job);
        trace_end();
    }
    return code == LS_OK ? hand_over(m, &job) : code;
}
