#include <check.h>
#include <float.h>
#include <math.h>

#include "guarded.h"
#include "kernels/pack.h"
#include "kernels/tile.h"
#include "problem.h"
#include "suite.h"

static size_t packed_size(const ref_conv *c)
{
    return blocks_of(c->cin) * blocks_of(c->cout) * KERNEL_BLOCK * KERNEL_BLOCK;
}

static size_t scratch_size(const ref_conv *c)
{
    return kernel_pointwise_scratch(blocks_of(c->cin), blocks_of(c->cout));
}

static void pack(const ref_conv *c, real *packed, const real *kernel)
{
    pack_matrix(packed, kernel, c->cin, c->cout, blocks_of(c->cin) * KERNEL_BLOCK);
}

static conv_args arguments(const problem *p, const conv_outputs *o)
{
    return (conv_args){
        .in_blocks = blocks_of(p->conv.cin),
        .out_blocks = blocks_of(p->conv.cout),
        .pixels = ref_in_pixels(&p->conv),
        .in = p->in.stored,
        .view = p->view,
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
    k->pointwise_forward(&args);
}

static void backward(const kernels *k, const problem *p, const conv_outputs *o)
{
    conv_args args = arguments(p, o);
    args.dy = p->dy.stored;
    args.z = p->z.stored;
    args.dz = p->dz;
    args.weights_t = p->weights_t;
    args.dx = o->dx;
    args.epilogue = p->epilogue;
    args.epilogue.sums = o->sums;
    args.dweights = o->dweights;
    k->pointwise_backward(&args);
}

static const conv_ops pointwise = {
    .allowed = LENS | CLAMP | MOMENTS | GRADIENT_LENS | WITH_DX | MASK_Z | MASK_LENS | MASK_CLAMP | ADD | SUMS | STREAM,
    .packed_size = packed_size,
    .scratch_size = scratch_size,
    .pack = pack,
    .forward = forward,
    .backward = backward,
};

START_TEST(every_option_agrees_with_the_reference)
{
    check_convolution(&pointwise, ref_pointwise(2, 3, 5, 11, 13), VALUES_EDGES, 0);
    check_convolution(&pointwise, ref_pointwise(1, 1, 1, 1, 1), VALUES_ORDINARY, 0);
}
END_TEST

/* Every remainder of panels and register tiles, and panels that end within a sample. */
START_TEST(every_number_of_pixels_agrees_with_the_reference)
{
    for (size_t width = 1; width <= 2 * PANEL_PIXELS + 7; width++) {
        check_convolution(&pointwise, ref_pointwise(1, 1, width, 9, 17), VALUES_EDGES, 3);
    }
    for (size_t side = 1; side <= 9; side++) {
        check_convolution(&pointwise, ref_pointwise(3, side, side, 8, 5), VALUES_ORDINARY, 3);
    }
}
END_TEST

/* Odd and even numbers of blocks, and 1 to 7 of them: kernels take blocks in twos and threes. */
START_TEST(every_number_of_channels_agrees_with_the_reference)
{
    for (size_t cin = 1; cin <= 52; cin += cin < 9 ? 1 : 7) {
        for (size_t cout = 1; cout <= 52; cout += cout < 9 ? 1 : 7) {
            check_convolution(&pointwise, ref_pointwise(2, 3, 3, cin, cout), VALUES_ORDINARY, 2);
        }
    }
    check_convolution(&pointwise, ref_pointwise(2, 5, 7, 160, 320), VALUES_EDGES, 2);
    check_convolution(&pointwise, ref_pointwise(5, 1, 1, 321, 10), VALUES_ORDINARY, 2);
}
END_TEST

START_TEST(extreme_values_agree_with_the_reference)
{
    for (values kind = 0; kind < VALUES_KINDS; kind++) {
        check_convolution(&pointwise, ref_pointwise(2, 5, 9, 19, 12), kind, 40);
    }
    check_convolution(&pointwise, ref_pointwise(1, 97, 103, 2, 3), VALUES_LARGE, 3);
}
END_TEST

/*
 * Numbers around 1000 in many panels: in float32 alone the sum's error would grow with the pixels, and with it the
 * variance's, which is a small difference of large moments. Flushed once a panel it stays below one epsilon.
 */
START_TEST(moments_keep_their_digits)
{
    enum { PIXELS = PANEL_PIXELS * 1250 };
    size_t count = 0;
    const kernels *const *tables = kernels_available(KERNEL_STORE_REAL, &count);
    const size_t mark = guarded_mark();
    problem p = {.seed = 1};
    operand in = operand_new(PIXELS, 1);
    double want[2] = {0};
    for (size_t i = 0; i < PIXELS; i++) {
        in.plain[i] = draw(&p, 900, 1100);
    }
    operand_pack(&in, PIXELS, 1);
    for (size_t i = 0; i < PIXELS; i++) {
        want[0] += in.plain[i];
        want[1] += in.plain[i] * in.plain[i];
    }
    const real one = 1;
    problem one_by_one = {.in = in, .conv = ref_pointwise(1, 1, PIXELS, 1, 1)};
    one_by_one.weights = guarded_alloc(packed_size(&one_by_one.conv), sizeof(real));
    pack(&one_by_one.conv, one_by_one.weights, &one);
    for (size_t i = 0; i < count; i++) {
        double moments[2 * KERNEL_BLOCK];
        const conv_outputs o = {.out = guarded_alloc((size_t)PIXELS * KERNEL_BLOCK, sizeof(real)),
                                .scratch = guarded_alloc(scratch_size(&one_by_one.conv), sizeof(real)),
                                .moments = moments};
        forward(tables[i], &one_by_one, &o);
        const double epsilon = sizeof(real) == sizeof(float) ? (double)FLT_EPSILON : 1e4 * DBL_EPSILON;
        ck_assert_msg(fabs(moments[0] / want[0] - 1) < epsilon, "%s loses digits of Σz", tables[i]->name);
        ck_assert_msg(fabs(moments[KERNEL_BLOCK] / want[1] - 1) < epsilon, "%s loses digits of Σz²", tables[i]->name);
    }
    guarded_release(mark);
}
END_TEST

/* A number that is not one must not be hidden by a clamp: training stops on it. */
START_TEST(not_a_number_stays)
{
    size_t count = 0;
    const kernels *const *tables = kernels_available(KERNEL_STORE_REAL, &count);
    const size_t mark = guarded_mark();
    problem p = {.in = operand_new(1, 8), .conv = ref_pointwise(1, 1, 1, 8, 1), .view = {NULL, NULL, 1}};
    for (size_t c = 0; c < 8; c++) {
        p.in.plain[c] = c == 5 ? (double)NAN : 1;
    }
    operand_pack(&p.in, 1, 8);
    p.weights = guarded_alloc(packed_size(&p.conv), sizeof(real));
    pack(&p.conv, p.weights, (const real[8]){1, 1, 1, 1, 1, 1, 1, 1});
    for (size_t i = 0; i < count; i++) {
        const conv_outputs o = {.out = guarded_alloc(KERNEL_BLOCK, sizeof(real)),
                                .scratch = guarded_alloc(scratch_size(&p.conv), sizeof(real))};
        forward(tables[i], &p, &o);
        ck_assert_msg(isnan(*(const real *)o.out), "%s hides a NaN", tables[i]->name);
    }
    guarded_release(mark);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("pointwise");
    tcase_add_test(cases, every_option_agrees_with_the_reference);
    tcase_add_test(cases, every_number_of_pixels_agrees_with_the_reference);
    tcase_add_test(cases, every_number_of_channels_agrees_with_the_reference);
    tcase_add_test(cases, extreme_values_agree_with_the_reference);
    tcase_add_test(cases, moments_keep_their_digits);
    tcase_add_test(cases, not_a_number_stays);
    return suite_run("pointwise", cases);
}
