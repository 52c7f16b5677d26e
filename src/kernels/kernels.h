#ifndef LOCKSTEP_KERNELS_KERNELS_H
#define LOCKSTEP_KERNELS_KERNELS_H

#include <stddef.h>

#include "base/real.h"

/*
 * The arithmetic of a training step: one table of functions for each instruction set, one body
 * (kernels/body.inc), one selector. All tables of a storage give the same bits. Kernels know numbers, not layers; a
 * call works on one shard.
 *
 * Activations of a shard lie as [blocks][samples][height * width][8]: channels in blocks of 8, so that the pixels of
 * all samples are one run for a 1×1 convolution. Channels beyond the last real one are zero, and stay zero when
 * weights, scales and shifts are zero there. All pointers are aligned to 64 bytes.
 *
 * Tensors that pass from layer to layer are given as `void *`: their elements are `real` or bf16, as the table says
 * (`storage`, `stored_size`). All arithmetic, and all other arrays, are `real` or double in both. Moments and gradient
 * sums are of the values as stored.
 *
 * A tensor is stored raw and read through a lens; gradients with respect to it are read through a gradient lens.
 */
enum { KERNEL_BLOCK = 8 };

/* u = scale·z + shift for each channel, then clamped to [0, 6] when clamp is set. scale NULL: u = z. */
typedef struct lens {
    const real *scale, *shift; /* [blocks * 8] */
    int clamp;
} lens;

/* dz = a·dy + b·z + c for each channel. a NULL: dz = dy, and z is not read and may be NULL. */
typedef struct gradient_lens {
    const real *a, *b, *c; /* [blocks * 8] */
} gradient_lens;

/*
 * What is done to a gradient g of a layer's input while it is in registers: g += add; zero where the lens clamps z
 * (also at exactly 0 and 6); sums[0][c] = Σg, sums[1][c] = Σg·x̂ with x̂ = scale·z + shift by normal_*.
 */
typedef struct gradient_epilogue {
    const void *z;   /* raw tensor, shaped as the gradient; NULL: neither mask nor sums */
    const void *add; /* shaped as the gradient; NULL: nothing added */
    lens view;       /* of z */
    const real *normal_scale, *normal_shift;
    double *sums; /* [2][blocks * 8], overwritten; NULL: not wanted */
} gradient_epilogue;

/*
 * A convolution of one shard, of any kind: what its own kernels do not read need not be set.
 *
 *   pointwise  1×1 as a matrix product; also the dense layer, with one pixel a sample. Reads no sizes but `pixels`.
 *   depthwise  3×3. Stride 1: zero padding of 1 all round. Stride 2: a row below and a column to the right, and
 *              pad_top and pad_left, 0 or 1, before them. As many blocks go in as come out.
 *   stem       3×3, stride 2, 3 channels in, pad_top and pad_left, and zeros after them as far as it reaches. Only the
 *              weights have a gradient.
 */
typedef struct conv_args {
    size_t in_blocks, out_blocks;
    size_t samples, height, width; /* of the input */
    size_t out_height, out_width;
    size_t pixels;            /* of the output: samples × out_height × out_width */
    size_t stride;            /* depthwise */
    size_t pad_top, pad_left; /* at stride 2: rows and columns of zeros before the input */

    const void *in; /* [in_blocks][samples][height * width][8]; stem: `real` images, [samples][height][width][3] */
    lens view;      /* of in; not the stem's */
    /*
     * pointwise: [out_blocks][in_blocks * 8][8]; depthwise: [out_blocks][9][8]; stem: [out_blocks][32][8], row
     * (ky * 3 + kx) * 3 + c, rows 27 to 31 zero
     */
    const real *weights;
    void *out;       /* forward: [out_blocks][pixels][8] */
    double *moments; /* forward: [2][out_blocks * 8] Σz, Σz², overwritten; NULL: not wanted */

    const void *dy, *z; /* backward: as out */
    gradient_lens dz;
    const real *weights_t;      /* backward, pointwise: [in_blocks][out_blocks * 8][8] */
    void *dx;                   /* backward, not the stem's: as in; pointwise: NULL where it is not wanted */
    gradient_epilogue epilogue; /* of dx */
    real *dweights;             /* backward: laid out as weights, overwritten */

    int stream; /* out or dx is not found in the cache when it is next read: write past it */

    real *scratch; /* kernel_depthwise_scratch(), else kernel_pointwise_scratch() elements; 4 blocks go into the stem */
} conv_args;

/* Element-wise work on small tensors: block outputs with a shortcut, and the pooled features. */
typedef struct shortcut_args {
    size_t blocks, pixels;
    const void *a, *b; /* [blocks][pixels][8] */
    lens view_a, view_b;
    void *out; /* view_a(a) + view_b(b) */
} shortcut_args;

/* Global average pooling of [blocks][samples][pixels][8] through a lens to [blocks][samples][8], and back. */
typedef struct pool_args {
    size_t blocks, samples, pixels; /* pixels: of one sample */
    const void *in;
    lens view;
    real *out;                  /* forward */
    const real *dout;           /* backward: [blocks][samples][8] */
    void *dx;                   /* backward: as in */
    gradient_epilogue epilogue; /* of dx */
} pool_args;

typedef struct kernels {
    const char *name;    /* "generic", "avx2", "avx512", "neon" */
    const char *storage; /* of tensors between layers: REAL_NAME or "bf16" */
    size_t stored_size;  /* bytes of an element of those */
    void (*pointwise_forward)(const conv_args *args);
    void (*pointwise_backward)(const conv_args *args);
    void (*depthwise_forward)(const conv_args *args);
    void (*depthwise_backward)(const conv_args *args);
    void (*stem_forward)(const conv_args *args);
    void (*stem_backward)(const conv_args *args);
    void (*shortcut_forward)(const shortcut_args *args);
    void (*pool_forward)(const pool_args *args);
    void (*pool_backward)(const pool_args *args);
} kernels;

/* Scratch elements that a call with these sizes needs, on any instruction set. */
size_t kernel_pointwise_scratch(size_t in_blocks, size_t out_blocks);
size_t kernel_depthwise_scratch(size_t width);

/* How tensors between layers are stored. */
typedef enum kernel_storage {
    KERNEL_STORE_REAL,
    KERNEL_STORE_BF16, /* not in the build `double` */
    KERNEL_STORAGES
} kernel_storage;

/* Bytes of a stored element. */
size_t kernel_stored_size(kernel_storage storage);

/*
 * The table of this name for this CPU; name NULL: the one that the environment variable LOCKSTEP_ISA names, or the best
 * it has. Both storages have the same names. Returns 0, or LS_EUSAGE when that name is unknown, the CPU lacks it, or
 * this build has no such storage.
 */
int kernels_select(const kernels **out, kernel_storage storage, const char *name);

/* Every table of a storage that this CPU can run, best last; *count is set, to 0 where this build has none. */
const kernels *const *kernels_available(kernel_storage storage, size_t *count);

#endif
