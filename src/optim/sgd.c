#include "optim/sgd.h"

/*
 * w - rate·g, rounded to `real` once: the product of two float32 is exact in float64. Keras' fused update rounds so
 * too, and it is the only rounding that gives the article's digits.
 */
static real step_down(real w, real rate, real g)
{
    return (real)((double)w - (double)rate * (double)g);
}

static void update_decaying(real *w, real *g, size_t n, real rate, real decay)
{
    for (size_t i = 0; i < n; i++) {
        g[i] += decay * w[i];
        w[i] = step_down(w[i], rate, g[i]);
    }
}

static void update_plain(real *w, const real *g, size_t n, real rate)
{
    for (size_t i = 0; i < n; i++) {
        w[i] = step_down(w[i], rate, g[i]);
    }
}

void sgd_update(const tensor_table *t, real *weights, real *grads, double learning_rate, double l2)
{
    /* Keras keeps c as float32 even where weights are float64; doubling is exact, so 2c·w rounds as c·(2w) does. */
    const real decay = 2 * (real)(float)l2;
    const real rate = (real)learning_rate;
    for (size_t k = 0; k < t->count; k++) {
        const tensor_info *info = &t->tensors[k];
        if (!info->trainable) {
            continue;
        }
        real *w = weights + info->offset;
        real *g = grads + info->offset;
        if (info->decays && l2 != 0) {
            update_decaying(w, g, info->size, rate, decay);
        } else {
            update_plain(w, g, info->size, rate);
        }
    }
}

/* Σw² in interleaved sums, which do not wait for each other; the order is fixed. */
static double sum_squares(const real *w, size_t n)
{
    enum { LANES = 8 };
    double lanes[LANES] = {0};
    double sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            lanes[k] += (double)w[i + k] * (double)w[i + k];
        }
    }
    for (; i < n; i++) {
        sum += (double)w[i] * (double)w[i];
    }
    for (size_t k = 0; k < LANES; k++) {
        sum += lanes[k];
    }
    return sum;
}

double sgd_penalty(const tensor_table *t, const real *weights, double l2)
{
    double sum = 0;
    for (size_t k = 0; k < t->count && l2 != 0; k++) {
        const tensor_info *info = &t->tensors[k];
        if (info->trainable && info->decays) {
            sum += sum_squares(weights + info->offset, info->size);
        }
    }
    return (double)(float)l2 * sum;
}
