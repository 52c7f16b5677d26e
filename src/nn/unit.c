#include "nn/unit.h"

#include "base/size.h"
#include "kernels/pack.h"

enum { B = KERNEL_BLOCK, STEM_ROWS = 32, STEM_INPUTS = 27 };

size_t unit_packed_size(const unit *u)
{
    switch (u->kind) {
    case UNIT_STEM: return nn_padded(u->cout) * STEM_ROWS;
    case UNIT_DEPTHWISE: return nn_padded(u->cout) * 9;
    default: return nn_padded(u->cin) * nn_padded(u->cout);
    }
}

size_t unit_scratch_size(const unit *u)
{
    switch (u->kind) {
    case UNIT_STEM: return kernel_pointwise_scratch(STEM_ROWS / B, nn_padded(u->cout) / B);
    case UNIT_DEPTHWISE: return kernel_depthwise_scratch(u->width);
    default: return kernel_pointwise_scratch(nn_padded(u->cin) / B, nn_padded(u->cout) / B);
    }
}

void unit_plan_output(unit *u, size_t shard_size)
{
    u->z_stride = size_round_up(nn_padded(u->cout) * shard_size * u->out_height * u->out_width, NN_STRIDE);
}

void unit_plan_kernel(unit *u, arena *a, int training)
{
    u->packed = arena_alloc(a, unit_packed_size(u), sizeof(real));
    if (u->kind == UNIT_POINTWISE && training) {
        u->packed_t = arena_alloc(a, unit_packed_size(u), sizeof(real));
    }
}

void unit_plan_norm(unit *u, arena *a, size_t shards)
{
    const size_t c = nn_padded(u->cout);
    if (!u->batch_norm) {
        return;
    }
    real **vectors[] = {&u->scale, &u->shift, &u->normal_scale, &u->normal_shift, &u->dz_a, &u->dz_b, &u->dz_c};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        *vectors[i] = arena_alloc(a, c, sizeof(real));
    }
    u->moments = arena_alloc(a, shards * 2 * c, sizeof(double));
    u->sums = arena_alloc(a, shards * 2 * c, sizeof(double));
    u->batch_mean = arena_alloc(a, c, sizeof(double));
    u->batch_variance = arena_alloc(a, c, sizeof(double));
    u->bn_gradient = arena_alloc(a, 2 * c, sizeof(double));
}

nn_source unit_output(const unit *u)
{
    return (nn_source){u->z, u->z_stride, {u->scale, u->shift, u->activation}};
}

void unit_pack(unit *u, const real *weights, int with_transposed)
{
    const real *kernel = weights + u->kernel;
    switch (u->kind) {
    case UNIT_STEM: pack_matrix(u->packed, kernel, STEM_INPUTS, u->cout, STEM_ROWS); break;
    case UNIT_DEPTHWISE: pack_depthwise(u->packed, kernel, u->cout); break;
    default:
        pack_matrix(u->packed, kernel, u->cin, u->cout, nn_padded(u->cin));
        if (with_transposed) {
            pack_matrix_transposed(u->packed_t, kernel, u->cin, u->cout);
        }
    }
}

/* A tensor of which a rank writes more than this is gone from the last-level cache before the next layer reads it. */
static const size_t stream_bytes = (size_t)16 << 20;

static int streams(const nn_run *run, size_t stride)
{
    return run->range.count * stride * run->k->stored_size > stream_bytes;
}

typedef struct unit_job {
    unit *u;
    const nn_run *run;
    const nn_source *in;
    const unit_gradients *g; /* backward */
    int with_moments;        /* forward */
} unit_job;

/* Of the gradient of the unit's input. */
static int input_streams(const unit_job *job)
{
    const unit *u = job->u;
    return streams(job->run, nn_padded(u->cin) * job->run->shard_size * u->height * u->width);
}

