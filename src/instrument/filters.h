#ifndef LOCKSTEP_INSTRUMENT_FILTERS_H
#define LOCKSTEP_INSTRUMENT_FILTERS_H

#include <stddef.h>

#include "base/real.h"
#include "tensor/table.h"

/*
 * What one update did to a layer's filters: the weights of an output channel of a convolution, or of a channel of a
 * depthwise one, which a BatchNorm makes scale-invariant each by itself. Figures are means over the filters, in
 * float64, of sums in an order that depends on the tensor alone.
 */
typedef struct filters_row {
    double norm;              /* of |w|, before the update, as all but angle and growth */
    double norm_p5, norm_p95; /* its 5th and 95th percentile over the filters */
    double norm2, norm4;      /* of |w|² and |w|⁴ */
    double inverse2;          /* of 1/|w|²: times the rate, the effective rate */
    double angle2;            /* of the square of the angle that the filter turned by, radians */
    double growth;            /* of ln |w after| − ln |w before| */
    double force;             /* of |g|²·|w|², g without the decay's part */
    double ratio2;            /* of |g|²/|w|² */
    double turned;            /* of the angle to the weights that the run began with */
    double radial;            /* of g·w */
    double radial_epsilon;    /* of what BatchNorm's epsilon makes of it: ε/(v + ε)·γ·∂L/∂γ */
    double epsilon_share;     /* of ε/(v + ε): 0 is scale-invariant, 1 not at all */
    double cosine, cosine2;   /* of cos(g, w), 0 but for BatchNorm's epsilon, and of its square; 0 where g is 0 */
} filters_row;

enum { FILTERS_FIGURES = sizeof(filters_row) / sizeof(double) };

/* Whether it is a kernel that a BatchNorm makes scale-invariant: what is measured. */
int filters_invariant(const tensor_info *t);

/* Weights of one of its filters; 0 where it has none. */
size_t filters_size(const tensor_info *t);

/* doubles of scratch for a tensor of so many filters. */
size_t filters_scratch(size_t filters);

/*
 * An update of a tensor, and the BatchNorm after it, whose vectors have an element a filter. Gradients are as
 * optimizer_update leaves them, with the decays' parts 2c·w of the weights before in them. Nothing is owned.
 */
typedef struct filters_update {
    const real *start;                     /* [t->size]: what the run began with */
    const real *before, *after, *gradient; /* [t->size] */
    double decay;                          /* that 2c */
    const real *gamma, *gamma_gradient;    /* [filters]; gamma before the update */
    double gamma_decay;
    const double *variance; /* [filters]: of the convolution's outputs in the batch */
    double epsilon;
} filters_update;

/* scratch: filters_scratch elements. */
void filters_measure(filters_row *out, const tensor_info *t, const filters_update *u, double *scratch);

#endif
