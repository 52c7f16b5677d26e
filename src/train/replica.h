#ifndef LOCKSTEP_TRAIN_REPLICA_H
#define LOCKSTEP_TRAIN_REPLICA_H

#include "base/pool.h"
#include "comm/comm.h"
#include "model/model.h"
#include "tensor/state.h"
#include "train/step.h"

/* What a rank computes with: its threads, the network on them, the training step, the state. Built and freed together.
 */
typedef struct replica {
    pool *threads;
    model *net;
    stepper *steps; /* NULL where nothing is summed over ranks */
    state state;    /* all zero at first */
} replica;

/*
 * c, step: not owned, or NULL both: for forward passes of one process. Not collective. *out starts with anything and is
 * released with replica_release, on failure too. LS_EUSAGE, LS_ENOMEM.
 */
int replica_create(replica *out, const model_options *m, int threads, comm *c, const step_options *step);
void replica_release(replica *r);

#endif
