#include <check.h>
#include <math.h>

#include "guarded.h"
#include "problem.h"
#include "suite.h"

/* Pooling and shortcuts. A problem's conv only names the sizes: cin channels of samples × height × width pixels. */

/* What tensors between layers are in the test at hand; the argument that Check hands to a loop test. */
static kernel_storage storage;

static problem sized(size_t samples, size_t height, size_t width, size_t channels, unsigned flags, values kind)
{
    static uint64_t seed;
    return (problem){.conv = ref_pointwise(samples, height, width, channels, channels),
                     .flags = flags,
                     .kind = kind,
                     .storage = storage,
                     .seed = ++seed};
}

/* S of a mean over pixels. */
static void mean_sizes(double *size, const double *seen, const ref_conv *c)
{
    const ref_lens plain = {NULL, NULL, 0};
    ref_pool_forward(size, seen, c->samples, c->height * c->width, c->cin, &plain);
}

static void check_pool_forward(size_t samples, size_t height, size_t width, size_t channels, unsigned flags,
                               values kind)
{
    problem p = sized(samples, height, width, channels, flags, kind);
    const size_t mark = guarded_mark();
    const size_t pixels = samples * height * width;
    const int with_lens = (flags & LENS) != 0;
    if (with_lens) {
        draw_lens(&p, &p.scale, &p.shift, channels, kind);
    }
    draw_seen(&p, &p.in, with_lens ? &p.scale : NULL, &p.shift, pixels, channels, kind);
    const ref_lens view = {p.scale.plain, p.shift.plain, (flags & CLAMP) != 0};
    const expected want = expected_new(samples * channels);
    const expected seen = expected_new(pixels * channels);
    ref_pool_forward(want.value, p.in.plain, samples, height * width, channels, &view);
    look_sizes(seen.size, p.in.plain, pixels, channels, p.scale.plain, p.shift.plain);
    mean_sizes(want.size, seen.size, &p.conv);
    size_t count = 0;
    const kernels *const *tables = kernels_available(p.storage, &count);
    for (size_t i = 0; i < count; i++) {
        real *out = guarded_alloc(samples * blocks_of(channels) * KERNEL_BLOCK, sizeof(real));
        const pool_args args = {.blocks = blocks_of(channels),
                                .samples = samples,
                                .pixels = height * width,
                                .in = p.in.stored,
                                .view = {p.scale.packed, p.shift.packed, view.clamp},
                                .out = out};
        char name[64];
        label(name, tables[i], "pool forward");
        tables[i]->pool_forward(&args);
        guarded_check(name);
        check_tensor(&p, name, out, &want, samples, channels, height * width);
    }
    guarded_release(mark);
}

static void run_pool_backward(const problem *p, const kernels *k, const expected *want)
{
    const ref_conv *c = &p->conv;
    const size_t padded = blocks_of(c->cin) * KERNEL_BLOCK;
    const size_t mark = guarded_mark();
    pool_args args = {.blocks = blocks_of(c->cin),
                      .samples = c->samples,
                      .pixels = c->height * c->width,
                      .dout = p->dy.packed,
                      .dx = stored_new(p->storage, ref_in_pixels(c) * padded),
                      .epilogue = p->epilogue};
    double *sums = p->flags & SUMS ? guarded_alloc(2 * padded, sizeof(double)) : NULL;
    args.epilogue.sums = sums;
    char name[64];
    label(name, k, "pool backward");
    k->pool_backward(&args);
    guarded_check(name);
    const real *dx = check_stored(p, name, args.dx, want, ref_in_pixels(c), c->cin, 1);
    if (sums != NULL) {
        check_epilogue_sums(p, name, sums, dx, ref_in_pixels(c), c->cin, ref_in_pixels(c));
    }
    guarded_release(mark);
}

static void check_pool_backward(size_t samples, size_t height, size_t width, size_t channels, unsigned flags,
                                values kind)
{
    problem p = sized(samples, height, width, channels, flags, kind);
    const size_t mark = guarded_mark();
    const size_t pixels = samples * height * width;
    draw_tensor(&p, &p.dy, samples, channels, kind);
    draw_epilogue(&p, pixels, channels);
    expected want = expected_new(pixels * channels);
    ref_pool_backward(want.value, p.dy.plain, samples, height * width, channels);
    for (size_t i = 0; i < pixels * channels; i++) {
        want.size[i] = fabs(want.value[i]);
    }
    expect_epilogue(&p, &want, pixels, channels);
    size_t count = 0;
    const kernels *const *tables = kernels_available(p.storage, &count);
    for (size_t i = 0; i < count; i++) {
        run_pool_backward(&p, tables[i], &want);
    }
    guarded_release(mark);
}

