#ifndef LOCKSTEP_TRAIN_SESSION_H
#define LOCKSTEP_TRAIN_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpus.h"
#include "base/real.h"
#include "comm/comm.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "model/model.h"
#include "optim/options.h"
#include "store/checkpoint.h"
#include "tensor/state.h"
#include "train/options.h"
#include "train/replica.h"
#include "train/staging.h"

/* Names of classes that the data set's are numbered as (dataset_use_classes). count 0: its own. Not owned. */
typedef struct session_classes {
    const char *const *names;
    size_t count;
    const char *whose; /* for messages */
} session_classes;

/*
 * Everything that a rank needs to run batches of a data set through the network: built together, freed together. Texts
 * are not owned and must outlive the session.
 */
typedef struct session_options {
    data_options data;
    order_options order;
    network_options network;
    batch_norm_options norm;
    loss_section loss;
    optimizer_options optimizer;
    train_options train;
    features_options features;
    bool training;       /* false: no memory for backward, no `train` */
    bool measures;       /* an instrument will measure its updates, which takes memory */
    bool estimates;      /* not training, for evaluate_population alone: `train` instead of `val` */
    bool averages;       /* not training, for the averages of the weights as well */
    dataset_split split; /* what `val` goes through, once and in order */
    session_classes classes;
} session_options;

typedef struct session {
    comm *c; /* not owned */
    session_options options;
    dataset *data;
    staging staged;        /* what became of `stage` */
    bool unfrozen;         /* what was frozen is trained */
    double *class_weights; /* owned; [classes], NULL: none */
    replica replica;
    real *features;                       /* owned; of all pictures, by a frozen backbone; NULL: none */
    feature_table of_training, of_others; /* parts of that: of the training split, of the other one */
    loader *train;                        /* NULL unless training or estimating */
    loader *val;                          /* NULL when estimating */
    cpus_share share;                     /* what CPUs the threads have */
} session;

/* What a resume needs of a checkpoint besides the state. */
typedef struct session_history {
    uint64_t data_checksum;                         /* dataset_fingerprint of what it was trained on */
    checkpoint_epoch now;                           /* the current epoch's part that is done */
    double moving_distance, best_score, best_epoch; /* as in checkpoint_info */
} session_history;

/*
 * Open the data set, plan the network, start the threads. Weights are not set. Collective; a failure of any rank is
 * returned by all, LS_EUSAGE where there is too little memory (train/memory_check.h). *out starts with anything and is
 * released with session_close, on failure too.
 */
int session_open(session *out, comm *c, const session_options *options);
void session_close(session *s);

/* The network (but for the weights of classes), and the loaders of validation and of training but for their data set,
 * that a session of so many ranks uses. Pure.
 */
model_options session_network(const session_options *o, size_t classes, int ranks);
loader_options session_loader(const session_options *o, int rank, int ranks);
loader_options session_train_loader(const session_options *o, int rank, int ranks);

/* Bytes that training takes to read this data set's pictures ahead. */
size_t session_read_ahead(const session_options *o, dataset *data, int ranks);

/* The size of the network's input, that of validation; and of the training pictures of an epoch, counted from 0. */
resolution session_input(const session_options *o);
resolution session_resolution(const session_options *o, uint64_t epoch);

/*
 * From now on network and training batches have this size, one of the above; the training loader is between epochs.
 * Returns 0, LS_EUSAGE or LS_ENOMEM, of this rank.
 */
int session_resize(session *s, resolution size);

/* Start a training epoch at one of its steps, with pictures of its size. Collective; a failure is returned by all. */
int session_start_epoch(session *s, uint64_t epoch, size_t first_step);

/*
 * This epoch will be started next, at its beginning, and something else is done meanwhile: its first batches are loaded
 * now, where their size is that of validation and statistics are not estimated before it. Not collective.
 */
void session_foresee_epoch(session *s, uint64_t epoch);

/*
 * From now on batches have features instead of pictures. values: [variants][training samples][model_features], then
 * [validation samples][model_features]; the session's from now on, on failure too. Returns 0 or LS_ENOMEM, of this
 * rank.
 */
int session_use_features(session *s, real *values, size_t variants);

/* The vectors that its state has beside weights and moving statistics; returns how many. */
size_t session_slots(state_slot out[STATE_MOST_SLOTS], const session_options *o);

/* What the learning rate has to know of a session whose training split has so many samples. */
rate_run session_rate_run(const session_options *o, size_t samples);

/* The weights that its run began with, without an optimizer's vectors: a resumed run began so too. *out: state_release,
 * on failure too. Returns 0 or LS_ENOMEM. */
int session_beginning(state *out, const session *s);

/* By which a session that trains takes its steps. */
step_options session_step(const session *s);

/* Whether its pictures are turned as their orientation tag says. */
bool session_turns(const session *s);

/* Rank 0's state to all. Collective. Returns 0 or LS_ECOMM. */
int session_share_state(session *s);

/*
 * Rank 0 reads a checkpoint of the same network and classes; all get its state. Collective; a failure is returned by
 * all.
 */
int session_load(session *s, const char *checkpoint, session_history *out);

#endif
