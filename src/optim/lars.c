/*
 * LARS (You, Gitman & Ginsburg 2017, arXiv 1708.03888): momentum whose gradient is times trust·|w|/(|g| + 2c·|w| + ε)
 * in each kernel, where g is without the penalty. Gamma, beta and biases have plain momentum. Where the rate stands
 * follows optimizer.form, as in momentum.c.
 */
#include "optim/gradient.h"
#include "optim/momentum.h"

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

const optimizer optimizer_lars = {.name = "lars",
                                  .slots = {"velocity"},
                                  .slot_count = 1,
                                  .update = momentum_update,
                                  .measure = measure,
                                  .trust = trust};
