/* BatchNorm of a unit: statistics to lens, and gradient sums to gradient lens. */
#include <math.h>

#include "nn/unit.h"

static void set_lens(unit *u, size_t c, double mean, double variance, double epsilon, const real *weights)
{
    const double inverse = 1 / sqrt(variance + epsilon);
    u->scale[c] = (real)((double)weights[u->gamma + c] * inverse);
    u->shift[c] = (real)((double)weights[u->beta + c] - mean * (double)u->scale[c]);
    u->normal_scale[c] = (real)inverse;
    u->normal_shift[c] = (real)(-mean * (double)u->normal_scale[c]);
}

void unit_use_moving(unit *u, const batch_norm_options *norm, const real *weights, const real *moving)
{
    for (size_t c = 0; u->batch_norm && c < u->cout; c++) {
        u->batch_mean[c] = (double)moving[u->mean + c];
        u->batch_variance[c] = (double)moving[u->variance + c];
        set_lens(u, c, u->batch_mean[c], u->batch_variance[c], norm->epsilon, weights);
    }
}

static void update_moving(const unit *u, const batch_norm_options *norm, double n, real *moving)
{
    const double m = norm->momentum;
    const double correction = norm->moving_variance == BATCH_NORM_UNBIASED && n > 1 ? n / (n - 1) : 1;
    for (size_t c = 0; c < u->cout; c++) {
        real *mean = &moving[u->mean + c];
        real *variance = &moving[u->variance + c];
        *mean = (real)(m * (double)*mean + (1 - m) * u->batch_mean[c]);
        *variance = (real)(m * (double)*variance + (1 - m) * (u->batch_variance[c] * correction));
    }
}

int unit_use_batch(unit *u, const batch_norm_options *norm, const reducer *sums, const real *weights, real *moving)
{
    if (!u->batch_norm) {
        return 0;
    }
    const size_t width = nn_padded(u->cout);
    const double n = (double)sums->samples * (double)(u->out_height * u->out_width);
    double *total = u->bn_gradient; /* free in forward: [2][C] */
    const int code = sums->sum(sums->context, total, u->moments, 2 * width);
    if (code != 0) {
        return code;
    }
    for (size_t c = 0; c < u->cout; c++) {
        const double mean = n > 0 ? total[c] / n : 0;
        const double variance = n > 0 ? total[width + c] / n - mean * mean : 1;
        u->batch_mean[c] = mean;
        u->batch_variance[c] = variance > 0 || isnan(variance) ? variance : 0; /* rounding can go below zero */
        set_lens(u, c, mean, u->batch_variance[c], norm->epsilon, weights);
    }
    if (moving != NULL && n > 0) {
        update_moving(u, norm, n, moving);
    }
    return 0;
}

int unit_begin_backward(unit *u, const reducer *sums, const real *weights)
{
    if (!u->batch_norm) {
        return 0;
    }
    if (u->still) { /* a constant scale and shift */
        for (size_t c = 0; c < u->cout; c++) {
            u->dz_a[c] = u->scale[c];
            u->dz_b[c] = u->dz_c[c] = 0;
        }
        return 0;
    }
    const size_t width = nn_padded(u->cout);
    const double n = (double)sums->samples * (double)(u->out_height * u->out_width);
    const int code = sums->sum(sums->context, u->bn_gradient, u->sums, 2 * width);
    if (code != 0) {
        return code;
    }
    for (size_t c = 0; c < u->cout; c++) {
        const double inverse = (double)u->normal_scale[c];
        const double g = (double)weights[u->gamma + c] * inverse;
        const double b = n > 0 ? -g * u->bn_gradient[width + c] / n * inverse : 0;
        u->dz_a[c] = (real)g;
        u->dz_b[c] = (real)b;
        const double mean_dy = n > 0 ? u->bn_gradient[c] / n : 0;
        u->dz_c[c] = (real)(-(double)u->dz_a[c] * mean_dy - (double)u->dz_b[c] * u->batch_mean[c]);
    }
    return 0;
}

void unit_finish_gradient(const unit *u, real *grad)
{
    const size_t width = nn_padded(u->cout);
    for (size_t c = 0; u->batch_norm && !u->still && c < u->cout; c++) {
        grad[u->beta + c] = (real)u->bn_gradient[c];
        grad[u->gamma + c] = (real)u->bn_gradient[width + c];
    }
}
