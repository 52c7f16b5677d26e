/* Plain SGD: w -= rate·g. */
#include "base/clones.h"
#include "optim/optimizer.h"

/*
 * Rounded to `real` once: the product of two float32 is exact in float64. Keras' fused update rounds so too, and it is
 * the only rounding that gives the article's digits.
 */
CLONED static void update(const update_part *part)
{
    real *restrict w = part->weights;
    real *restrict g = part->grads;
    const real decay = part->decay;
    const double rate = (double)part->rate;
    const double keeps = update_keeps(part);
    for (size_t i = 0; i < part->count; i++) {
        const double gradient = (double)update_gradient(&g[i], w[i], decay);
        w[i] = (real)(keeps * (double)w[i] - rate * gradient);
    }
}

const optimizer optimizer_sgd = {.name = "sgd", .update = update};
