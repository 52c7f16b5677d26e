#ifndef LOCKSTEP_TESTS_KERNELS_REFERENCE_H
#define LOCKSTEP_TESTS_KERNELS_REFERENCE_H

#include <stddef.h>

/*
 * What the kernels compute, written for being read: plain loops in double on arrays in (sample, height, width, channel)
 * order without padded channels; kernels in Keras order. test_reference proves the gradients by central differences.
 */

/* Any convolution of the network. */
typedef struct ref_conv {
    size_t samples, height, width, cin, out_height, out_width, cout;
    size_t size, stride, pad_top, pad_left; /* zeros at the bottom and to the right: as many as the output needs */
    int depthwise;                          /* kernel (size, size, cin, 1) rather than (size, size, cin, cout) */
} ref_conv;

ref_conv ref_pointwise(size_t samples, size_t height, size_t width, size_t cin, size_t cout);
/* Stride 1: a zero all round. Stride 2: ZeroPadding2D(((0, 1), (0, 1))), then "valid". */
ref_conv ref_depthwise(size_t samples, size_t height, size_t width, size_t channels, size_t stride);
/* At stride 2, with so many rows above and columns on the left of zeros as well: 0 or 1. */
ref_conv ref_depthwise_padded(size_t samples, size_t height, size_t width, size_t channels, size_t top, size_t left);
/* 3×3, stride 2, 3 channels in, Keras "same": the smaller half of the padding comes first. */
ref_conv ref_stem(size_t samples, size_t height, size_t width, size_t cout);

size_t ref_in_pixels(const ref_conv *c);
size_t ref_out_pixels(const ref_conv *c);
size_t ref_weights(const ref_conv *c);

/* All three overwrite their first array. */
void ref_forward(const ref_conv *c, double *out, const double *in, const double *weights);
void ref_backward_input(const ref_conv *c, double *dx, const double *dz, const double *weights);
void ref_backward_weights(const ref_conv *c, double *dweights, const double *in, const double *dz);

/* u = scale·z + shift, clamped to [0, 6]; scale NULL: u = z. Vectors are [channels]. */
typedef struct ref_lens {
    const double *scale, *shift;
    int clamp;
} ref_lens;

double ref_look(const ref_lens *view, double z, size_t channel);
void ref_look_all(double *u, const double *z, size_t pixels, size_t channels, const ref_lens *view);

/* dz = a·dy + b·z + c; a NULL: dz = dy. */
typedef struct ref_gradient_lens {
    const double *a, *b, *c;
} ref_gradient_lens;

void ref_gradient_look_all(double *dz, const double *dy, const double *z, size_t pixels, size_t channels,
                           const ref_gradient_lens *view);

/* Add `add` to g unless it is NULL, then zero g where the lens clamps z, unless z is NULL. */
void ref_epilogue(double *g, const double *add, const double *z, size_t pixels, size_t channels, const ref_lens *view);

/* sum[c] = Σ a·b over pixels. b NULL: Σ a. */
void ref_sums(double *sum, const double *a, const double *b, size_t pixels, size_t channels);

/* Mean over each sample's pixels of what a lens shows, and its gradient with respect to what the lens shows. */
void ref_pool_forward(double *out, const double *in, size_t samples, size_t pixels, size_t channels,
                      const ref_lens *view);
void ref_pool_backward(double *dx, const double *dout, size_t samples, size_t pixels, size_t channels);

#endif