static conv_args conv_shard(const unit_job *job, size_t s, int thread)
{
    const unit *u = job->u;
    const nn_run *run = job->run;
    const size_t first = s * job->in->stride;
    const size_t samples = nn_shard_samples(run, s);
    return (conv_args){
        .in_blocks = nn_padded(u->cin) / B,
        .out_blocks = nn_padded(u->cout) / B,
        .samples = samples,
        .height = u->height,
        .width = u->width,
        .out_height = u->out_height,
        .out_width = u->out_width,
        .pixels = samples * u->out_height * u->out_width,
        .stride = u->stride,
        .pad_top = u->above,
        .pad_left = u->left,
        .in = u->kind == UNIT_STEM ? (const real *)job->in->data + first : nn_stored(run, job->in->data, first),
        .view = job->in->view,
        .weights = u->packed,
        .scratch = run->scratch + (size_t)thread * run->scratch_stride,
    };
}

static void forward_shard(void *context, size_t s, int thread)
{
    const unit_job *job = context;
    const unit *u = job->u;
    const nn_run *run = job->run;
    conv_args args = conv_shard(job, s, thread);
    args.out = nn_stored_to(run, u->z, s * u->z_stride);
    args.moments = job->with_moments ? u->moments + s * 2 * nn_padded(u->cout) : NULL;
    args.stream = streams(run, u->z_stride);
    switch (u->kind) {
    case UNIT_STEM: run->k->stem_forward(&args); break;
    case UNIT_DEPTHWISE: run->k->depthwise_forward(&args); break;
    default: run->k->pointwise_forward(&args);
    }
}

void unit_forward(unit *u, const nn_run *run, const nn_source *in, int with_moments)
{
    unit_job job = {.u = u, .run = run, .in = in, .with_moments = with_moments && u->batch_norm};
    pool_sweep(run->threads, forward_shard, &job, run->range.count);
}

gradient_epilogue unit_epilogue(const unit *u, const nn_run *run, size_t s)
{
    gradient_epilogue e = {0};
    if (!u->batch_norm && !u->activation) {
        return e; /* the gradient passes as it is */
    }
    e.z = nn_stored(run, u->z, s * u->z_stride);
    e.view = (lens){u->scale, u->shift, u->activation};
    e.normal_scale = u->normal_scale;
    e.normal_shift = u->normal_shift;
    e.sums = u->batch_norm && !u->still ? u->sums + s * 2 * nn_padded(u->cout) : NULL;
    return e;
}

static gradient_lens unit_gradient_lens(const unit *u)
{
    return u->batch_norm ? (gradient_lens){u->dz_a, u->dz_b, u->dz_c} : (gradient_lens){0};
}

static gradient_epilogue below_epilogue(const unit_job *job, size_t s)
{
    const unit_gradients *g = job->g;
    gradient_epilogue e = unit_epilogue(g->below, job->run, s);
    e.add = g->add == NULL ? NULL : nn_stored(job->run, g->add, s * g->add_stride);
    return e;
}

static void backward_shard(void *context, size_t s, int thread)
{
    const unit_job *job = context;
    const unit *u = job->u;
    const nn_run *run = job->run;
    const unit_gradients *g = job->g;
    conv_args args = conv_shard(job, s, thread);
    args.dy = nn_stored(run, g->dy, s * g->dy_stride);
    args.z = nn_stored(run, u->z, s * u->z_stride);
    args.dz = unit_gradient_lens(u);
    args.dweights = run->dweights + s * run->dweights_stride;
    if (u->kind != UNIT_STEM) {
        args.weights_t = u->packed_t;
        args.stream = input_streams(job);
    }
    if (g->dx != NULL) {
        args.dx = nn_stored_to(run, g->dx, s * g->dx_stride);
        args.epilogue = below_epilogue(job, s);
    }
    switch (u->kind) {
    case UNIT_STEM: run->k->stem_backward(&args); break;
    case UNIT_DEPTHWISE: run->k->depthwise_backward(&args); break;
    default: run->k->pointwise_backward(&args);
    }
}

void unit_backward(unit *u, const nn_run *run, const nn_source *in, const unit_gradients *g)
{
    unit_job job = {.u = u, .run = run, .in = in, .g = g};
    pool_sweep(run->threads, backward_shard, &job, run->range.count);
}
