#include "nn/dense.h"

#include <string.h>

#include "base/size.h"
#include "kernels/pack.h"
#include "nn/collect.h"

enum { B = KERNEL_BLOCK };

static size_t matrix_size(const dense *d)
{
    return nn_padded(d->features) * nn_padded(d->classes);
}

size_t dense_packed_size(const dense *d)
{
    return matrix_size(d) + nn_padded(d->classes);
}

size_t dense_scratch_size(const dense *d)
{
    return kernel_pointwise_scratch(nn_padded(d->features) / B, nn_padded(d->classes) / B);
}

void dense_plan(dense *d, arena *a, size_t shards, size_t shard_size, int training)
{
    d->logits_stride = size_round_up(nn_padded(d->classes) * shard_size, NN_STRIDE);
    d->packed = arena_alloc(a, matrix_size(d), sizeof(real));
    d->logits = arena_alloc(a, shards * d->logits_stride, sizeof(real));
    if (training) {
        d->packed_t = arena_alloc(a, matrix_size(d), sizeof(real));
        d->dlogits = arena_alloc(a, shards * d->logits_stride, sizeof(real));
    }
}

void dense_pack(dense *d, const real *weights, int with_transposed)
{
    pack_matrix(d->packed, weights + d->kernel, d->features, d->classes, nn_padded(d->features));
    if (with_transposed) {
        pack_matrix_transposed(d->packed_t, weights + d->kernel, d->features, d->classes);
    }
}

/* Element of class c and sample n in a shard of `samples`. */
static size_t at(size_t c, size_t n, size_t samples)
{
    return ((c / B) * samples + n) * B + c % B;
}

typedef struct dense_job {
    dense *d;
    const nn_run *run;
    const nn_source *in;
    const real *weights;
    real *dx;
    size_t dx_stride;
} dense_job;

static conv_args dense_shard(const dense_job *job, size_t s, int thread)
{
    const dense *d = job->d;
    return (conv_args){
        .in_blocks = nn_padded(d->features) / B,
        .out_blocks = nn_padded(d->classes) / B,
        .pixels = nn_shard_samples(job->run, s),
        .in = (const real *)job->in->data + s * job->in->stride,
        .view = job->in->view,
        .weights = d->packed,
        .out = d->logits + s * d->logits_stride,
        .scratch = job->run->scratch + (size_t)thread * job->run->scratch_stride,
    };
}

static void forward_shard(void *context, size_t s, int thread)
{
    const dense_job *job = context;
    const dense *d = job->d;
    const conv_args args = dense_shard(job, s, thread);
    real *logits = d->logits + s * d->logits_stride;
    job->run->plain->pointwise_forward(&args);
    for (size_t n = 0; n < args.pixels; n++) {
        for (size_t c = 0; c < d->classes; c++) {
            real *logit = &logits[at(c, n, args.pixels)];
            *logit += job->weights[d->bias + c];
            *logit = d->relu && *logit < 0 ? 0 : *logit;
        }
    }
}

void dense_forward(dense *d, const nn_run *run, const nn_source *in, const real *weights)
{
    dense_job job = {.d = d, .run = run, .in = in, .weights = weights};
    pool_sweep(run->threads, forward_shard, &job, run->range.count);
}

void dense_read_logits(const dense *d, const nn_run *run, real *out)
{
    for (size_t s = 0; s < run->range.count; s++) {
        const size_t samples = nn_shard_samples(run, s);
        const real *logits = d->logits + s * d->logits_stride;
        for (size_t n = 0; n < samples; n++) {
            for (size_t c = 0; c < d->classes; c++) {
                out[(s * run->shard_size + n) * d->classes + c] = logits[at(c, n, samples)];
            }
        }
    }
}

static loss_target target_of(const batch *b, size_t i)
{
    const size_t label = (size_t)b->labels[i];
    return b->shares == NULL ? (loss_target){label, label, 1}
                             : (loss_target){label, (size_t)b->others[i], (double)b->shares[i]};
}

