#ifndef LOCKSTEP_OPTIM_AVERAGE_H
#define LOCKSTEP_OPTIM_AVERAGE_H

#include "optim/options.h"
#include "tensor/state.h"

/*
 * Exponential moving averages of the weights and of BatchNorm's moving statistics, in two vectors of the state beside
 * them: a = d·a + (1 - d)·w, in float64, rounded once. As timm's ModelEmaV3 and PyTorch's AveragedModel with buffers.
 */

/* The vectors that a state needs for it. Returns how many. */
size_t average_slots(state_slot *out, const optimizer_options *o);

/* Averages begin with what they are of; nothing where the state has none. */
void average_begin(state *s);

/* What the update that is under way does to the averages. */
typedef struct average_now {
    real *weights, *moving; /* the state's; NULL: nothing */
    double keeps;           /* d */
} average_now;

/* s->step: before the update. */
average_now average_at(const state *s, const optimizer_options *o);

/* Elements [at, at + n) of the weights, as the update left them. */
void average_weights(const average_now *a, const state *s, size_t at, size_t n);
/* All moving statistics. */
void average_moving(const average_now *a, const state *s);

/* Whether a state has averages. */
bool average_exists(const state *s);
/* The state whose weights and moving statistics are the averages: shares all memory, and is not released. */
state average_state(const state *s);

#endif
