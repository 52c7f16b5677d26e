/*
 * LARS (You, Gitman & Ginsburg 2017, arXiv 1708.03888): momentum whose gradient is times trust·|w|/(|g| + 2c·|w| + ε)
 * in each kernel, where g is without the penalty. Gamma, beta and biases have plain momentum. Where the rate stands
 * follows optimizer.form, as in momentum.c.
 */
#include "base/clones.h"
#include "optim/gradient.h"
#include "optim/optimizer.h"

static void measure(const update_part *part, double *weights, double *others)
{
    *weights += gradient_squares(part->weights, part->count);
    *others += gradient_squares(part->grads, part->count);
}

static double trust(const update_part *part, double weights, double gradient)
{
    const optimizer_options *o = part->options;
    return o->trust * weights / (gradient + (double)part->decay * weights + o->epsilon);
}

CLONED static void update(const update_part *part)
{
    const bool keras = part->options->form == OPTIMIZER_KERAS;
    real *restrict w = part->weights;
    real *restrict v = part->slots[0];
    real *restrict g = part->grads;
    const real decay = part->decay;
    const double rate = (double)part->rate;
    const double keeps = update_keeps(part);
    const double in = keras ? part->trust * rate : part->trust;
    const double out = keras ? 1 : rate;
    const double momentum = (double)(real)part->options->momentum;
    const double ahead = part->options->nesterov ? momentum : 1;
    const double again = part->options->nesterov ? in : 0;
    for (size_t i = 0; i < part->count; i++) {
        const double gradient = (double)update_gradient(&g[i], w[i], decay);
        v[i] = (real)(momentum * (double)v[i] + in * gradient);
        w[i] = (real)(keeps * (double)w[i] - out * (ahead * (double)v[i] + again * gradient));
    }
}

const optimizer optimizer_lars = {
    .name = "lars", .slots = {"velocity"}, .slot_count = 1, .update = update, .measure = measure, .trust = trust};
