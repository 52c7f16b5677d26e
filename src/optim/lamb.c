/*
 * LAMB (You et al. 2020, arXiv 1904.00962): Adam's step d = m̂/(√v̂ + ε) + λ·w, where λ is decoupled decay, times |w|/|d|
 * in each kernel. Gamma, beta and biases take d as it is.
 */
#include <math.h>

#include "base/clones.h"
#include "base/elementary.h"
#include "optim/gradient.h"
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

/* The means take in a gradient; the square of the step that follows. */
static inline double advance(const constants *c, real w, real *m, real *v, double gradient, double decoupled)
{
    *m = (real)(c->beta_1 * (double)*m + c->rest_1 * gradient);
    *v = (real)(c->beta_2 * (double)*v + c->rest_2 * (gradient * gradient));
    const double d = direction(c, *m, *v, decoupled * (double)w);
    return d * d;
}

/* The means take in the gradient here; the update that follows only reads them. Squares are summed in lanes, as an
 * addition must not wait for the one before it. */
CLONED static void measure(const update_part *part, double *weights, double *others)
{
    enum { LANES = 8 };
    const constants c = constants_of(part);
    const real *restrict w = part->weights;
    real *restrict m = part->slots[0];
    real *restrict v = part->slots[1];
    real *restrict g = part->grads;
    const real decay = part->decay;
    double lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= part->count; i += LANES) {
        for (size_t k = i; k < i + LANES; k++) {
            const double gradient = (double)update_gradient(&g[k], w[k], decay);
            lanes[k - i] += advance(&c, w[k], &m[k], &v[k], gradient, part->decoupled);
        }
    }
    for (; i < part->count; i++) {
        const double gradient = (double)update_gradient(&g[i], w[i], decay);
        *others += advance(&c, w[i], &m[i], &v[i], gradient, part->decoupled);
    }
    for (size_t k = 0; k < LANES; k++) {
        *others += lanes[k];
    }
    *weights += gradient_squares(part->weights, part->count);
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
