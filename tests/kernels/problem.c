#include "problem.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "guarded.h"
#include "kernels/pack.h"
#include "kernels/tile.h"

enum { B = KERNEL_BLOCK };

#ifdef LOCKSTEP_DOUBLE
static const double epsilon = DBL_EPSILON;
#else
static const double epsilon = (double)FLT_EPSILON;
#endif

static double tolerance(size_t terms, double size)
{
    return epsilon * (4 * sqrt((double)terms) + 8) * size;
}

size_t blocks_of(size_t channels)
{
    return (channels + B - 1) / B;
}

static double *doubles(size_t n)
{
    return guarded_alloc(n, sizeof(double));
}

/* ---- inputs ---- */

operand operand_new(size_t pixels, size_t channels)
{
    real *packed = guarded_alloc(pixels * blocks_of(channels) * B, sizeof(real));
    return (operand){doubles(pixels * channels), packed, packed};
}

void operand_pack(operand *o, size_t pixels, size_t channels)
{
    memset(o->packed, 0, pixels * blocks_of(channels) * B * sizeof(real));
    for (size_t i = 0; i < pixels * channels; i++) {
        const size_t c = i % channels;
        const real value = (real)o->plain[i];
        o->packed[(c / B * pixels + i / channels) * B + c % B] = value;
        o->plain[i] = (double)value;
    }
}

uint16_t bf16_round(float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    if (isnan(value)) {
        return (uint16_t)(bits >> 16 | 0x40);
    }
    const uint32_t rest = bits & 0xffff;
    const uint32_t kept = bits >> 16;
    return (uint16_t)(kept + (rest > 0x8000 || (rest == 0x8000 && kept & 1)));
}

