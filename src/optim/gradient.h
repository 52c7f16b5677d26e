#ifndef LOCKSTEP_OPTIM_GRADIENT_H
#define LOCKSTEP_OPTIM_GRADIENT_H

#include <stdbool.h>

#include "base/pool.h"
#include "optim/options.h"
#include "tensor/state.h"

/* What happens to gradients before an update: those of several batches averaged, and clipped. */

/* The vectors that a state needs for it. Returns how many. */
size_t gradient_slots(state_slot *out, const optimizer_options *o);

/* Of those vectors the sum of gradients since the last update; NULL: there is none. */
real *gradient_sum(const state *s);

/* Batches that an update averages the gradients of. */
uint64_t gradient_batches(const optimizer_options *o);

/* Updates that so many steps made. */
uint64_t gradient_updates(const optimizer_options *o, uint64_t steps);

/* Whether the step after so many ends in an update. */
bool gradient_updates_after(const optimizer_options *o, uint64_t steps);

/* Take in this step's gradient. Whether an update is due; then grads is the mean of all batches since the last one. */
bool gradient_complete(state *s, real *grads, const optimizer_options *o, pool *p);

typedef struct gradient_limits {
    real scale; /* of all elements, rounded; 1: none */
    real value; /* most that an element's magnitude may be; 0: no limit */
} gradient_limits;

/*
 * What the options' limits make of this gradient. Norms as PyTorch's clip_grad_norm_, which adds 1e-6 to them: over all
 * trained tensors, double sums in an order that depends on the table only. NaN in the gradient stays in it.
 */
gradient_limits gradient_limits_of(const state *s, real *grads, const optimizer_options *o, pool *p);

/* Apply them to n elements. */
void gradient_limit(const gradient_limits *limits, real *grads, size_t n);

/* Σx² in double, in interleaved sums, which do not wait for each other; the order is fixed. */
double gradient_squares(const real *x, size_t n);

#endif
