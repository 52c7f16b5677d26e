/*
 * Adam (Kingma & Ba 2015, arXiv 1412.6980): m = β1·m + (1 - β1)·g, v = β2·v + (1 - β2)·g²; at update t the means are
 * divided by 1 - β^t. As PyTorch has it: w -= rate·m̂/(√v̂ + ε). As Keras has it, ε is beside √v instead: w -=
 * rate·√(1 - β2^t)/(1 - β1^t)·m/(√v + ε). AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) is the same with decoupled
 * decay.
 */
#include <math.h>

#include "base/clones.h"
#include "base/elementary.h"
#include "optim/optimizer.h"

CLONED static void update(const update_part *part)
{
    const optimizer_options *o = part->options;
    real *restrict w = part->weights;
    real *restrict m = part->slots[0];
    real *restrict v = part->slots[1];
    real *restrict g = part->grads;
    const real decay = part->decay;
    const double keeps = update_keeps(part);
    const double beta_1 = (double)(real)o->beta_1;
    const double beta_2 = (double)(real)o->beta_2;
    const double rest_1 = (double)(real)(1 - o->beta_1);
    const double rest_2 = (double)(real)(1 - o->beta_2);
    const double root = sqrt(1 - elementary_pow(o->beta_2, (double)part->number));
    const double rate = (double)part->rate / (1 - elementary_pow(o->beta_1, (double)part->number));
    /* m̂/(√v̂ + ε) is m·√(1 - β2^t)/(√v + ε·√(1 - β2^t)) but for the factor in rate. */
    const double epsilon = o->form == OPTIMIZER_KERAS ? o->epsilon : o->epsilon * root;
    const double step = rate * root;
    for (size_t i = 0; i < part->count; i++) {
        const double gradient = (double)update_gradient(&g[i], w[i], decay);
        m[i] = (real)(beta_1 * (double)m[i] + rest_1 * gradient);
        v[i] = (real)(beta_2 * (double)v[i] + rest_2 * (gradient * gradient));
        w[i] = (real)(keeps * (double)w[i] - step * (double)m[i] / (sqrt((double)v[i]) + epsilon));
    }
}

const optimizer optimizer_adam = {.name = "adam", .slots = {"mean", "mean_square"}, .slot_count = 2, .update = update};
const optimizer optimizer_adamw = {
    .name = "adamw", .slots = {"mean", "mean_square"}, .slot_count = 2, .update = update};