float bf16_widen(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float value = 0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void *stored_new(kernel_storage storage, size_t n)
{
    return guarded_alloc(n, kernel_stored_size(storage));
}

const real *stored_read(kernel_storage storage, const void *stored, size_t n)
{
    if (storage == KERNEL_STORE_REAL) {
        return stored;
    }
    const uint16_t *half = stored;
    real *out = guarded_alloc(n, sizeof(real));
    for (size_t i = 0; i < n; i++) {
        out[i] = (real)bf16_widen(half[i]);
    }
    return out;
}

void operand_store(const problem *p, operand *o, size_t pixels, size_t channels)
{
    const size_t n = pixels * blocks_of(channels) * B;
    for (size_t i = 0; p->storage == KERNEL_STORE_BF16 && i < pixels * channels; i++) {
        o->plain[i] = (double)bf16_widen(bf16_round((float)o->plain[i]));
    }
    operand_pack(o, pixels, channels);
    if (p->storage == KERNEL_STORE_BF16) {
        uint16_t *half = stored_new(p->storage, n);
        for (size_t i = 0; i < n; i++) {
            half[i] = bf16_round((float)o->packed[i]);
        }
        o->stored = half;
    }
}

static uint64_t draw_below(problem *p, uint64_t bound)
{
    return random_below(p->seed, random_stream(RANDOM_TEST, 0, 0), p->drawn++, bound);
}

double draw(problem *p, double low, double high)
{
    return low + (high - low) * random_unit(p->seed, random_stream(RANDOM_TEST, 0, 0), p->drawn++);
}

void draw_tensor(problem *p, operand *o, size_t pixels, size_t channels, values kind)
{
    *o = operand_new(pixels, channels);
    for (size_t i = 0; i < pixels * channels; i++) {
        switch (kind) {
        case VALUES_ZERO: o->plain[i] = 0; break;
        case VALUES_LARGE: o->plain[i] = draw(p, -1000, 10000); break;
        default: o->plain[i] = draw(p, -3, 3);
        }
    }
    operand_pack(o, pixels, channels);
}

void draw_stored(problem *p, operand *o, size_t pixels, size_t channels, values kind)
{
    draw_tensor(p, o, pixels, channels, kind);
    operand_store(p, o, pixels, channels);
}

void draw_lens(problem *p, operand *scale, operand *shift, size_t channels, values kind)
{
    static const double powers[] = {0.5, 1, 2, -1, -0.5, 4};
    *scale = operand_new(1, channels);
    *shift = operand_new(1, channels);
    for (size_t c = 0; c < channels; c++) {
        const int exact = kind == VALUES_EDGES;
        scale->plain[c] = exact ? powers[draw_below(p, 6)] : draw(p, -2, 2);
        shift->plain[c] = exact ? ((double)draw_below(p, 257) - 128) / 64 : draw(p, -2, 6);
    }
    operand_pack(scale, 1, channels);
    operand_pack(shift, 1, channels);
}

/* What a lens is to show: mostly anything from -5 to 11 with six binary digits, often a kink or a neighbour of one. */
static double draw_edge(problem *p)
{
    static const double kinks[] = {0, 6, 0.015625, -0.015625, 5.984375, 6.015625};
    const uint64_t which = draw_below(p, 16);
    return which < 6 ? kinks[which] : ((double)draw_below(p, 1024) - 320) / 64;
}

void draw_seen(problem *p, operand *z, const operand *scale, const operand *shift, size_t pixels, size_t channels,
               values kind)
{
    if (kind != VALUES_EDGES) {
        draw_stored(p, z, pixels, channels, kind);
        return;
    }
    *z = operand_new(pixels, channels);
    for (size_t i = 0; i < pixels * channels; i++) {
        const double u = draw_edge(p);
        const size_t c = i % channels;
        z->plain[i] = scale == NULL ? u : (u - shift->plain[c]) / scale->plain[c];
    }
    operand_store(p, z, pixels, channels);
}

static void draw_input(problem *p)
{
    const ref_conv *c = &p->conv;
    const int with_lens = (p->flags & LENS) != 0;
    if (with_lens) {
        draw_lens(p, &p->scale, &p->shift, c->cin, p->kind);
    }
    draw_seen(p, &p->in, with_lens ? &p->scale : NULL, &p->shift, ref_in_pixels(c), c->cin, p->kind);
    p->view = (lens){p->scale.packed, p->shift.packed, (p->flags & CLAMP) != 0};
}

static void draw_gradient(problem *p)
{
    const ref_conv *c = &p->conv;
    const size_t pixels = ref_out_pixels(c);
    draw_stored(p, &p->dy, pixels, c->cout, p->kind);
    if (p->flags & GRADIENT_LENS) {
        draw_stored(p, &p->z, pixels, c->cout, p->kind);
        draw_tensor(p, &p->a, 1, c->cout, p->kind);
        draw_tensor(p, &p->b, 1, c->cout, p->kind);
        draw_tensor(p, &p->c, 1, c->cout, p->kind);
        p->dz = (gradient_lens){p->a.packed, p->b.packed, p->c.packed};
    }
}

static void draw_mask(problem *p, size_t pixels, size_t channels)
{
    const int with_lens = (p->flags & MASK_LENS) != 0;
    if (with_lens) {
        draw_lens(p, &p->mask_scale, &p->mask_shift, channels, VALUES_EDGES);
    }
    draw_seen(p, &p->mask_z, with_lens ? &p->mask_scale : NULL, &p->mask_shift, pixels, channels, VALUES_EDGES);
}

void draw_epilogue(problem *p, size_t pixels, size_t channels)
{
    if (p->flags & ADD) {
        draw_stored(p, &p->add, pixels, channels, p->kind);
        p->epilogue.add = p->add.stored;
    }
    if (!(p->flags & MASK_Z)) {
        return;
    }
    if (p->flags & SHARED) {
        p->mask_z = p->in;
        p->mask_scale = p->scale;
        p->mask_shift = p->shift;
    } else {
        draw_mask(p, pixels, channels);
    }
    draw_tensor(p, &p->normal_scale, 1, channels, VALUES_ORDINARY);
    draw_tensor(p, &p->normal_shift, 1, channels, VALUES_ORDINARY);
    p->epilogue.z = p->mask_z.stored;
    p->epilogue.view = (lens){p->mask_scale.packed, p->mask_shift.packed, (p->flags & MASK_CLAMP) != 0};
    p->epilogue.normal_scale = p->normal_scale.packed;
    p->epilogue.normal_shift = p->normal_shift.packed;
}

/* Packing the numbers 0, 1, 2, … tells where each weight went; padding is found by packing them from 1. */
static void draw_weights(problem *p, const conv_ops *ops)
{
    const ref_conv *c = &p->conv;
    const size_t n = ref_weights(c);
    const size_t packed = ops->packed_size(c);
    real *kernel = guarded_alloc(n, sizeof(real));
    p->weights = guarded_alloc(packed, sizeof(real));
    p->weight_at = guarded_alloc(packed, sizeof(size_t));
    for (size_t i = 0; i < n; i++) {
        kernel[i] = (real)(i + 1);
    }
    ops->pack(c, p->weights, kernel);
    for (size_t i = 0; i < packed; i++) {
        p->weight_at[i] = p->weights[i] == 0 ? n : (size_t)p->weights[i] - 1;
    }
    p->kernel = doubles(n);
    for (size_t i = 0; i < n; i++) {
        kernel[i] = p->kind == VALUES_ZERO ? 0 : (real)draw(p, -1, 1);
        p->kernel[i] = (double)kernel[i];
    }
    ops->pack(c, p->weights, kernel);
    if (c->size == 1) {
        p->weights_t = guarded_alloc(packed, sizeof(real));
        pack_matrix_transposed(p->weights_t, kernel, c->cin, c->cout);
    }
}

/* ---- what must come out ---- */

expected expected_new(size_t n)
{
    return (expected){doubles(n), doubles(n)};
}

void look_sizes(double *size, const double *z, size_t pixels, size_t channels, const double *scale, const double *shift)
{
    for (size_t i = 0; i < pixels * channels; i++) {
        const size_t c = i % channels;
        size[i] = scale == NULL ? fabs(z[i]) : fabs(scale[c] * z[i]) + fabs(shift[c]);
    }
}

static void gradient_sizes(const problem *p, double *size, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const size_t c = i % p->conv.cout;
        size[i] = fabs(p->dy.plain[i]);
        if (p->flags & GRADIENT_LENS) {
            size[i] = size[i] * fabs(p->a.plain[c]) + fabs(p->b.plain[c] * p->z.plain[i]) + fabs(p->c.plain[c]);
        }
    }
}

