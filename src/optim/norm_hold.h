#ifndef LOCKSTEP_OPTIM_NORM_HOLD_H
#define LOCKSTEP_OPTIM_NORM_HOLD_H

#include "base/pool.h"
#include "tensor/state.h"

/*
 * Norms of scale-invariant kernels that are given, not left to decay and gradients: after each update each kernel is
 * multiplied so that its norm is the one given for that step. The network does not depend on norms, but on the rate
 * over their squares, the effective rate. With the norms that the run began with training is on a sphere (Kodryan et
 * al. 2022, arXiv 2209.03695); with those of a run with decay it has that run's effective rates without its decay (Wu
 * 2019, "L2 regularization and batch norm").
 */
typedef struct norm_hold {
    const tensor_table *table; /* not owned; of the states */
    size_t kernels, rows;
    size_t *tensors; /* owned, as what follows; [kernels]: which of the table */
    uint64_t *steps; /* [rows], rising: steps behind a state */
    double *norms;   /* [rows][kernels]: |w| of a whole kernel after that; in between along a line, then the last */
} norm_hold;

/* For the trained scale-invariant kernels of a table and so many rows, all zero. *out is released with
 * norm_hold_release, on failure too. LS_ENOMEM. */
int norm_hold_create(norm_hold *out, const tensor_table *t, size_t rows);
void norm_hold_release(norm_hold *h);

/* A kernel's norm, by sums in float64 whose order depends on its size alone. */
double norm_hold_measure(const state *s, const tensor_info *t);

/* The norm that a kernel is given after so many steps. */
double norm_hold_at(const norm_hold *h, size_t kernel, uint64_t step);

/* Give the state's kernels their norms of its step. A kernel of zeros stays as it is. */
void norm_hold_apply(const norm_hold *h, state *s, pool *p);

#endif
