#include <check.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "reference.h"
#include "suite.h"

/* The reference itself: its gradients against central differences of its forward pass, L = Σ out·r. */

enum { MOST = 512 };
static const double step = 1e-5, close_enough = 1e-6;

static void fill(double *a, size_t n, double low, double high, uint64_t stream)
{
    ck_assert_uint_le(n, MOST);
    for (size_t i = 0; i < n; i++) {
        a[i] = low + (high - low) * random_unit(1, random_stream(RANDOM_TEST, stream, 0), i);
    }
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

typedef double loss_function(const void *context);

/* x is part of the context: it is moved and put back. */
static void check_gradient(const char *what, double *x, const double *gradient, size_t n, loss_function *loss,
                           const void *context)
{
    for (size_t i = 0; i < n; i++) {
        const double old = x[i];
        x[i] = old + step;
        const double above = loss(context);
        x[i] = old - step;
        const double below = loss(context);
        x[i] = old;
        const double difference = (above - below) / (2 * step);
        if (!(fabs(difference - gradient[i]) <= close_enough * (1 + fabs(gradient[i])))) {
            ck_abort_msg("%s[%zu]: gradient %.9g, differences say %.9g", what, i, gradient[i], difference);
        }
    }
}

typedef struct conv_case {
    ref_conv conv;
    double in[MOST], weights[MOST], r[MOST];
} conv_case;

static double conv_loss(const void *context)
{
    const conv_case *t = context;
    double out[MOST];
    ref_forward(&t->conv, out, t->in, t->weights);
    return dot(out, t->r, ref_out_pixels(&t->conv) * t->conv.cout);
}

static void check_conv(ref_conv conv)
{
    conv_case t = {.conv = conv};
    double dx[MOST], dweights[MOST];
    fill(t.in, ref_in_pixels(&conv) * conv.cin, -1, 1, 1);
    fill(t.weights, ref_weights(&conv), -1, 1, 2);
    fill(t.r, ref_out_pixels(&conv) * conv.cout, -1, 1, 3);
    ref_backward_input(&conv, dx, t.r, t.weights);
    ref_backward_weights(&conv, dweights, t.in, t.r);
    check_gradient("dx", t.in, dx, ref_in_pixels(&conv) * conv.cin, conv_loss, &t);
    check_gradient("dweights", t.weights, dweights, ref_weights(&conv), conv_loss, &t);
}

START_TEST(convolution_gradients_are_slopes)
{
    check_conv(ref_pointwise(2, 3, 4, 3, 5));
    for (size_t height = 1; height <= 6; height++) {
        for (size_t width = 1; width <= 6; width++) {
            check_conv(ref_depthwise(2, height, width, 3, 1));
            check_conv(ref_depthwise(2, height, width, 3, 2));
            check_conv(ref_stem(2, height, width, 4));
        }
    }
}
END_TEST

/* Which input pixels the corners of the output see, written out by hand: the paddings of article and Keras. */
static void check_first_and_last(ref_conv c, size_t first, size_t last)
{
    double in[MOST] = {0}, weights[MOST] = {0}, out[MOST];
    for (size_t i = 0; i < ref_in_pixels(&c); i++) {
        in[i * c.cin] = (double)(i + 1);
    }
    weights[4 * c.cin] = 1; /* the centre tap of channel 0 */
    ref_forward(&c, out, in, weights);
    ck_assert_double_eq(out[0], (double)first);
    ck_assert_double_eq(out[ref_out_pixels(&c) - 1], (double)last);
}

START_TEST(paddings_are_the_article_s)
{
    check_first_and_last(ref_depthwise(1, 4, 4, 1, 1), 1, 16);
    check_first_and_last(ref_depthwise(1, 4, 4, 1, 2), 6, 16);
    check_first_and_last(ref_depthwise(1, 5, 5, 1, 2), 7, 19);
    check_first_and_last(ref_stem(1, 4, 4, 1), 6, 16);
    check_first_and_last(ref_stem(1, 5, 5, 1), 1, 25);
    check_first_and_last(ref_stem(1, 1, 1, 1), 1, 1);
    const ref_conv small = ref_stem(1, 224, 33, 32);
    ck_assert_uint_eq(small.out_height, 112);
    ck_assert_uint_eq(small.out_width, 17);
    ck_assert_uint_eq(small.pad_top, 0);
    ck_assert_uint_eq(small.pad_left, 1);
}
END_TEST

enum { POOL_SAMPLES = 2, POOL_PIXELS = 7, POOL_CHANNELS = 3 };

typedef struct pool_case {
    double in[MOST], r[MOST];
    ref_lens view;
} pool_case;

static double pool_loss(const void *context)
{
    const pool_case *t = context;
    double out[MOST];
    ref_pool_forward(out, t->in, POOL_SAMPLES, POOL_PIXELS, POOL_CHANNELS, &t->view);
    return dot(out, t->r, POOL_SAMPLES * POOL_CHANNELS);
}

START_TEST(pool_gradients_are_slopes)
{
    const size_t n = POOL_SAMPLES * POOL_PIXELS * POOL_CHANNELS;
    for (int clamp = 0; clamp <= 1; clamp++) {
        pool_case t = {.view = {NULL, NULL, clamp}};
        double dx[MOST];
        fill(t.in, n, -3, 9, 4);
        fill(t.r, POOL_SAMPLES * POOL_CHANNELS, -1, 1, 5);
        ref_pool_backward(dx, t.r, POOL_SAMPLES, POOL_PIXELS, POOL_CHANNELS);
        ref_epilogue(dx, NULL, t.in, POOL_SAMPLES * POOL_PIXELS, POOL_CHANNELS, &t.view);
        check_gradient("pool", t.in, dx, n, pool_loss, &t);
    }
}
END_TEST

/* convolution, BatchNorm by the batch's statistics, ReLU6: how lenses, epilogue and sums fit together. */
enum { CHANNELS = 3 };

typedef struct chain {
    ref_conv conv;
    double in[MOST], weights[MOST], r[MOST], gamma[CHANNELS], beta[CHANNELS];
} chain;

typedef struct normalized {
    double z[MOST], x_hat[MOST], mean[CHANNELS], sigma[CHANNELS], scale[CHANNELS], shift[CHANNELS];
} normalized;

static void chain_normalize(const chain *t, normalized *s)
{
    const size_t pixels = ref_out_pixels(&t->conv);
    double sum[CHANNELS], squares[CHANNELS];
    ref_forward(&t->conv, s->z, t->in, t->weights);
    ref_sums(sum, s->z, NULL, pixels, CHANNELS);
    ref_sums(squares, s->z, s->z, pixels, CHANNELS);
    for (size_t c = 0; c < CHANNELS; c++) {
        s->mean[c] = sum[c] / (double)pixels;
        s->sigma[c] = sqrt(squares[c] / (double)pixels - s->mean[c] * s->mean[c] + 1e-3);
        s->scale[c] = t->gamma[c] / s->sigma[c];
        s->shift[c] = t->beta[c] - s->mean[c] * s->scale[c];
    }
    for (size_t i = 0; i < pixels * CHANNELS; i++) {
        s->x_hat[i] = (s->z[i] - s->mean[i % CHANNELS]) / s->sigma[i % CHANNELS];
    }
}

static double chain_loss(const void *context)
{
    const chain *t = context;
    const size_t pixels = ref_out_pixels(&t->conv);
    normalized s;
    double y[MOST];
    chain_normalize(t, &s);
    ref_look_all(y, s.z, pixels, CHANNELS, &(ref_lens){s.scale, s.shift, 1});
    return dot(y, t->r, pixels * CHANNELS);
}

/* A difference across a kink of ReLU6 is no slope. */
static void check_far_from_kinks(const normalized *s, size_t pixels)
{
    for (size_t i = 0; i < pixels * CHANNELS; i++) {
        const double u = s->scale[i % CHANNELS] * s->z[i] + s->shift[i % CHANNELS];
        ck_assert_double_gt(fabs(u), 1e-4);
        ck_assert_double_gt(fabs(u - 6), 1e-4);
    }
}

static void check_chain(ref_conv conv)
{
    const size_t pixels = ref_out_pixels(&conv);
    chain t = {.conv = conv, .gamma = {2, -3, 0.5}, .beta = {1, 3, 0.25}};
    normalized s;
    double dy[MOST], dz[MOST], dx[MOST], dweights[MOST];
    double dbeta[CHANNELS], dgamma[CHANNELS], a[CHANNELS], b[CHANNELS], c[CHANNELS];
    fill(t.in, ref_in_pixels(&conv) * conv.cin, -1, 1, 6);
    fill(t.weights, ref_weights(&conv), -1, 1, 7);
    fill(t.r, pixels * CHANNELS, -1, 1, 8);
    chain_normalize(&t, &s);
    check_far_from_kinks(&s, pixels);

    memcpy(dy, t.r, sizeof dy);
    ref_epilogue(dy, NULL, s.z, pixels, CHANNELS, &(ref_lens){s.scale, s.shift, 1});
    ref_sums(dbeta, dy, NULL, pixels, CHANNELS);
    ref_sums(dgamma, dy, s.x_hat, pixels, CHANNELS);
    for (size_t i = 0; i < CHANNELS; i++) { /* a·dy + b·z + c = γ/σ·(dy - Σdy/n - x̂·Σ(dy·x̂)/n) */
        a[i] = t.gamma[i] / s.sigma[i];
        b[i] = -a[i] / s.sigma[i] * dgamma[i] / (double)pixels;
        c[i] = -a[i] * dbeta[i] / (double)pixels - b[i] * s.mean[i];
    }
    ref_gradient_look_all(dz, dy, s.z, pixels, CHANNELS, &(ref_gradient_lens){a, b, c});
    ref_backward_input(&conv, dx, dz, t.weights);
    ref_backward_weights(&conv, dweights, t.in, dz);
    check_gradient("chain dx", t.in, dx, ref_in_pixels(&conv) * conv.cin, chain_loss, &t);
    check_gradient("chain dweights", t.weights, dweights, ref_weights(&conv), chain_loss, &t);
    check_gradient("chain dgamma", t.gamma, dgamma, CHANNELS, chain_loss, &t);
    check_gradient("chain dbeta", t.beta, dbeta, CHANNELS, chain_loss, &t);
}

START_TEST(batch_norm_is_a_gradient_lens)
{
    check_chain(ref_pointwise(2, 3, 5, 4, CHANNELS));
    check_chain(ref_depthwise(3, 4, 5, CHANNELS, 1));
    check_chain(ref_depthwise(3, 5, 6, CHANNELS, 2));
    check_chain(ref_stem(2, 7, 6, CHANNELS));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("reference");
    tcase_add_test(cases, convolution_gradients_are_slopes);
    tcase_add_test(cases, paddings_are_the_article_s);
    tcase_add_test(cases, pool_gradients_are_slopes);
    tcase_add_test(cases, batch_norm_is_a_gradient_lens);
    return suite_run("reference", cases);
}
