#include <check.h>

#include "kernels/pack.h"
#include "problem.h"
#include "suite.h"

static size_t packed_size(const ref_conv *c)
{
    return blocks_of(c->cin) * 9 * KERNEL_BLOCK;
}

static size_t scratch_size(const ref_conv *c)
{
    return kernel_depthwise_scratch(c->width);
}

static void pack(const ref_conv *c, real *packed, const real *kernel)
{
    pack_depthwise(packed, kernel, c->cin);
}

static conv_args arguments(const problem *p, const conv_outputs *o)
{
    const ref_conv *c = &p->conv;
    return (conv_args){
        .out_blocks = blocks_of(c->cin),
        .samples = c->samples,
        .height = c->height,
        .width = c->width,
        .stride = c->stride,
        .pad_top = c->stride == 2 ? c->pad_top : 0,
        .pad_left = c->stride == 2 ? c->pad_left : 0,
        .out_height = c->out_height,
        .out_width = c->out_width,
        .in = p->in.stored,
        .view = p->view,
        .weights = p->weights,
        .stream = (p->flags & STREAM) != 0,
        .scratch = o->scratch,
    };
}

static void forward(const kernels *k, const problem *p, const conv_outputs *o)
{
    conv_args args = arguments(p, o);
    args.out = o->out;
    args.moments = o->moments;
    k->depthwise_forward(&args);
}

static void backward(const kernels *k, const problem *p, const conv_outputs *o)
{
    conv_args args = arguments(p, o);
    args.dy = p->dy.stored;
    args.z = p->z.stored;
    args.dz = p->dz;
    args.dx = o->dx;
    args.epilogue = p->epilogue;
    args.epilogue.sums = o->sums;
    args.dweights = o->dweights;
    k->depthwise_backward(&args);
}

static const conv_ops depthwise = {
    .allowed = LENS | CLAMP | MOMENTS | GRADIENT_LENS | MASK_Z | MASK_LENS | MASK_CLAMP | ADD | SUMS | SHARED | STREAM,
    .always = WITH_DX,
    .packed_size = packed_size,
    .scratch_size = scratch_size,
    .pack = pack,
    .forward = forward,
    .backward = backward,
};

START_TEST(every_option_agrees_with_the_reference)
{
    for (size_t stride = 1; stride <= 2; stride++) {
        check_convolution(&depthwise, ref_depthwise(2, 5, 6, 11, stride), VALUES_EDGES, 0);
        check_convolution(&depthwise, ref_depthwise(1, 2, 3, 1, stride), VALUES_ORDINARY, 0);
    }
}
END_TEST

/* A map of one row or column has no output at stride 2, but still a gradient: the epilogue of zero. */
START_TEST(every_size_agrees_with_the_reference)
{
    for (size_t height = 1; height <= 9; height++) {
        for (size_t width = 1; width <= 9; width++) {
            for (size_t stride = 1; stride <= 2; stride++) {
                const size_t samples = 1 + (height + width) % 3;
                const size_t channels = 1 + (5 * height + 3 * width) % 17;
                check_convolution(&depthwise, ref_depthwise(samples, height, width, channels, stride), VALUES_EDGES, 6);
            }
        }
    }
}
END_TEST

/* Zeros before the map as well: PyTorch's padding, and Keras' where a map has an odd number of rows or columns. */
START_TEST(every_padding_agrees_with_the_reference)
{
    for (size_t height = 1; height <= 9; height++) {
        for (size_t width = 1; width <= 9; width++) {
            for (size_t before = 1; before <= 3; before++) {
                const ref_conv c =
                    ref_depthwise_padded(2, height, width, 1 + (5 * height + 3 * width) % 17, before % 2, before / 2);
                check_convolution(&depthwise, c, VALUES_EDGES, 6);
            }
        }
    }
    check_convolution(&depthwise, ref_depthwise_padded(2, 5, 6, 11, 1, 1), VALUES_EDGES, 0);
    check_convolution(&depthwise, ref_depthwise_padded(1, 57, 112, 8, 1, 1), VALUES_ORDINARY, 3);
    check_convolution(&depthwise, ref_depthwise_padded(4, 7, 7, 960, 1, 1), VALUES_EDGES, 2);
    for (values kind = 0; kind < VALUES_KINDS; kind++) {
        check_convolution(&depthwise, ref_depthwise_padded(2, 9, 8, 12, 1, 1), kind, 30);
    }
}
END_TEST

START_TEST(long_rows_and_many_channels_agree_with_the_reference)
{
    for (size_t stride = 1; stride <= 2; stride++) {
        check_convolution(&depthwise, ref_depthwise(1, 1, 31, 3, stride), VALUES_ORDINARY, 6);
        check_convolution(&depthwise, ref_depthwise(1, 33, 1, 3, stride), VALUES_ORDINARY, 6);
        check_convolution(&depthwise, ref_depthwise(2, 14, 15, 100, stride), VALUES_EDGES, 3);
        check_convolution(&depthwise, ref_depthwise(1, 57, 112, 8, stride), VALUES_ORDINARY, 3);
        check_convolution(&depthwise, ref_depthwise(4, 7, 7, 960, stride), VALUES_EDGES, 2);
    }
}
END_TEST

START_TEST(extreme_values_agree_with_the_reference)
{
    for (values kind = 0; kind < VALUES_KINDS; kind++) {
        check_convolution(&depthwise, ref_depthwise(2, 8, 9, 12, 1), kind, 30);
        check_convolution(&depthwise, ref_depthwise(2, 9, 8, 12, 2), kind, 30);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("depthwise");
    tcase_add_test(cases, every_option_agrees_with_the_reference);
    tcase_add_test(cases, every_size_agrees_with_the_reference);
    tcase_add_test(cases, every_padding_agrees_with_the_reference);
    tcase_add_test(cases, long_rows_and_many_channels_agree_with_the_reference);
    tcase_add_test(cases, extreme_values_agree_with_the_reference);
    return suite_run("depthwise", cases);
}
