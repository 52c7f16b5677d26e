#include "reference.h"

#include <math.h>
#include <string.h>

ref_conv ref_pointwise(size_t samples, size_t height, size_t width, size_t cin, size_t cout)
{
    return (ref_conv){samples, height, width, cin, height, width, cout, .size = 1, .stride = 1};
}

/* Windows of three rows at distance 2 in a padded map of n rows. */
static size_t windows(size_t n)
{
    return n < 3 ? 0 : (n - 3) / 2 + 1;
}

ref_conv ref_depthwise(size_t samples, size_t height, size_t width, size_t channels, size_t stride)
{
    ref_conv c = {samples, height, width, channels, height, width, channels, .size = 3, .stride = stride};
    c.depthwise = 1;
    if (stride == 1) {
        c.pad_top = c.pad_left = 1;
    } else {
        c.out_height = windows(height + 1);
        c.out_width = windows(width + 1);
    }
    return c;
}

ref_conv ref_depthwise_padded(size_t samples, size_t height, size_t width, size_t channels, size_t top, size_t left)
{
    ref_conv c = ref_depthwise(samples, height, width, channels, 2);
    c.out_height = windows(height + 1 + top);
    c.out_width = windows(width + 1 + left);
    c.pad_top = top;
    c.pad_left = left;
    return c;
}

/* Keras: out = ceil(n / 2); all padding = (out - 1) * 2 + 3 - n; half of it, rounded down, comes first. */
static size_t same_padding(size_t n)
{
    return ((n + 1) / 2 * 2 + 1 - n) / 2;
}

ref_conv ref_stem(size_t samples, size_t height, size_t width, size_t cout)
{
    ref_conv c = {samples, height, width, 3, (height + 1) / 2, (width + 1) / 2, cout, .size = 3, .stride = 2};
    c.pad_top = same_padding(height);
    c.pad_left = same_padding(width);
    return c;
}

size_t ref_in_pixels(const ref_conv *c)
{
    return c->samples * c->height * c->width;
}

size_t ref_out_pixels(const ref_conv *c)
{
    return c->samples * c->out_height * c->out_width;
}

size_t ref_weights(const ref_conv *c)
{
    return c->size * c->size * c->cin * (c->depthwise ? 1 : c->cout);
}

/*
 * A convolution is a sum of products out[o] += in[i]·weights[w] over triples of indices; its gradients are the other
 * two ways to read the same triples.
 */
enum { OUT, IN, WEIGHTS, ROLES };

static void add_product(int role, double *to, const double *const from[ROLES], const size_t at[ROLES])
{
    const int a = (role + 1) % ROLES;
    const int b = (role + 2) % ROLES;
    to[at[role]] += from[a][at[a]] * from[b][at[b]];
}

static void add_tap(const ref_conv *c, size_t out_pixel, size_t in_pixel, size_t tap, int role, double *to,
                    const double *const from[ROLES])
{
    for (size_t i = 0; i < c->cin; i++) {
        const size_t in = in_pixel * c->cin + i;
        if (c->depthwise) {
            add_product(role, to, from, (const size_t[]){out_pixel * c->cin + i, in, tap * c->cin + i});
            continue;
        }
        for (size_t o = 0; o < c->cout; o++) {
            const size_t at[] = {out_pixel * c->cout + o, in, (tap * c->cin + i) * c->cout + o};
            add_product(role, to, from, at);
        }
    }
}

static void add_pixel(const ref_conv *c, size_t n, size_t oy, size_t ox, int role, double *to,
                      const double *const from[ROLES])
{
    const size_t out_pixel = (n * c->out_height + oy) * c->out_width + ox;
    for (size_t tap = 0; tap < c->size * c->size; tap++) {
        const long y = (long)(oy * c->stride + tap / c->size) - (long)c->pad_top;
        const long x = (long)(ox * c->stride + tap % c->size) - (long)c->pad_left;
        if (y >= 0 && y < (long)c->height && x >= 0 && x < (long)c->width) {
            const size_t in_pixel = (n * c->height + (size_t)y) * c->width + (size_t)x;
            add_tap(c, out_pixel, in_pixel, tap, role, to, from);
        }
    }
}

