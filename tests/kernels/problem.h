#ifndef LOCKSTEP_TESTS_KERNELS_PROBLEM_H
#define LOCKSTEP_TESTS_KERNELS_PROBLEM_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"
#include "reference.h"

/*
 * One convolution with its inputs, in the kernels' order and in the reference's, and what must come out. The tests of
 * the three convolutions differ only in how they call the kernels (conv_ops).
 *
 * An output is right when it differs from the reference by no more than
 *
 *     eps · (4·sqrt(n) + 8) · S
 *
 * eps: FLT_EPSILON or DBL_EPSILON, after `real`. n: the number of products that the output sums. S: the sum of the
 * magnitudes of everything added up, Σ|products|, with |scale·z| + |shift| for what a lens shows and
 * |a·dy| + |b·z| + |c| for a gradient lens, so that cancellation is allowed for where there is some and only there.
 * Roundings of n additions add up like a random walk, hence sqrt(n); 8 is for the lenses and the last additions. Where
 * S is 0, as in padded channels, the output must be exactly 0. Moments and gradient sums are compared with sums over
 * the values that the kernel wrote. Those of float32 go to double after PANEL_PIXELS pixels or one row, so that is
 * their n, whatever the number of pixels.
 *
 * Where tensors between layers are bf16, inputs are rounded to it first, so that the reference sees the same numbers,
 * and an output may be off by half a unit in bf16's last place, 2^-8 of itself, as well.
 */

enum {
    LENS = 1 << 0,          /* scale and shift on the input */
    CLAMP = 1 << 1,         /* and a clamp */
    MOMENTS = 1 << 2,       /* forward */
    GRADIENT_LENS = 1 << 3, /* else a, b, c and z are NULL */
    WITH_DX = 1 << 4,
    MASK_Z = 1 << 5, /* the epilogue has a z */
    MASK_LENS = 1 << 6,
    MASK_CLAMP = 1 << 7,
    ADD = 1 << 8,
    SUMS = 1 << 9,    /* only with MASK_Z */
    SHARED = 1 << 10, /* the epilogue's z and lens are the input's own, as in a network; only with MASK_Z */
    STREAM = 1 << 11, /* results are written past the cache */
};

typedef enum values {
    VALUES_ORDINARY,
    VALUES_EDGES, /* lenses show exactly 0, exactly 6, and numbers just beside, in many places */
    VALUES_LARGE, /* of one sign mostly: sums grow, digits drop out */
    VALUES_ZERO,
    VALUES_KINDS
} values;

/* The same numbers twice, and for tensors between layers as the kernels take them. */
typedef struct operand {
    double *plain; /* [pixels][channels] */
    real *packed;  /* [blocks][pixels][8] */
    void *stored;  /* as packed; the same memory where the storage is `real` */
} operand;

/* A result of the reference, and S of the formula above for each element. */
typedef struct expected {
    double *value, *size;
} expected;

typedef struct problem {
    ref_conv conv;
    unsigned flags;
    values kind;
    kernel_storage storage;
    uint64_t seed, drawn;

    operand in, scale, shift, dy, z, a, b, c;
    operand mask_z, add, mask_scale, mask_shift, normal_scale, normal_shift;
    lens view; /* the vectors above as the kernels take them */
    gradient_lens dz;
    gradient_epilogue epilogue; /* without sums */

    double *kernel; /* Keras order */
    real *weights, *weights_t;
    size_t *weight_at; /* for each packed weight its place in the kernel; the number of weights for padding */

    expected out, dx, dweights;
} problem;

/* What a kernel writes. */
typedef struct conv_outputs {
    void *out, *dx; /* stored */
    real *dweights, *scratch;
    double *moments, *sums;
} conv_outputs;

typedef struct conv_ops {
    unsigned allowed, always; /* flags */
    size_t (*packed_size)(const ref_conv *c);
    size_t (*scratch_size)(const ref_conv *c);
    void (*pack)(const ref_conv *c, real *packed, const real *kernel);
    void (*forward)(const kernels *k, const problem *p, const conv_outputs *o);
    void (*backward)(const kernels *k, const problem *p, const conv_outputs *o);
} conv_ops;

size_t blocks_of(size_t channels);

/*
 * Compare every table of every storage with the reference: for `variants` random choices of flags, or for every
 * choice when variants is 0.
 */
void check_convolution(const conv_ops *ops, ref_conv conv, values kind, unsigned variants);

/* Parts of it, for the tests of smaller kernels. Buffers are guarded; guarded_release() frees them. */
operand operand_new(size_t pixels, size_t channels);
/* Round `plain` to real and write it to `packed`, padded channels as zero. */
void operand_pack(operand *o, size_t pixels, size_t channels);
/* As operand_pack, rounding to the problem's storage and setting `stored`. */
void operand_store(const problem *p, operand *o, size_t pixels, size_t channels);
/* Room for n elements of a tensor between layers, and its n elements as `real`; guarded. */
void *stored_new(kernel_storage storage, size_t n);
const real *stored_read(kernel_storage storage, const void *stored, size_t n);
/* bf16: to nearest, ties to even. */
uint16_t bf16_round(float value);
float bf16_widen(uint16_t half);
double draw(problem *p, double low, double high);
void draw_tensor(problem *p, operand *o, size_t pixels, size_t channels, values kind);
/* As draw_tensor, then stored. */
void draw_stored(problem *p, operand *o, size_t pixels, size_t channels, values kind);
/* A tensor and its lens. EDGES: scales are powers of two and all else has few bits, so that 0 and 6 are hit exactly. */
void draw_lens(problem *p, operand *scale, operand *shift, size_t channels, values kind);
void draw_seen(problem *p, operand *z, const operand *scale, const operand *shift, size_t pixels, size_t channels,
               values kind);
/* z, add, lens and constants of an epilogue over [pixels][channels], as flags say. */
void draw_epilogue(problem *p, size_t pixels, size_t channels);
expected expected_new(size_t n);
/* What the epilogue makes of a raw gradient and its S. */
void expect_epilogue(const problem *p, expected *g, size_t pixels, size_t channels);
/* |scale·z| + |shift| */
void look_sizes(double *size, const double *z, size_t pixels, size_t channels, const double *scale,
                const double *shift);
void check_tensor(const problem *p, const char *what, const real *got, const expected *want, size_t pixels,
                  size_t channels, size_t terms);
/* The same of a tensor as it is stored; returns it as `real`. */
const real *check_stored(const problem *p, const char *what, const void *got, const expected *want, size_t pixels,
                         size_t channels, size_t terms);
/* "avx2 bf16 forward" */
void label(char out[64], const kernels *k, const char *what);
void check_epilogue_sums(const problem *p, const char *what, const double *sums, const real *dx, size_t pixels,
                         size_t channels, size_t run);

#endif
