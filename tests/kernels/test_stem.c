#include <check.h>

#include "guarded.h"
#include "kernels/pack.h"
#include "problem.h"
#include "suite.h"

enum { STEM_ROWS = 32, STEM_INPUTS = 27 };

static size_t packed_size(const ref_conv *c)
{
    return blocks_of(c->cout) * STEM_ROWS * KERNEL_BLOCK;
}

static size_t scratch_size(const ref_conv *c)
{
    return kernel_pointwise_scratch(STEM_ROWS / KERNEL_BLOCK, blocks_of(c->cout));
}

static void pack(const ref_conv *c, real *packed, const real *kernel)
{
    pack_matrix(packed, kernel, STEM_INPUTS, c->cout, STEM_ROWS);
}

/* Images have no padded channels. */
static const real *images(const problem *p)
{
    const size_t n = ref_in_pixels(&p->conv) * p->conv.cin;
    real *out = guarded_alloc(n, sizeof(real));
    for (size_t i = 0; i < n; i++) {
        out[i] = (real)p->in.plain[i];
    }
    return out;
}

static conv_args arguments(const problem *p, const conv_outputs *o)
{
    const ref_conv *c = &p->conv;
    return (conv_args){
        .samples = c->samples,
        .height = c->height,
        .width = c->width,
        .out_height = c->out_height,
        .out_width = c->out_width,
        .pixels = c->samples * c->out_height * c->out_width,
        .pad_top = c->pad_top,
        .pad_left = c->pad_left,
        .out_blocks = blocks_of(c->cout),
        .in = images(p),
        .stream = (p->flags & STREAM) != 0,
        .scratch = o->scratch,
    };
}

static void forward(const kernels *k, const problem *p, const conv_outputs *o)
{
    conv_args args = arguments(p, o);
    args.weights = p->weights;
    args.out = o->out;
    args.moments = o->moments;
    k->stem_forward(&args);
}

static void backward(const kernels *k, const problem *p, const conv_outputs *o)
{
    conv_args args = arguments(p, o);
    args.dy = p->dy.stored;
    args.z = p->z.stored;
    args.dz = p->dz;
    args.dweights = o->dweights;
    k->stem_backward(&args);
}

static const conv_ops stem = {
    .allowed = MOMENTS | GRADIENT_LENS | STREAM,
    .packed_size = packed_size,
    .scratch_size = scratch_size,
    .pack = pack,
    .forward = forward,
    .backward = backward,
};

START_TEST(every_size_agrees_with_the_reference)
{
    for (size_t height = 1; height <= 10; height++) {
        for (size_t width = 1; width <= 10; width++) {
            const size_t samples = 1 + (height + width) % 3;
            const size_t cout = 1 + (5 * height + 3 * width) % 33;
            check_convolution(&stem, ref_stem(samples, height, width, cout), VALUES_ORDINARY, 0);
        }
    }
}
END_TEST

START_TEST(larger_images_agree_with_the_reference)
{
    check_convolution(&stem, ref_stem(2, 32, 33, 32), VALUES_ORDINARY, 0);
    check_convolution(&stem, ref_stem(1, 1, 97, 8), VALUES_ORDINARY, 0);
    check_convolution(&stem, ref_stem(1, 64, 1, 9), VALUES_ORDINARY, 0);
    check_convolution(&stem, ref_stem(3, 47, 28, 16), VALUES_LARGE, 0);
    check_convolution(&stem, ref_stem(1, 16, 16, 48), VALUES_ZERO, 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stem");
    tcase_add_test(cases, every_size_agrees_with_the_reference);
    tcase_add_test(cases, larger_images_agree_with_the_reference);
    return suite_run("stem", cases);
}
