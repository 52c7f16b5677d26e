/* How numbers become bf16, told from the bits that kernels write. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "guarded.h"
#include "kernels/pack.h"
#include "problem.h"
#include "suite.h"

enum { B = KERNEL_BLOCK, VALUES = 4096 };

static float from_bits(uint32_t bits)
{
    float value = 0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Ties, their neighbours and carries, at every exponent and sign, infinity and NaN among them; then anything. */
static void draw_values(real *out)
{
    static const uint32_t rests[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    for (uint32_t i = 0; i < VALUES; i++) {
        const uint32_t upper = (i & 1) << 15 | (i / 2 % 256) << 7 | (i / 512 % 2 ? 0x7f : i / 1024);
        const uint32_t bits = upper << 16 | rests[i / 3 % 6];
        const uint64_t any = random_bits(1, random_stream(RANDOM_TEST, 2, 0), i);
        out[i] = (real)from_bits(i < VALUES / 2 ? bits : (uint32_t)any);
        /* Arithmetic makes quiet NaNs only. */
        out[i] = isnan(out[i]) ? (real)from_bits(0x7fc00001) : out[i];
    }
}

static void compare(const char *name, const uint16_t *got, const real *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint16_t want = bf16_round((float)numbers[i]);
        if (isnan(numbers[i])) {
            ck_assert_msg(isnan(bf16_widen(got[i])), "%s: NaN becomes %04x", name, got[i]);
        } else if (numbers[i] == 0) {
            ck_assert_msg(bf16_widen(got[i]) == 0, "%s: 0 becomes %04x", name, got[i]); /* either sign */
        } else {
            ck_assert_msg(got[i] == want, "%s: %a becomes %04x, not %04x", name, (double)numbers[i], got[i], want);
        }
    }
}

/* 1·w for each of the values w, the outputs of three pixels: a whole line and part of one. */
static void check_pointwise(const kernels *k, const real *numbers)
{
    enum { PIXELS = 3 };
    const size_t mark = guarded_mark();
    uint16_t *in = guarded_alloc((size_t)PIXELS * B, sizeof *in);
    real *kernel = guarded_alloc((size_t)B * VALUES, sizeof *kernel);
    real *weights = guarded_alloc((size_t)B * VALUES, sizeof *weights);
    uint16_t *out = guarded_alloc((size_t)PIXELS * VALUES, sizeof *out);
    for (size_t i = 0; i < (size_t)PIXELS * B; i++) {
        in[i] = bf16_round(i % B == 0 ? 1.0F : 0.0F);
    }
    memset(kernel, 0, (size_t)B * VALUES * sizeof *kernel);
    memcpy(kernel, numbers, VALUES * sizeof *kernel);
    pack_matrix(weights, kernel, B, VALUES, B);
    const conv_args args = {.in_blocks = 1,
                            .out_blocks = VALUES / B,
                            .pixels = PIXELS,
                            .in = in,
                            .weights = weights,
                            .out = out,
                            .scratch = guarded_alloc(kernel_pointwise_scratch(1, VALUES / B), sizeof(real))};
    k->pointwise_forward(&args);
    guarded_check(k->name);
    for (size_t block = 0; block < VALUES / B; block++) {
        for (size_t pixel = 0; pixel < PIXELS; pixel++) {
            compare(k->name, out + (block * PIXELS + pixel) * B, numbers + block * B, B);
        }
    }
    guarded_release(mark);
}

/* The same through the middle tap of a depthwise kernel on a map of one pixel. */
static void check_depthwise(const kernels *k, const real *numbers)
{
    const size_t mark = guarded_mark();
    uint16_t *in = guarded_alloc(VALUES, sizeof *in);
    real *weights = guarded_alloc((size_t)9 * VALUES, sizeof *weights);
    uint16_t *out = guarded_alloc(VALUES, sizeof *out);
    memset(weights, 0, (size_t)9 * VALUES * sizeof *weights);
    for (size_t i = 0; i < VALUES; i++) {
        in[i] = bf16_round(1);
        weights[(i / B * 9 + 4) * B + i % B] = numbers[i];
    }
    const conv_args args = {.out_blocks = VALUES / B,
                            .samples = 1,
                            .height = 1,
                            .width = 1,
                            .stride = 1,
                            .out_height = 1,
                            .out_width = 1,
                            .in = in,
                            .weights = weights,
                            .out = out,
                            .scratch = guarded_alloc(kernel_depthwise_scratch(1), sizeof(real))};
    k->depthwise_forward(&args);
    guarded_check(k->name);
    compare(k->name, out, numbers, VALUES);
    guarded_release(mark);
}

START_TEST(rounds_to_nearest_even)
{
    static real numbers[VALUES];
    size_t count = 0;
    const kernels *const *tables = kernels_available(KERNEL_STORE_BF16, &count);
    draw_values(numbers);
    for (size_t i = 0; i < count; i++) {
        check_pointwise(tables[i], numbers);
        check_depthwise(tables[i], numbers);
    }
}
END_TEST

/* The reference itself, on numbers worked out by hand. */
START_TEST(the_reference_rounds)
{
    static const struct {
        uint32_t bits;
        uint16_t half;
    } known[] = {
        {0x3f800000, 0x3f80}, {0x3f808000, 0x3f80}, {0x3f808001, 0x3f81}, {0x3f818000, 0x3f82}, {0x3f7fffff, 0x3f80},
        {0x7f7fffff, 0x7f80}, {0x7f800000, 0x7f80}, {0x00008000, 0x0000}, {0x00018000, 0x0002}, {0xbf808001, 0xbf81},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ck_assert_uint_eq(bf16_round(from_bits(known[i].bits)), known[i].half);
    }
    ck_assert(isnan(bf16_widen(bf16_round(NAN))));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("storage");
    tcase_add_test(cases, the_reference_rounds);
    tcase_add_test(cases, rounds_to_nearest_even);
    return suite_run("storage", cases);
}
