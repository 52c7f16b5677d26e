/* What comes after the last convolution: the mean over pixels, dense layers, dropout before the last of them. */
#include <string.h>

#include "base/trace.h"
#include "model/private.h"

#define LAYER_KEYS                                                                                                     \
    {                                                                                                                  \
        "layer", "height", "width", "channels"                                                                         \
    }
static const trace_label in_forward = {NULL, "forward", LAYER_KEYS};
static const trace_label in_backward = {NULL, "backward", LAYER_KEYS};
static const trace_label collecting = {"collect weight gradient", "backward", {"layer"}};

/* A slice of the trace, for a row of a profile. */
static void begin_row(const trace_label *label, size_t row, size_t channels)
{
    trace_begin_with(label, (int64_t)row, 1, 1, (int64_t)channels);
}

static model_layer *last_layer(model *m)
{
    return &m->layers[m->layer_count - 1];
}

static pool_args pool_shard(model *m, size_t s)
{
    const unit *u = &last_layer(m)->u;
    const nn_source in = model_layer_output(last_layer(m));
    return (pool_args){
        .blocks = nn_padded(u->cout) / KERNEL_BLOCK,
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
    size_t stride = 0;
    void *dx = model_layer_gradient(m, last_layer(m), &stride);
    (void)thread;
    args.dout = m->dpooled + s * m->pooled_stride;
    args.dx = nn_stored_to(&m->run, dx, s * stride);
    args.epilogue = unit_epilogue(&last_layer(m)->u, &m->run, s);
    m->run.k->pool_backward(&args);
}

/* What dense layer i reads: the pooled features, or what the one before it leaves. */
static nn_source input_of(const model *m, size_t i)
{
    return i == 0 ? (nn_source){m->pooled, m->pooled_stride, {NULL, NULL, 0}}
                  : (nn_source){m->dense[i - 1].logits, m->dense[i - 1].logits_stride, {NULL, NULL, 0}};
}

/* The same, or its gradient, to be changed. */
static void drop_out(model *m, int gradient)
{
    const size_t i = m->dense_count - 1;
    const dense *before = i == 0 ? NULL : &m->dense[i - 1];
    real *features = gradient ? m->dpooled : m->pooled;
    if (before != NULL) {
        features = gradient ? before->dlogits : before->logits;
    }
    dropout_apply(&m->dropped, &m->run, features, m->dense[i].features,
                  before != NULL ? before->logits_stride : m->pooled_stride);
}

/* Where the block of features that begins with f lies, of sample n in a shard of `samples`; and how many it has. */
static size_t pooled_at(size_t f, size_t n, size_t samples)
{
    return (f / KERNEL_BLOCK * samples + n) * KERNEL_BLOCK;
}

static size_t in_block(const model *m, size_t f)
{
    const size_t rest = model_features(m) - f;
    return rest < KERNEL_BLOCK ? rest : KERNEL_BLOCK;
}

size_t model_features(const model *m)
{
    return m->dense[0].features;
}

int model_trains_head_only(const model *m)
{
    return m->first == m->layer_count;
}

void model_read_features(const model *m, real *out)
{
    for (size_t s = 0; s < m->run.range.count; s++) {
        const size_t samples = nn_shard_samples(&m->run, s);
        const real *pooled = m->pooled + s * m->pooled_stride;
        real *to = out + s * m->run.shard_size * model_features(m);
        for (size_t n = 0; n < samples; n++) {
            for (size_t f = 0; f < model_features(m); f += KERNEL_BLOCK) {
                memcpy(to + n * model_features(m) + f, pooled + pooled_at(f, n, samples), in_block(m, f) * sizeof *to);
            }
        }
    }
}

static void use_features(model *m, const real *features)
{
    for (size_t s = 0; s < m->run.range.count; s++) {
        const size_t samples = nn_shard_samples(&m->run, s);
        const real *from = features + s * m->run.shard_size * model_features(m);
        real *pooled = m->pooled + s * m->pooled_stride;
        for (size_t n = 0; n < samples; n++) {
            for (size_t f = 0; f < model_features(m); f += KERNEL_BLOCK) {
                memcpy(pooled + pooled_at(f, n, samples), from + n * model_features(m) + f,
                       in_block(m, f) * sizeof *from);
            }
        }
    }
}

/* The nodes of the mean and the dense layers come after all others, in this order. */
static void show_head(const model *m, size_t at, const void *data, size_t stride)
{
    const nn_source output = {data, stride, {NULL, NULL, 0}};
    model_show(m, m->net.count - m->dense_count - 1 + at, 1, &output);
}

void model_head_forward(model *m, const state *s, const batch *b, model_mode mode)
{
    size_t row = model_pool_row(m);
    begin_row(&in_forward, row, m->dense[0].features);
    if (b->features != NULL) {
        use_features(m, b->features);
    } else {
        pool_sweep(m->run.threads, pool_forward_shard, m, m->run.range.count);
    }
    trace_end();
    profile_lap(m->profile, row, PROFILE_FORWARD);
    show_head(m, 0, m->pooled, m->pooled_stride);
    for (size_t i = 0; i < m->dense_count; i++) {
        const nn_source in = input_of(m, i);
        row++;
        begin_row(&in_forward, row, m->dense[i].classes);
        if (mode == MODEL_TRAIN && i == m->dense_count - 1) {
            m->dropped = (dropout){m->options.network.dropout, m->options.seed, s->step};
            drop_out(m, 0);
        }
        dense_forward(&m->dense[i], &m->run, &in, state_weights(s));
        trace_end();
        profile_lap(m->profile, row, PROFILE_FORWARD);
        show_head(m, i + 1, m->dense[i].logits, m->dense[i].logits_stride);
    }
}

static void dense_layer_backward(model *m, size_t i, size_t row, real *grads)
{
    const nn_source in = input_of(m, i);
    const int wanted = i > 0 || m->first < m->layer_count;
    dense *before = i == 0 ? NULL : &m->dense[i - 1];
    real *dx = before != NULL ? before->dlogits : m->dpooled;
    begin_row(&in_backward, row, m->dense[i].classes);
    dense_backward(&m->dense[i], &m->run, &in, wanted ? dx : NULL,
                   before != NULL ? before->logits_stride : m->pooled_stride);
    if (wanted && i == m->dense_count - 1) {
        drop_out(m, 1);
    }
    profile_lap(m->profile, row, PROFILE_BACKWARD);
    trace_begin_of(&collecting, (int64_t)row);
    dense_collect(&m->dense[i], &m->run, grads, m->table.weights_size);
    trace_end();
    trace_end();
    profile_lap(m->profile, row, PROFILE_COLLECT);
}

void model_head_backward(model *m, real *grads)
{
    const size_t row = model_pool_row(m);
    for (size_t i = m->dense_count; i-- > 0;) {
        dense_layer_backward(m, i, row + 1 + i, grads);
    }
    if (m->first < m->layer_count) {
        begin_row(&in_backward, row, m->dense[0].features);
        pool_sweep(m->run.threads, pool_backward_shard, m, m->run.range.count);
        trace_end();
        profile_lap(m->profile, row, PROFILE_BACKWARD);
    }
}