static void add_all(const ref_conv *c, int role, double *to, const double *const from[ROLES])
{
    for (size_t n = 0; n < c->samples; n++) {
        for (size_t oy = 0; oy < c->out_height; oy++) {
            for (size_t ox = 0; ox < c->out_width; ox++) {
                add_pixel(c, n, oy, ox, role, to, from);
            }
        }
    }
}

void ref_forward(const ref_conv *c, double *out, const double *in, const double *weights)
{
    memset(out, 0, ref_out_pixels(c) * c->cout * sizeof *out);
    add_all(c, OUT, out, (const double *const[]){NULL, in, weights});
}

void ref_backward_input(const ref_conv *c, double *dx, const double *dz, const double *weights)
{
    memset(dx, 0, ref_in_pixels(c) * c->cin * sizeof *dx);
    add_all(c, IN, dx, (const double *const[]){dz, NULL, weights});
}

void ref_backward_weights(const ref_conv *c, double *dweights, const double *in, const double *dz)
{
    memset(dweights, 0, ref_weights(c) * sizeof *dweights);
    add_all(c, WEIGHTS, dweights, (const double *const[]){dz, in, NULL});
}

static double raw_look(const ref_lens *view, double z, size_t channel)
{
    return view->scale == NULL ? z : view->scale[channel] * z + view->shift[channel];
}

double ref_look(const ref_lens *view, double z, size_t channel)
{
    const double u = raw_look(view, z, channel);
    return view->clamp ? fmin(fmax(u, 0), 6) : u;
}

void ref_look_all(double *u, const double *z, size_t pixels, size_t channels, const ref_lens *view)
{
    for (size_t i = 0; i < pixels * channels; i++) {
        u[i] = ref_look(view, z[i], i % channels);
    }
}

void ref_gradient_look_all(double *dz, const double *dy, const double *z, size_t pixels, size_t channels,
                           const ref_gradient_lens *view)
{
    for (size_t i = 0; i < pixels * channels; i++) {
        const size_t c = i % channels;
        dz[i] = view->a == NULL ? dy[i] : view->a[c] * dy[i] + view->b[c] * z[i] + view->c[c];
    }
}

void ref_epilogue(double *g, const double *add, const double *z, size_t pixels, size_t channels, const ref_lens *view)
{
    for (size_t i = 0; i < pixels * channels; i++) {
        if (add != NULL) {
            g[i] += add[i];
        }
        if (z != NULL && view->clamp) {
            const double u = raw_look(view, z[i], i % channels);
            g[i] = u > 0 && u < 6 ? g[i] : 0;
        }
    }
}

void ref_sums(double *sum, const double *a, const double *b, size_t pixels, size_t channels)
{
    memset(sum, 0, channels * sizeof *sum);
    for (size_t i = 0; i < pixels * channels; i++) {
        sum[i % channels] += b == NULL ? a[i] : a[i] * b[i];
    }
}

void ref_pool_forward(double *out, const double *in, size_t samples, size_t pixels, size_t channels,
                      const ref_lens *view)
{
    memset(out, 0, samples * channels * sizeof *out);
    for (size_t i = 0; i < samples * pixels * channels; i++) {
        const size_t sample = i / (pixels * channels);
        const size_t c = i % channels;
        out[sample * channels + c] += ref_look(view, in[i], c) / (double)pixels;
    }
}

void ref_pool_backward(double *dx, const double *dout, size_t samples, size_t pixels, size_t channels)
{
    for (size_t i = 0; i < samples * pixels * channels; i++) {
        dx[i] = dout[i / (pixels * channels) * channels + i % channels] / (double)pixels;
    }
}