void expect_epilogue(const problem *p, expected *g, size_t pixels, size_t channels)
{
    const ref_lens view = {p->mask_scale.plain, p->mask_shift.plain, (p->flags & MASK_CLAMP) != 0};
    ref_epilogue(g->value, p->add.plain, p->mask_z.plain, pixels, channels, &view);
    for (size_t i = 0; i < pixels * channels; i++) {
        g->size[i] += p->add.plain == NULL ? 0 : fabs(p->add.plain[i]);
        if (p->mask_z.plain != NULL && view.clamp) {
            const double u = ref_look(&view, p->mask_z.plain[i], i % channels);
            g->size[i] = u > 0 && u < 6 ? g->size[i] : 0; /* a masked gradient is exactly 0 */
        }
    }
}

static void expect(problem *p)
{
    const ref_conv *c = &p->conv;
    const size_t ins = ref_in_pixels(c) * c->cin;
    const size_t outs = ref_out_pixels(c) * c->cout;
    const size_t n = ref_weights(c);
    const expected u = expected_new(ins);
    const expected dz = expected_new(outs);
    const ref_lens view = {p->scale.plain, p->shift.plain, (p->flags & CLAMP) != 0};
    ref_look_all(u.value, p->in.plain, ref_in_pixels(c), c->cin, &view);
    look_sizes(u.size, p->in.plain, ref_in_pixels(c), c->cin, p->scale.plain, p->shift.plain);
    ref_gradient_look_all(dz.value, p->dy.plain, p->z.plain, ref_out_pixels(c), c->cout,
                          &(ref_gradient_lens){p->a.plain, p->b.plain, p->c.plain});
    gradient_sizes(p, dz.size, outs);
    double *kernel_size = doubles(n);
    for (size_t i = 0; i < n; i++) {
        kernel_size[i] = fabs(p->kernel[i]);
    }
    p->out = expected_new(outs);
    ref_forward(c, p->out.value, u.value, p->kernel);
    ref_forward(c, p->out.size, u.size, kernel_size);
    p->dweights = expected_new(n);
    ref_backward_weights(c, p->dweights.value, u.value, dz.value);
    ref_backward_weights(c, p->dweights.size, u.size, dz.size);
    if (p->flags & WITH_DX) {
        p->dx = expected_new(ins);
        ref_backward_input(c, p->dx.value, dz.value, p->kernel);
        ref_backward_input(c, p->dx.size, dz.size, kernel_size);
        expect_epilogue(p, &p->dx, ref_in_pixels(c), c->cin);
    }
}

