#ifndef LOCKSTEP_MODEL_MODEL_H
#define LOCKSTEP_MODEL_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/batch.h"
#include "base/pool.h"
#include "base/real.h"
#include "base/reducer.h"
#include "base/sink.h"
#include "model/profile.h"
#include "network/network.h"
#include "network/options.h"
#include "nn/batch_norm.h"
#include "nn/loss.h"
#include "nn/run.h"
#include "tensor/state.h"

/*
 * A network over a rank's shards: forward, loss and backward. Holds no weights, only the plan and the
 * memory of activations; the state and the gradients are the caller's.
 */
typedef struct model_options {
    size_t height, width; /* as in network_spec, as the next two; of the largest input that there will be */
    size_t classes;
    network_options network;
    batch_norm_options norm;
    loss_options loss;
    uint64_t seed;       /* of dropout */
    const char *freeze;  /* what is not trained (network/freeze.h); NULL: nothing; not owned */
    double rate_decay;   /* of tensors' rates, by depth (network/freeze.h); 0: all are 1 */
    int thaws;           /* memory is planned for training all of it as well: model_freeze */
    size_t shard_size;   /* samples a shard */
    size_t max_shards;   /* most shards of this rank in one batch */
    int training;        /* 0: no memory for backward is planned */
    const char *kernels; /* name of a kernel path; NULL: LOCKSTEP_ISA's, or the best; not owned */
} model_options;

#define MODEL_OPTIONS_INIT                                                                                             \
    {                                                                                                                  \
        .height = 224, .width = 224, .classes = 10, .network = {.batch_norm = true},                                   \
        .norm = {.momentum = 0.99, .epsilon = 1e-3}, .shard_size = 4, .max_shards = 8, .training = 1                   \
    }

typedef struct model model;

/* What a forward has left of a node of the network's graph, for whoever watches. */
typedef struct model_seen {
    size_t node;     /* its number in the graph */
    size_t channels; /* of its output */
    size_t pixels;   /* of a sample */
    const nn_run *run;
    nn_source output; /* shard s of it: [channels/8][samples * pixels][8] */
} model_seen;

/* The output is gone when see returns. */
typedef struct model_watcher {
    void (*see)(void *context, const model_seen *seen);
    void *context;
} model_watcher;

typedef enum model_mode {
    MODEL_INFER,    /* normalize by the moving statistics */
    MODEL_TRAIN,    /* normalize by the batch's statistics, and update the moving ones */
    MODEL_ESTIMATE, /* normalize by the batch's statistics, moving ones left alone; see model_batch_statistics */
} model_mode;

/* What of it describes the network. */
network_spec model_network(const model_options *options);

/*
 * Returns 0 or a negative code: LS_EUSAGE for options that no network can have, and for what this build or CPU lacks.
 * p: not owned, must outlive the model.
 */
int model_create(model **out, const model_options *options, pool *p);
void model_free(model *m);

/*
 * From now on batches have pictures of this size, both sides at most what the model was made for. What the last forward
 * left is gone. Returns 0, LS_EUSAGE, or LS_ENOMEM, after which the model is only good for model_free.
 */
int model_resize(model *m, size_t height, size_t width);

/*
 * From now on this is frozen, which is what the model was made for, or anything where it was made to thaw. What the
 * last forward left is gone. Errors as model_resize.
 */
int model_freeze(model *m, const char *what);

/* The network's name: "MobileNetV2". */
const char *model_name(const model *m);
/* The table of variables; owned by the model, which changes its flags where other layers are frozen. */
const tensor_table *model_table(const model *m);
/* The threads it was created with, for the rest of the step; not owned. */
pool *model_threads(const model *m);
/* Bytes planned for activations and gradients. */
size_t model_memory(const model *m);
/* From now on passes add their times to *p (not owned; must outlive them); NULL, the default: none is taken. */
void model_set_profile(model *m, model_profile *p);
/*
 * From now on each forward shows *w what it computes: of nodes that are computed together the last, and what an
 * addition adds to. Not owned; must outlive them. NULL, the default: nobody watches.
 */
void model_set_watcher(model *m, const model_watcher *w);
/*
 * Of the outputs that the last forward left between the layers, how many numbers are subnormal (base/fpu.h); *all: how
 * many there are. Of this rank's shards. For measurements and tests.
 */
size_t model_subnormals(const model *m, size_t *all);
/* Name of the kernel path in use: "avx2"; static. */
const char *model_kernels(const model *m);
/* Name of the one in use where none is asked for by name. */
const char *model_isa(void);

/* Fresh weights as Keras makes them: Glorot uniform kernels, gamma 1, beta 0, mean 0, variance 1, bias 0. */
void model_init(state *s, uint64_t seed);

/*
 * Forward over the batch; where it has features instead of images, from there on. logits: [samples][classes] or NULL.
 * sums->sum is called once a BN layer in the modes that use batch statistics; in MODEL_INFER sums may be NULL.
 * MODEL_TRAIN updates the state's moving statistics. Collective as sums is.
 */
int model_forward(model *m, const state *s, const batch *b, model_mode mode, const reducer *sums, real *logits);

/* What the last forward's convolutions made of each picture, the dense layers' input: [samples][model_features]. */
size_t model_features(const model *m);
void model_read_features(const model *m, real *out);

/* Whether backward goes no further than the dense layers, so that a batch may have features instead of images. */
int model_trains_head_only(const model *m);

/*
 * Loss of the last forward (MODEL_TRAIN), by the options: sums over this rank's samples, one triple a shard
 * (cross-entropy, correct, samples).
 */
void model_loss(model *m, const batch *b, double (*per_shard)[3]);
/* The same of any forward, of the labels alone: no smoothing, no weights of classes; for no backward. */
void model_evaluate(model *m, const batch *b, double (*per_shard)[3]);

/*
 * Backward of the last forward (MODEL_TRAIN): the gradient of the mean cross-entropy over the global batch. grads:
 * one vector of weights_size elements for each node of the front of the batch's shards (base/tree.h), in order; room
 * for model_max_nodes vectors is enough. The sink gets each layer's part as soon as it is there. gamma's and
 * beta's entries are zero when BN is synchronized; model_finish_gradient puts them in after the reduction. Collective
 * as sums is.
 */
int model_backward(model *m, const state *s, const batch *b, const reducer *sums, int synchronized, real *grads,
                   const gradient_sink *sink);
void model_finish_gradient(const model *m, int synchronized, real *grad);

/* Most gradient vectors a rank can end up with for `shards` shards out of any number. */
size_t model_max_nodes(size_t shards);

/*
 * Batch statistics (mean and biased variance) of the last forward, laid out as the moving vector, for averaging over
 * batches.
 */
void model_batch_statistics(const model *m, double *out);

#endif
