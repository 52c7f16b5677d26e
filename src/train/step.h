#ifndef LOCKSTEP_TRAIN_STEP_H
#define LOCKSTEP_TRAIN_STEP_H

#include "base/batch.h"
#include "comm/comm.h"
#include "instrument/instrument.h"
#include "model/model.h"
#include "optim/norm_hold.h"
#include "optim/optimizer.h"
#include "optim/options.h"
#include "optim/rate.h"

/*
 * One training step, in the order that defines the program: forward, backward, finish the reduction, g += 2c·w, update.
 */
typedef struct step_options {
    optimizer_options optimizer;
    rate_run run;                       /* what its learning rate depends on */
    state_slot slots[STATE_MOST_SLOTS]; /* vectors that the state has beside weights and moving statistics */
    size_t slot_count;
    int sync_bn; /* 1: BN over the global batch; 0: each rank by itself */
} step_options;

/* Sums over a global batch; the same bits on every rank. */
typedef struct step_metrics {
    double cross_entropy; /* mean over the batch */
    double penalty;       /* c * sum of squares, before the update */
    double correct;       /* number of right predictions */
    double samples;
    double rate; /* learning rate of the update */
} step_metrics;

/*
 * What ranks agree on in a step, while they compute. In: this rank's own; out: the same on all ranks.
 */
typedef struct step_agreement {
    int code;          /* as comm_agree */
    unsigned requests; /* as comm_agree_begin: STEP_REQUEST_STOP, STEP_REQUEST_SAVE */
} step_agreement;
enum { STEP_REQUEST_STOP = 1, STEP_REQUEST_SAVE = 2 };

typedef struct stepper stepper;

/* Elements of all gradient vectors that a rank's stepper needs for batches of up to max_shards shards of its own. */
size_t step_gradients(const tensor_table *t, size_t max_shards);

/* m, c: not owned. grads for the largest batch are allocated once. */
int stepper_create(stepper **out, model *m, comm *c, const step_options *options, size_t max_shards);
/* From now on steps are by these options; the optimizer keeps as many vectors as before. */
void stepper_use(stepper *s, const step_options *options);
/* From now on the instrument measures the updates that are due for it. NULL: none does; not owned. */
void stepper_observe(stepper *s, instrument *by);
/* From now on updates give kernels these norms. NULL: they do not; not owned. */
void stepper_hold(stepper *s, const norm_hold *norms);
/* After another part of the network was frozen: the gradient of what is frozen is not sent. Returns 0 or LS_ENOMEM. */
int stepper_skip_frozen(stepper *s);
void stepper_free(stepper *s);

/*
 * Train on one global batch: the state is updated in place, the same bits on every rank. Collective. A rank without a
 * proper batch takes part all the same. Where not all bring LS_OK, *out and all but the moving statistics are
 * left alone, and those mean nothing any more.
 */
int step_train(stepper *s, const batch *b, state *st, step_agreement *all, step_metrics *out);

/* The penalty of these weights; 0 without L2. */
double step_penalty(const stepper *s, const state *st);

/* Cross-entropy and accuracy without an update, by the moving statistics; penalty is left 0, as it is no batch's own.
 * logits: [samples][classes] or NULL. Collective. */
int step_evaluate(stepper *s, const batch *b, const state *st, real *logits, step_metrics *out);

/*
 * Batch statistics of one batch at these weights, laid out as the moving ones; nothing is updated. For
 * batch_norm.evaluate: precise. Collective.
 */
int step_statistics(stepper *s, const batch *b, const state *st, double *out);

/* With local BN: moving statistics, and their averages over steps, averaged over ranks, weighted by their samples;
 * *drift gets the largest difference of the former on any rank that has samples. Collective. */
int step_average_moving(stepper *s, state *st, size_t samples, double *drift);

/* The gradient of the last step_train, penalty included: [weights_size]. For tests and the verify command. */
const real *step_gradient(const stepper *s);

#endif