/* ---- comparisons ---- */

static void report(const problem *p, const char *what, size_t pixel, size_t channel, double got, double want,
                   double within)
{
    const ref_conv *c = &p->conv;
    ck_abort_msg("%s, place %zu, channel %zu: %.9g, should be %.9g within %.3g (samples %zu, %zux%zu, %zu to %zu "
                 "channels, size %zu, stride %zu, flags 0x%x, values %d)",
                 what, pixel, channel, got, want, within, c->samples, c->height, c->width, c->cin, c->cout, c->size,
                 c->stride, p->flags, (int)p->kind);
}

static void check_number(const problem *p, const char *what, size_t pixel, size_t channel, double got, double want,
                         double within)
{
    if (!(fabs(got - want) <= within)) { /* also when NaN */
        report(p, what, pixel, channel, got, want, within);
    }
}

/* spacing: of the numbers that a result is rounded to, relative to it. */
static void check_rounded(const problem *p, const char *what, const real *got, const expected *want, size_t pixels,
                          size_t channels, size_t terms, double spacing)
{
    for (size_t i = 0; i < blocks_of(channels) * pixels * B; i++) {
        const size_t pixel = i / B % pixels;
        const size_t c = i / B / pixels * B + i % B;
        const size_t at = pixel * channels + c;
        const int padding = c >= channels;
        const double value = padding ? 0 : want->value[at];
        const double within = padding ? 0 : tolerance(terms, want->size[at]);
        check_number(p, what, pixel, c, (double)got[i], value, within + spacing / 2 * (fabs(value) + within));
    }
}

void check_tensor(const problem *p, const char *what, const real *got, const expected *want, size_t pixels,
                  size_t channels, size_t terms)
{
    check_rounded(p, what, got, want, pixels, channels, terms, 0);
}

const real *check_stored(const problem *p, const char *what, const void *got, const expected *want, size_t pixels,
                         size_t channels, size_t terms)
{
    const real *seen = stored_read(p->storage, got, blocks_of(channels) * pixels * B);
    check_rounded(p, what, seen, want, pixels, channels, terms, p->storage == KERNEL_STORE_BF16 ? 0x1p-7 : 0);
    return seen;
}

static void check_weights(const problem *p, const conv_ops *ops, const char *what, const real *got)
{
    const size_t n = ref_weights(&p->conv);
    for (size_t i = 0; i < ops->packed_size(&p->conv); i++) {
        const size_t at = p->weight_at[i];
        const double within = at == n ? 0 : tolerance(ref_out_pixels(&p->conv), p->dweights.size[at]);
        check_number(p, what, i, at, (double)got[i], at == n ? 0 : p->dweights.value[at], within);
    }
}

