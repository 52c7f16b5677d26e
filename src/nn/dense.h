#ifndef LOCKSTEP_NN_DENSE_H
#define LOCKSTEP_NN_DENSE_H

#include "base/arena.h"
#include "base/batch.h"
#include "nn/loss.h"
#include "nn/run.h"

/*
 * The last layer: features to logits, with a bias, and the softmax cross-entropy on them; or one before it, whose
 * outputs are called logits and classes all the same. All its tensors are `real`, however those between the other
 * layers are stored.
 */
typedef struct dense {
    size_t features, classes;
    int relu;            /* negative outputs become 0 */
    int fixed;           /* frozen: it has no gradient */
    size_t kernel, bias; /* offsets in the weights vector */

    /* From the model's arena; K is classes rounded up to 8. */
    real *packed, *packed_t;
    real *logits;         /* [shards][K/8][samples][8] */
    real *dlogits;        /* shaped as logits */
    size_t logits_stride; /* of a full shard */
} dense;

void dense_plan(dense *d, arena *a, size_t shards, size_t shard_size, int training);
size_t dense_packed_size(const dense *d); /* of the kernel's gradient and, behind it, the bias's */
size_t dense_scratch_size(const dense *d);
void dense_pack(dense *d, const real *weights, int with_transposed);

/* logits of all shards, after ReLU where there is one; in: [shards][features/8][samples][8] */
void dense_forward(dense *d, const nn_run *run, const nn_source *in, const real *weights);
/* Logits as [samples][classes]. */
void dense_read_logits(const dense *d, const nn_run *run, real *out);

/*
 * Per shard: sums of the loss (nn/loss.h), right predictions and samples, of the batch's labels. total 0: no gradient;
 * otherwise dlogits is that of the sum over total.
 */
void dense_loss(dense *d, const nn_run *run, const batch *b, const loss_options *o, size_t total,
                double (*per_shard)[3]);

/*
 * dx: [shards][features/8][samples][8], dx_stride a shard, NULL where it is not wanted; the weight gradient of each
 * shard into run->dweights. Where there is a ReLU dlogits becomes the gradient before it.
 */
void dense_backward(dense *d, const nn_run *run, const nn_source *in, real *dx, size_t dx_stride);
void dense_collect(const dense *d, const nn_run *run, real *grads, size_t weights_size);

#endif
