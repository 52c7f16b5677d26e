/* SGD with momentum, as Keras has it: v = m·v - rate·g; w += v, or in Nesterov's form w += m·v - rate·g. */
#include "optim/optimizer.h"

/* In float64, each result rounded once; m is rounded to `real` first, as the rate is. */
static void update(const update_part *part)
{
    real *restrict w = part->weights;
    real *restrict v = part->slots[0];
    real *restrict g = part->grads;
    const real decay = part->decay;
    const double rate = (double)part->rate;
    const double keep = (double)(real)part->options->momentum;
    const double ahead = part->options->nesterov ? keep : 1;
    const double again = part->options->nesterov ? rate : 0;
    for (size_t i = 0; i < part->count; i++) {
        const double gradient = (double)update_gradient(&g[i], w[i], decay);
        v[i] = (real)(keep * (double)v[i] - rate * gradient);
        w[i] = (real)((double)w[i] + ahead * (double)v[i] - again * gradient);
    }
}

const optimizer optimizer_momentum = {.name = "momentum", .slots = {"velocity"}, .slot_count = 1, .update = update};
