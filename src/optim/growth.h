#ifndef LOCKSTEP_OPTIM_GROWTH_H
#define LOCKSTEP_OPTIM_GROWTH_H

#include <stdbool.h>

#include "optim/optimizer.h"

/*
 * Decay as a rate that grows (Li & Arora 2019, arXiv 1910.07454). The output does not depend on the norm of a weight w
 * that a BatchNorm makes scale-invariant, and its gradient is in proportion to 1/|w|. So a run with decay is the same
 * function as one without whose weights are v = w/P, P what decay alone leaves of a weight: for SGD, which has
 *   w' = (1 - ηλ)·w - η·g(w),   P' = (1 - ηλ)·P,
 *   v' = v - η/(P·P')·g(v),     as g(w) = g(v)/P.
 * With momentum P follows the optimizer's own rule as a weight without gradient would, and the vector that is kept is
 * F = V·P - w·U, V and U the momentum of w and P: what decay adds to both cancels in it. All else of a run, tensors
 * that are not scale-invariant among it, stays as it is. BatchNorm's epsilon is divided by P², as the variance is, and
 * so are the moving statistics, with each update.
 */

/* Whether these options ask for it. */
bool growth_asked(const optimizer_options *o);

/* Whether it covers a tensor: a trained kernel that is scale-invariant and would decay. */
bool growth_covers(const optimizer_options *o, const tensor_info *t);

/* Make of a run with decay what its twin would be where decay has left `at` of its weights; without momentum's vector
 * where the options have none. */
void growth_enter(state *s, const state_shrink *at, const optimizer_options *o);

/* Whether numbers are still large enough for another update: LS_EUSAGE where decay has left less than GROWTH_LEAST. */
#define GROWTH_LEAST 1e-12
int growth_check(const state *s);

/* One update: w += by_vector·F + by_gradient·g; F = keeps·F + takes·g. */
typedef struct growth {
    double by_vector, by_gradient, keeps, takes;
    state_shrink next; /* after it */
} growth;

/* Of a state that decay left this of, at a rate. */
growth growth_at(const state_shrink *now, const rate_now *rate, const optimizer_options *o);

/* The rate of the update's scale-invariant weights: η/(P·P'); else the rate as it is. */
rate_now growth_rate(const state *s, const rate_now *rate, const optimizer_options *o);

/* The update of a part of a tensor that it covers. Its gradient is left without a penalty's part. */
void growth_update(const update_part *part, const growth *by);

/* After all: what the moving statistics have become, and how far the state is. */
void growth_finish(state *s, const growth *g, const optimizer_options *o);

#endif
