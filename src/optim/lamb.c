/*
 * LAMB (You et al. 2020, arXiv 1904.00962): Adam's step d = m̂/(√v̂ + ε) + λ·w, where λ is decoupled decay, times |w|/|d|
 * in each kernel. Gamma, beta and biases take d as it is.
 */
#include <math.h>

#include "base/clones.h"
#include "base/elementary.h"
#include "optim/optimizer.h"

typedef struct constants {
    double beta_1, beta_2, rest_1, rest_2;
    double step, epsilon; /* m̂/(√v̂ + ε) is step·m/(√v + epsilon) */
} constants;

static constants constants_of(const update_part *part)
{
    const optimizer_options *o = part->options;
    const double root = sqrt(1 - elementary_pow(o->beta_2, (double)part->number));
    return (constants){
        .beta_1 = (double)(real)o->beta_1,
        .beta_2 = (double)(real)o->beta_2,
        .rest_1 = (double)(real)(1 - o->beta_1),
        .rest_2 = (double)(real)(1 - o->beta_2),
        .step = root / (1 - elementary_pow(o->beta_1, (double)part->number)),
        .epsilon = o->epsilon * root,
    };
}

static inline double direction(const constants *c, real m, real v, double decayed)
{
    return c->step * (double)m / (sqrt((double)v) + c->epsilon) + decayed;
}

/* The means take in the gradient here; the update that follows only reads them. */
CLONED static void measure(const update_part *part, double *weights, double *others)
{
    const constants c = constants_of(part);
    const real *restrict w = part->weights;
    real *restrict m = part->slots[0];
    real *restrict v = part->slots[1];
    real *restrict g = part->grads;
    const real decay = part->decay;
    for (size_t i = 0; i < part->count; i++) {
        const double gradient = (double)update_gradient(&g[i], w[i], decay);
        m[i] = (real)(c.beta_1 * (double)m[i] + c.rest_1 * gradient);
        v[i] = (real)(c.beta_2 * (double)v[i] + c.rest_2 * (gradient * gradient));
        const double d = direction(&c, m[i], v[i], part->decoupled * (double)w[i]);
        *weights += (double)w[i] * (double)w[i];
        *others += d * d;
    }
}

static double trust(const update_part *part, double weights, double step)
{
    (void)part;
    return weights / step;
}

CLONED static void update(const update_part *part)
{
    const constants c = constants_of(part);
    real *restrict w = part->weights;
    const real *restrict m = part->slots[0];
    const real *restrict v = part->slots[1];
    const double rate = (double)part->rate * part->trust;
    for (size_t i = 0; i < part->count; i++) {
        const double d = direction(&c, m[i], v[i], part->decoupled * (double)w[i]);
        w[i] = (real)((double)w[i] - rate * d);
    }
}

const optimizer optimizer_lamb = {.name = "lamb",
                                  .slots = {"mean", "mean_square"},
                                  .slot_count = 2,
                                  .update = update,
                                  .measure = measure,
                                  .trust = trust};
