/*
 * SGD with momentum. As Keras has it: v = m·v - rate·g; w += v, or in Nesterov's form w += m·v - rate·g. As PyTorch has
 * it: v = m·v + g; w -= rate·v, or w -= rate·(g + m·v). Both are the same while the rate does not change.
 */
#include "optim/momentum.h"
#include "base/clones.h"

/* In float64, each result rounded once; m is rounded to `real` first, as the rate is. */
CLONED void momentum_update(const update_part *part)
{
    const bool keras = part->options->form == OPTIMIZER_KERAS;
    real *restrict w = part->weights;
    real *restrict v = part->slots[0];
    real *restrict g = part->grads;
    const real decay = part->decay;
    const double rate = (double)part->rate;
    const double keeps = update_keeps(part);
    const double in = keras ? -rate * part->trust : part->trust; /* what the vector takes in of a gradient */
    const double out = keras ? 1 : -rate;                        /* what the weight takes of the vector */
    const double momentum = (double)(real)part->options->momentum;
    const double ahead = part->options->nesterov ? momentum : 1;
    const double again = part->options->nesterov ? in : 0;
    for (size_t i = 0; i < part->count; i++) {
        const double gradient = (double)update_gradient(&g[i], w[i], decay);
        v[i] = (real)(momentum * (double)v[i] + in * gradient);
        w[i] = (real)(keeps * (double)w[i] + out * (ahead * (double)v[i] + again * gradient));
    }
}

const optimizer optimizer_momentum = {
    .name = "momentum", .slots = {"velocity"}, .slot_count = 1, .update = momentum_update};
