#ifndef LOCKSTEP_OPTIM_NORM_HOLD_H
#define LOCKSTEP_OPTIM_NORM_HOLD_H

#include "base/pool.h"
#include "tensor/state.h"

/*
 * Norms of scale-invariant kernels that are given, not left to decay and gradients: after each update weights are
 * multiplied so that their norm is the one given for that step. The network does not depend on norms, but on the rate
 * over their squares, the effective rate.
 *
 * Either each filter keeps the norm that it began with: training on spheres (Kodryan et al. 2022, arXiv 2209.03695). Or
 * kernels follow those of another run: a kernel is multiplied as a whole, as decay would do it, so a run without decay
 * gets the effective rates of one with decay (Wu 2019, "L2 regularization and batch norm").
 */
typedef struct norm_hold {
    const tensor_table *table; /* not owned; of the states */
    size_t kernels;
    size_t *tensors; /* owned, as what follows; [kernels]: which of the table */
    /* Of filters: */
    size_t *first;   /* [kernels]: the kernel's first in the next two */
    double *filters; /* [all filters]: their norms; NULL: kernels follow rows */
    double *squares; /* [all filters]: scratch */
    /* Of kernels: */
    size_t rows;
    uint64_t *steps; /* [rows], rising: steps behind a state */
    double *norms;   /* [rows][kernels]: |w| of a whole kernel after that; in between along a line, then the last */
} norm_hold;

/* For the trained scale-invariant kernels of a table. Released with norm_hold_release, on failure too. LS_ENOMEM. */
int norm_hold_start(norm_hold *out, const state *start);                /* of each filter, those of this state */
int norm_hold_rows(norm_hold *out, const tensor_table *t, size_t rows); /* of kernels, so many rows, all zero */
void norm_hold_release(norm_hold *h);

/* A kernel's norm, by sums in float64 whose order depends on its size alone. */
double norm_hold_measure(const state *s, const tensor_info *t);

/* The norm that a kernel is given after so many steps, where there are rows. */
double norm_hold_at(const norm_hold *h, size_t kernel, uint64_t step);

/* Give the state's weights their norms of its step. What is all zeros stays so. */
void norm_hold_apply(const norm_hold *h, state *s, pool *p);

#endif