/*
 * sums[0][c] = Σ g, sums[1][c] = Σ g·(scale·z + shift), or Σ g² when z is NULL. `run`: additions before they go to
 * double. Long double, because thousands of equal numbers (6, from a clamp) make double's roundings add up in step.
 */
static void check_sums(const problem *p, const char *what, const double *sums, const real *g, const operand *z,
                       const operand *scale, const operand *shift, size_t pixels, size_t channels, size_t run)
{
    const size_t padded = blocks_of(channels) * B;
    for (size_t c = 0; c < padded; c++) {
        long double want[2] = {0}, size[2] = {0};
        for (size_t i = 0; i < pixels && c < channels; i++) {
            const size_t at = (c / B * pixels + i) * B + c % B;
            const double value = (double)g[at];
            const double product = z == NULL ? value : (double)z->packed[at] * scale->plain[c];
            const double add = z == NULL ? 0 : shift->plain[c];
            want[0] += value;
            want[1] += value * (product + add);
            size[0] += fabs(value);
            size[1] += fabs(value) * (fabs(product) + fabs(add));
        }
        check_number(p, what, 0, c, sums[c], (double)want[0], tolerance(run, (double)size[0]));
        check_number(p, what, 1, c, sums[padded + c], (double)want[1], tolerance(run, (double)size[1]));
    }
}

void check_epilogue_sums(const problem *p, const char *what, const double *sums, const real *dx, size_t pixels,
                         size_t channels, size_t run)
{
    check_sums(p, what, sums, dx, &p->mask_z, &p->normal_scale, &p->normal_shift, pixels, channels, run);
}

/* ---- one kernel table on one problem ---- */

void label(char out[64], const kernels *k, const char *what)
{
    (void)snprintf(out, 64, "%s %s %s", k->name, k->storage, what);
}

/* Additions in `real` before a sum goes to double; all of them where the two are the same. */
static size_t sum_run(const ref_conv *c, size_t pixels, size_t width)
{
    if (sizeof(real) == sizeof(double)) {
        return pixels;
    }
    return c->depthwise ? width : PANEL_PIXELS;
}

/* What the first table gave; NULL: not asked for, or not there yet. */
typedef struct first_outputs {
    const void *out, *moments, *dx, *dweights, *sums;
} first_outputs;

/* Every table gives the same bits: *first is what the first one gave, NULL before. */
static void check_same(const void **first, const void *got, size_t size, const char *name)
{
    if (*first == NULL) {
        *first = got;
    }
    ck_assert_msg(memcmp(*first, got, size) == 0, "%s: other bits than the first kernel path's", name);
}

static void check_forward(const conv_ops *ops, const problem *p, const kernels *k, first_outputs *first)
{
    const ref_conv *c = &p->conv;
    const size_t pixels = ref_out_pixels(c);
    const size_t padded = blocks_of(c->cout) * B;
    char name[64];
    conv_outputs o = {.out = stored_new(p->storage, pixels * padded),
                      .scratch = guarded_alloc(ops->scratch_size(c), sizeof(real))};
    o.moments = p->flags & MOMENTS ? guarded_alloc(2 * padded, sizeof(double)) : NULL;
    ops->forward(k, p, &o);
    label(name, k, "forward");
    guarded_check(name);
    const size_t terms = c->depthwise ? 9 : c->size * c->size * c->cin;
    const real *out = check_stored(p, name, o.out, &p->out, pixels, c->cout, terms);
    check_same(&first->out, o.out, pixels * padded * kernel_stored_size(p->storage), name);
    if (o.moments != NULL) {
        label(name, k, "moments");
        check_same(&first->moments, o.moments, 2 * padded * sizeof(double), name);
        check_sums(p, name, o.moments, out, NULL, NULL, NULL, pixels, c->cout, sum_run(c, pixels, c->out_width));
    }
}

