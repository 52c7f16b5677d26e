#ifndef LOCKSTEP_OPTIM_OPTIMIZER_H
#define LOCKSTEP_OPTIM_OPTIMIZER_H

#include "base/pool.h"
#include "base/real.h"
#include "optim/options.h"
#include "optim/rate.h"
#include "tensor/state.h"

enum { OPTIMIZER_MOST_SLOTS = 2 };

/* A part of the flat vectors, all of it in one trained tensor. None of it is owned. */
typedef struct update_part {
    real *weights;                     /* [count] */
    real *grads;                       /* [count]: in, of the loss without the penalty; out, of all of it */
    real *slots[OPTIMIZER_MOST_SLOTS]; /* [count] each: what the optimizer keeps */
    size_t count;
    real decay;       /* 2c; 0: the tensor has no penalty */
    double decoupled; /* λ of the decay that is no part of the gradient */
    real rate;        /* of this step */
    double trust;     /* what the optimizer's `trust` said of the tensor; else 1 */
    uint64_t number;  /* of this update, from 1 */
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

/* What decoupled decay leaves of each weight before its update. */
static inline double update_keeps(const update_part *part)
{
    return 1 - (double)part->rate * part->decoupled;
}

/*
 * How weights follow from their gradient. Another one is a file of its own and a row of `optimizers`. An optimizer
 * whose step depends on the norms of a whole tensor also has `measure` and `trust`.
 */
typedef struct optimizer {
    const char *name;
    const char *slots[OPTIMIZER_MOST_SLOTS]; /* names of the vectors that it keeps in a state */
    size_t slot_count;
    void (*update)(const update_part *part); /* in one pass; parts come in any order, from several threads */
    /* Before any update of a tensor, over its parts in order: adds to Σw² and to Σ of the squares of what w is held
     * against. */
    void (*measure)(const update_part *part, double *weights, double *others);
    /* From the two norms, of which none is 0: what the step is times. */
    double (*trust)(const update_part *part, double weights, double other);
} optimizer;

/* Which one these options ask for. */
const optimizer *optimizer_of(const optimizer_options *o);

/* All vectors that a state needs for these options: the optimizer's own come first. Returns how many. */
size_t optimizer_slots(state_slot out[STATE_MOST_SLOTS], const optimizer_options *o);

/* Whether decay covers a tensor, where it is trained. */
bool optimizer_decays(const optimizer_options *o, const tensor_info *t);

/* 2c as it is added to a gradient, c rounded to float32 first, as Keras does: times what decay.follow_rate leaves. */
real optimizer_coupled(const optimizer_options *o, double share);

/* Before the first step of a run: the vectors get what they begin with. Weights and moving statistics are there. */
void optimizer_begin(state *s, const optimizer_options *o);
/* The same later, where other layers are trained from now on: but for the averages of weights. */
void optimizer_restart(state *s, const optimizer_options *o);

/*
 * One update of the state's weights, by the options' optimizer, whose vectors the state must have. In order: gradients
 * of several batches are averaged (accumulate), clipped, g += 2c·w where the tensor decays, the update, the averages of
 * weights (ema). What is frozen stays as it is. Compiled without contraction, so that all replicas round alike.
 * Constants are rounded first (c to float32 in both builds, as Keras does; rate to `real`); g + (2c)·w rounds product
 * and sum. grads: laid out as the weights; on return it holds the total gradient, the penalty's part included, where
 * weights were updated. Returns the penalty of the weights as they were, as optimizer_penalty does.
 */
double optimizer_update(state *s, real *grads, const rate_now *rate, const optimizer_options *o, pool *p);

/*
 * c·Σw² over the tensors that decay, with c rounded to float32 as above; double sums in an order that depends on the
 * table only, not on threads.
 */
double optimizer_penalty(const state *s, const optimizer_options *o, pool *p);

#endif
