#ifndef LOCKSTEP_NN_UNIT_H
#define LOCKSTEP_NN_UNIT_H

#include "base/arena.h"
#include "base/reducer.h"
#include "base/tree.h"
#include "nn/batch_norm.h"
#include "nn/run.h"
#include "tensor/table.h"

/*
 * A convolution unit: a convolution, the raw tensor z it writes, and the lens (BatchNorm, ReLU6) through which whatever
 * follows reads z. BatchNorm's moments are summed while the convolution writes, its gradient sums while the unit above
 * writes dy.
 */
typedef enum unit_kind { UNIT_STEM, UNIT_POINTWISE, UNIT_DEPTHWISE } unit_kind;

typedef struct unit {
    unit_kind kind;
    size_t cin, cout;
    size_t height, width, out_height, out_width;
    size_t stride;
    size_t above, left; /* rows and columns of zeros before the input, at stride 2 */
    int activation;     /* ReLU6 follows */
    int batch_norm;
    int fixed;             /* the kernel is frozen: it has no gradient */
    int still;             /* BatchNorm is frozen: it normalizes by the moving statistics, which stay */
    size_t kernel;         /* offset of the kernel in the weights vector */
    size_t gamma, beta;    /* offsets in the weights vector */
    size_t mean, variance; /* offsets in the moving vector */

    /* Memory from the model's arena; C is cout rounded up to 8. */
    void *z;                             /* stored: [shards][C/8][samples][out_height * out_width][8] */
    size_t z_stride;                     /* of a full shard */
    real *packed;                        /* the kernel in the kernels' order */
    real *packed_t;                      /* transposed; pointwise units in training */
    real *scale, *shift;                 /* [C] the lens */
    real *normal_scale, *normal_shift;   /* [C] x̂ = normal_scale·z + normal_shift */
    real *dz_a, *dz_b, *dz_c;            /* [C] the gradient lens */
    double *moments;                     /* [shards][2][C] */
    double *sums;                        /* [shards][2][C] Σdy, Σdy·x̂ */
    double *batch_mean, *batch_variance; /* [C] over the whole batch */
    double *bn_gradient;                 /* [2][C] dβ, dγ */
} unit;

/* How far apart the shards of its output lie. */
void unit_plan_output(unit *u, size_t shard_size);
/*
 * Take the unit's memory from the arena (or count it): its packed kernel, BatchNorm's vectors if any. Its output is the
 * model's to take.
 */
void unit_plan_kernel(unit *u, arena *a, int training);
void unit_plan_norm(unit *u, arena *a, size_t shards);
/* Elements of its packed kernel, and of the scratch its kernels need. */
size_t unit_packed_size(const unit *u);
size_t unit_scratch_size(const unit *u);

/* What follows reads the unit's output so. */
nn_source unit_output(const unit *u);

/* Pack the kernel for this step; with_transposed for backward. */
void unit_pack(unit *u, const real *weights, int with_transposed);

/* z = conv(in) for all shards, moments on the way when wanted. For the stem, in->data is the images. */
void unit_forward(unit *u, const nn_run *run, const nn_source *in, int with_moments);

/*
 * Set the lens from the batch's statistics: reduce the moments, and update the moving statistics unless moving is NULL.
 * Collective as sums is. Nothing to do without BN.
 */
int unit_use_batch(unit *u, const batch_norm_options *norm, const reducer *sums, const real *weights, real *moving);
/* Set the lens from the moving statistics, which are also noted as the batch's. */
void unit_use_moving(unit *u, const batch_norm_options *norm, const real *weights, const real *moving);

/* How a gradient with respect to the unit's output is finished while it is written: shard s. */
gradient_epilogue unit_epilogue(const unit *u, const nn_run *run, size_t s);

/* Reduce Σdy and Σdy·x̂ and set the gradient lens. Collective as sums is, but where BatchNorm stands still. Nothing to
 * do without BN. */
int unit_begin_backward(unit *u, const reducer *sums, const real *weights);

/* Gradients on their way through a unit, stored as its output is: shard s of each begins at element s * its stride. */
typedef struct unit_gradients {
    const void *dy; /* of the unit's output, masked */
    size_t dy_stride;
    void *dx; /* of its input; NULL for the stem, and where nobody wants it but for a depthwise unit */
    size_t dx_stride;
    const void *add; /* added to dx (a shortcut's gradient); NULL: none */
    size_t add_stride;
    const unit *below; /* the unit whose output the input is */
} unit_gradients;

/* dx, where it is wanted, and the weight gradient of each shard (into run->dweights). */
void unit_backward(unit *u, const nn_run *run, const nn_source *in, const unit_gradients *g);

/*
 * Combine run->dweights over shards and put the result into grads ([front nodes][weights_size], Keras order), with
 * zeros for gamma and beta; local_bn: with this rank's own sums for them in node 0 instead.
 */
void unit_collect(const unit *u, const nn_run *run, real *grads, size_t weights_size, int local_bn);

/* dγ and dβ of the whole batch into a reduced gradient. */
void unit_finish_gradient(const unit *u, real *grad);

#endif