static void check_backward(const conv_ops *ops, const problem *p, const kernels *k, first_outputs *first)
{
    const ref_conv *c = &p->conv;
    const size_t pixels = ref_in_pixels(c);
    const size_t padded = blocks_of(c->cin) * B;
    char name[64];
    conv_outputs o = {.dweights = guarded_alloc(ops->packed_size(c), sizeof(real)),
                      .scratch = guarded_alloc(ops->scratch_size(c), sizeof(real))};
    o.dx = p->flags & WITH_DX ? stored_new(p->storage, pixels * padded) : NULL;
    o.sums = p->flags & SUMS && o.dx != NULL ? guarded_alloc(2 * padded, sizeof(double)) : NULL;
    ops->backward(k, p, &o);
    label(name, k, "backward");
    guarded_check(name);
    label(name, k, "dweights");
    check_weights(p, ops, name, o.dweights);
    check_same(&first->dweights, o.dweights, ops->packed_size(c) * sizeof(real), name);
    if (o.dx == NULL) {
        return;
    }
    label(name, k, "dx");
    const real *dx = check_stored(p, name, o.dx, &p->dx, pixels, c->cin, c->depthwise ? 9 : c->cout);
    check_same(&first->dx, o.dx, pixels * padded * kernel_stored_size(p->storage), name);
    if (o.sums != NULL) {
        label(name, k, "gradient sums");
        check_same(&first->sums, o.sums, 2 * padded * sizeof(double), name);
        check_epilogue_sums(p, name, o.sums, dx, pixels, c->cin, sum_run(c, pixels, c->width));
    }
}

static void check_problem(const conv_ops *ops, problem *p)
{
    const size_t mark = guarded_mark();
    draw_input(p);
    draw_gradient(p);
    if (p->flags & WITH_DX) {
        draw_epilogue(p, ref_in_pixels(&p->conv), p->conv.cin);
    }
    draw_weights(p, ops);
    expect(p);
    size_t count = 0;
    const kernels *const *tables = kernels_available(p->storage, &count);
    first_outputs first = {0};
    for (size_t i = 0; i < count; i++) {
        const size_t outputs = guarded_mark();
        check_forward(ops, p, tables[i], &first);
        check_backward(ops, p, tables[i], &first);
        if (i > 0) {
            guarded_release(outputs);
        }
    }
    guarded_release(mark);
}

static void check_flags(const conv_ops *ops, ref_conv conv, values kind, unsigned flags, uint64_t seed)
{
    if (flags & (SUMS | SHARED) && !(flags & MASK_Z)) {
        return; /* there is nothing to sum or to share */
    }
    if (flags & SHARED && flags & MASK_LENS) {
        return; /* the lens is the input's */
    }
    for (kernel_storage storage = 0; storage < KERNEL_STORAGES; storage++) {
        problem p = {.conv = conv, .flags = flags | ops->always, .kind = kind, .storage = storage, .seed = seed};
        check_problem(ops, &p);
    }
}

void check_convolution(const conv_ops *ops, ref_conv conv, values kind, unsigned variants)
{
    static uint64_t seed;
    if (variants == 0) {
        unsigned subset = 0;
        do {
            check_flags(ops, conv, kind, subset, ++seed);
            subset = (subset - ops->allowed) & ops->allowed; /* the next subset of the bits allowed, 0 after the last */
        } while (subset != 0);
    }
    for (unsigned i = 0; i < variants; i++) {
        const uint64_t bits = random_bits(++seed, random_stream(RANDOM_TEST, 1, 0), 0);
        unsigned flags = (unsigned)bits & ops->allowed;
        flags |= flags & (SUMS | SHARED) ? MASK_Z : 0;
        flags &= flags & SHARED ? ~(unsigned)MASK_LENS : ~0U;
        check_flags(ops, conv, kind, flags, seed);
    }
}
