#ifndef LOCKSTEP_OPTIM_SGD_H
#define LOCKSTEP_OPTIM_SGD_H

#include "base/pool.h"
#include "base/real.h"
#include "tensor/state.h"

/*
 * Plain SGD with L2 in the gradient, as Keras does it: g += 2c·w where the tensor decays, then w -= lr·g. One pass over
 * the flat vectors, compiled at baseline without contraction, so that all replicas round alike. Constants are rounded
 * first (c to float32 in both builds, as Keras does; lr to `real`); g + (2c)·w rounds product and sum, w - lr·g rounds
 * once. grads: laid out as the weights; on return it holds the total gradient, the penalty's part included.
 * Returns the penalty of the weights as they were, as sgd_penalty does: it takes no pass of its own.
 */
double sgd_update(state *s, real *grads, double learning_rate, double l2, pool *p);

/*
 * c·Σw² over the tensors that decay, with c rounded to float32 as in sgd_update; double sums in an order that depends
 * on the table only, not on threads.
 */
double sgd_penalty(const state *s, double l2, pool *p);

#endif
