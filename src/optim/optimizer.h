#ifndef LOCKSTEP_OPTIM_OPTIMIZER_H
#define LOCKSTEP_OPTIM_OPTIMIZER_H

#include "base/pool.h"
#include "base/real.h"
#include "optim/options.h"
#include "tensor/state.h"

/* A part of the flat vectors, all of it in one trained tensor. None of it is owned. */
typedef struct update_part {
    real *weights;                 /* [count] */
    real *grads;                   /* [count]: in, of the loss without the penalty; out, of all of it */
    real *slots[STATE_MOST_SLOTS]; /* [count] each: what the optimizer keeps */
    size_t count;
    real decay; /* 2c; 0: the tensor does not decay */
    real rate;  /* of this step */
    const optimizer_options *options;
} update_part;

/* The whole gradient of a weight, which stays in *g: g + decay·w, product and sum rounded. */
static inline real update_gradient(real *g, real w, real decay)
{
    if (decay != 0) {
        *g += decay * w;
    }
    return *g;
}

/* How weights follow from their gradient. Another one is a file of its own and a row of optimizers. */
typedef struct optimizer {
    const char *name;
    const char *slots[STATE_MOST_SLOTS]; /* names of the vectors that it keeps in a state */
    size_t slot_count;
    void (*update)(const update_part *part); /* in one pass; parts come in any order, from several threads */
} optimizer;

/* Which one these options ask for. */
const optimizer *optimizer_of(const optimizer_options *o);

/*
 * One update of the state's weights, by the options' optimizer, whose slots the state must have: g += 2c·w where the
 * tensor decays, then its update. What is frozen stays as it is. One pass over the flat vectors, compiled at baseline
 * without contraction, so that all replicas round alike. Constants are rounded first (c to float32 in both builds, as
 * Keras does; rate to `real`); g + (2c)·w rounds product and sum. grads: laid out as the weights; on return it holds
 * the total gradient, the penalty's part included. Returns the penalty of the weights as they were, as
 * optimizer_penalty does: it takes no pass of its own.
 */
double optimizer_update(state *s, real *grads, double rate, const optimizer_options *o, pool *p);

/*
 * c·Σw² over the tensors that decay, with c rounded to float32 as above; double sums in an order that depends on the
 * table only, not on threads.
 */
double optimizer_penalty(const state *s, double l2, pool *p);

#endif