void dense_loss(dense *d, const nn_run *run, const batch *b, const loss_options *o, size_t total,
                double (*per_shard)[3])
{
    const double scale = total > 0 ? 1 / (double)total : 0;
    for (size_t s = 0; s < run->range.count; s++) {
        const size_t samples = nn_shard_samples(run, s);
        const size_t shard = s * d->logits_stride;
        loss_values v = {.classes = d->classes, .stride = samples * B};
        per_shard[s][0] = 0;
        per_shard[s][1] = 0;
        per_shard[s][2] = (double)samples;
        for (size_t n = 0; n < samples; n++) {
            int right = 0;
            const loss_target t = target_of(b, s * run->shard_size + n);
            v.logits = d->logits + shard + n * B;
            v.gradient = total > 0 ? d->dlogits + shard + n * B : NULL;
            per_shard[s][0] += loss_sample(&v, o, &t, scale, &right);
            per_shard[s][1] += right;
        }
    }
}

/* No gradient passes where ReLU made a 0. */
static void mask(const dense *d, size_t s)
{
    const real *logits = d->logits + s * d->logits_stride;
    real *dlogits = d->dlogits + s * d->logits_stride;
    for (size_t i = 0; d->relu && i < d->logits_stride; i++) {
        dlogits[i] = logits[i] > 0 ? dlogits[i] : 0;
    }
}

static void backward_shard(void *context, size_t s, int thread)
{
    const dense_job *job = context;
    const dense *d = job->d;
    conv_args args = dense_shard(job, s, thread);
    const real *dlogits = d->dlogits + s * d->logits_stride;
    mask(d, s);
    args.dy = dlogits;
    args.z = dlogits; /* not read: the gradient lens is plain */
    args.weights_t = d->packed_t;
    args.dx = job->dx == NULL ? NULL : job->dx + s * job->dx_stride;
    args.dweights = job->run->dweights + s * job->run->dweights_stride;
    job->run->plain->pointwise_backward(&args);
    real *bias = args.dweights + matrix_size(d);
    for (size_t c = 0; c < nn_padded(d->classes); c++) {
        double sum = 0;
        for (size_t n = 0; c < d->classes && n < args.pixels; n++) {
            sum += (double)dlogits[at(c, n, args.pixels)];
        }
        bias[c] = (real)sum;
    }
}

/* dx is written to, through the job. */ /* NOLINTNEXTLINE(readability-non-const-parameter) */
void dense_backward(dense *d, const nn_run *run, const nn_source *in, real *dx, size_t dx_stride)
{
    dense_job job = {.d = d, .run = run, .in = in, .dx = dx, .dx_stride = dx_stride};
    pool_sweep(run->threads, backward_shard, &job, run->range.count);
}

typedef struct dense_grads {
    const dense *d;
    real *grads;
    size_t weights_size;
} dense_grads;

static void take_kernel(void *context, size_t node, const real *sum, size_t first, size_t end)
{
    const dense_grads *g = context;
    const dense *d = g->d;
    real *kernel = g->grads + node * g->weights_size + d->kernel;
    unpack_matrix(kernel, sum, d->features, d->classes, nn_padded(d->features), first, end);
}

static void take_bias(void *context, size_t node, const real *sum, size_t first, size_t end)
{
    const dense_grads *g = context;
    real *bias = g->grads + node * g->weights_size + g->d->bias;
    (void)first;
    (void)end;
    memcpy(bias, sum, g->d->classes * sizeof *bias);
}

/* grads is written to, through the collection. */ /* NOLINTNEXTLINE(readability-non-const-parameter) */
void dense_collect(const dense *d, const nn_run *run, real *grads, size_t weights_size)
{
    dense_grads g = {d, grads, weights_size};
    const collection kernel = {.parts = nn_padded(d->classes) / B,
                               .part_size = nn_padded(d->features) * B,
                               .take = take_kernel,
                               .context = &g};
    const collection bias = {
        .offset = matrix_size(d), .parts = 1, .part_size = nn_padded(d->classes), .take = take_bias, .context = &g};
    if (!d->fixed) {
        nn_collect(run, &kernel);
        nn_collect(run, &bias);
    }
}
