/*
 * RMSProp: a gradient is divided by the root of its mean square s = rho·s + (1 - rho)·g² (Hinton, Coursera 2012,
 * lecture 6e). As Keras and TensorFlow 1 have it: d = g/√(s + ε), v = m·v + rate·d, w -= v. As PyTorch has it: d =
 * g/(√s + ε), v = m·v + d, w -= rate·v. Without momentum v is d.
 */
#include <math.h>

#include "base/clones.h"
#include "optim/optimizer.h"

typedef struct constants {
    double rho, rest, inside, outside; /* ε within the root, and beside it */
} constants;

static constants constants_of(const optimizer_options *o)
{
    const bool keras = o->form == OPTIMIZER_KERAS;
    return (constants){
        .rho = (double)(real)o->rho,
        .rest = (double)(real)(1 - o->rho),
        .inside = keras ? o->epsilon : 0,
        .outside = keras ? 0 : o->epsilon,
    };
}

/* The gradient over the root of its mean square, which takes it in. */
static inline double divided(real *s, double g, const constants *c)
{
    *s = (real)(c->rho * (double)*s + c->rest * (g * g));
    return g / (sqrt((double)*s + c->inside) + c->outside);
}

CLONED static void update(const update_part *part)
{
    const constants c = constants_of(part->options);
    real *restrict w = part->weights;
    real *restrict s = part->slots[0];
    real *restrict g = part->grads;
    const real decay = part->decay;
    const double rate = (double)part->rate;
    const double keeps = update_keeps(part);
    for (size_t i = 0; i < part->count; i++) {
        const double step = divided(&s[i], (double)update_gradient(&g[i], w[i], decay), &c);
        w[i] = (real)(keeps * (double)w[i] - rate * step);
    }
}

CLONED static void update_momentum(const update_part *part)
{
    const constants c = constants_of(part->options);
    const bool keras = part->options->form == OPTIMIZER_KERAS;
    real *restrict w = part->weights;
    real *restrict s = part->slots[0];
    real *restrict v = part->slots[1];
    real *restrict g = part->grads;
    const real decay = part->decay;
    const double in = keras ? (double)part->rate : 1;
    const double out = keras ? 1 : (double)part->rate;
    const double keeps = update_keeps(part);
    const double momentum = (double)(real)part->options->momentum;
    for (size_t i = 0; i < part->count; i++) {
        const double step = divided(&s[i], (double)update_gradient(&g[i], w[i], decay), &c);
        v[i] = (real)(momentum * (double)v[i] + in * step);
        w[i] = (real)(keeps * (double)w[i] - out * (double)v[i]);
    }
}

const optimizer optimizer_rmsprop = {.name = "rmsprop", .slots = {"mean_square"}, .slot_count = 1, .update = update};
const optimizer optimizer_rmsprop_momentum = {
    .name = "rmsprop", .slots = {"mean_square", "velocity"}, .slot_count = 2, .update = update_momentum};