START_TEST(pooling_agrees_with_the_reference)
{
    storage = (kernel_storage)_i;
    for (values kind = 0; kind < VALUES_KINDS; kind++) {
        for (size_t side = 1; side <= 9; side++) {
            for (unsigned flags = 0; flags < 4; flags++) { /* LENS and CLAMP */
                check_pool_forward(1 + side % 3, side, side + side % 2, 1 + 5 * side, flags, kind);
            }
        }
    }
}
END_TEST

START_TEST(pooling_gradients_agree_with_the_reference)
{
    storage = (kernel_storage)_i;
    for (values kind = 0; kind < VALUES_KINDS; kind++) {
        for (size_t side = 1; side <= 7; side++) {
            for (unsigned bits = 0; bits < 32; bits++) {
                const unsigned flags = bits * MASK_Z; /* MASK_Z and the four after it */
                if (!(flags & SUMS) || flags & MASK_Z) {
                    check_pool_backward(1 + side % 3, side, side + side % 2, 1 + 5 * side, flags, kind);
                }
            }
        }
    }
}
END_TEST

/* One side of a shortcut: a tensor through its lens, as the reference sees it. */
typedef struct side {
    operand z, scale, shift;
    expected seen;
    lens view;
} side;

static side draw_side(problem *p, int with_lens, int clamp)
{
    const size_t pixels = ref_in_pixels(&p->conv);
    const size_t channels = p->conv.cin;
    side s = {.seen = expected_new(pixels * channels)};
    if (with_lens) {
        draw_lens(p, &s.scale, &s.shift, channels, p->kind);
    }
    draw_seen(p, &s.z, with_lens ? &s.scale : NULL, &s.shift, pixels, channels, p->kind);
    ref_look_all(s.seen.value, s.z.plain, pixels, channels, &(ref_lens){s.scale.plain, s.shift.plain, clamp});
    look_sizes(s.seen.size, s.z.plain, pixels, channels, s.scale.plain, s.shift.plain);
    s.view = (lens){s.scale.packed, s.shift.packed, clamp};
    return s;
}

static void check_shortcut(size_t pixels, size_t channels, unsigned bits, values kind)
{
    problem p = sized(1, 1, pixels, channels, bits, kind);
    const size_t mark = guarded_mark();
    const side a = draw_side(&p, bits & 1, (bits & 2) != 0);
    const side b = draw_side(&p, (bits & 4) != 0, (bits & 8) != 0);
    for (size_t i = 0; i < pixels * channels; i++) {
        a.seen.value[i] += b.seen.value[i];
        a.seen.size[i] += b.seen.size[i];
    }
    size_t count = 0;
    const kernels *const *tables = kernels_available(p.storage, &count);
    for (size_t i = 0; i < count; i++) {
        void *out = stored_new(p.storage, pixels * blocks_of(channels) * KERNEL_BLOCK);
        const shortcut_args args = {blocks_of(channels), pixels, a.z.stored, b.z.stored, a.view, b.view, out};
        char name[64];
        label(name, tables[i], "shortcut");
        tables[i]->shortcut_forward(&args);
        guarded_check(name);
        (void)check_stored(&p, name, out, &a.seen, pixels, channels, 2);
    }
    guarded_release(mark);
}

START_TEST(shortcuts_agree_with_the_reference)
{
    storage = (kernel_storage)_i;
    for (values kind = 0; kind < VALUES_KINDS; kind++) {
        for (unsigned bits = 0; bits < 16; bits++) {
            check_shortcut(1, 1, bits, kind);
            check_shortcut(37, 24, bits, kind);
            check_shortcut(98, 13, bits, kind);
        }
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("small");
    tcase_add_loop_test(cases, pooling_agrees_with_the_reference, 0, KERNEL_STORAGES);
    tcase_add_loop_test(cases, pooling_gradients_agree_with_the_reference, 0, KERNEL_STORAGES);
    tcase_add_loop_test(cases, shortcuts_agree_with_the_reference, 0, KERNEL_STORAGES);
    return suite_run("small", cases);
}
