/* What is done to pictures in training, against torchvision (augmentations.py), and what is drawn. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/elementary.h"
#include "base/error.h"
#include "data/augment_crop.h"
#include "data/augment_jitter.h"
#include "data/augment_ops.h"
#include "data/augment_policy.h"
#include "data/augment_sample.h"
#include "data/order.h"
#include "io/h5.h"

/* As in augmentations.py. */
enum { NUMBERS = 7, POLICIES = 2, KINDS = AUGMENT_INVERT + 1, WIDTH = 250, HEIGHT = 187 };

static const char *const kind_names[KINDS] = {"Identity",  "ShearX",     "ShearY",       "TranslateX", "TranslateY",
                                              "Rotate",    "Brightness", "Color",        "Contrast",   "Sharpness",
                                              "Posterize", "Solarize",   "AutoContrast", "Equalize",   "Invert"};

typedef struct reference {
    char **names;
    double *numbers; /* [count][NUMBERS]: picture, magnitude or part (4), width, height */
    int32_t *sizes;  /* [pictures][2]: width, height */
    uint8_t *pictures, *outputs;
    size_t count;
} reference;

static void *read_array(h5_file *f, const char *name, h5_type type, size_t bytes)
{
    h5_shape shape;
    ck_assert_int_eq(h5_stat(f, name, &shape), LS_OK);
    void *out = malloc(shape.size * bytes);
    ck_assert_ptr_nonnull(out);
    ck_assert_msg(h5_read(f, name, type, shape.size, out) == LS_OK, "%s", error_message());
    return out;
}

static reference load(void)
{
    h5_file *f = NULL;
    reference r = {0};
    ck_assert_msg(h5_open_packed(&f, REFERENCES) == LS_OK, "%s", error_message());
    ck_assert_int_eq(h5_read_strings(f, "names", &r.names, &r.count), LS_OK);
    r.numbers = read_array(f, "numbers", H5_FLOAT64, sizeof *r.numbers);
    r.sizes = read_array(f, "sizes", H5_INT32, sizeof *r.sizes);
    r.pictures = read_array(f, "pictures", H5_UINT8, 1);
    r.outputs = read_array(f, "outputs", H5_UINT8, 1);
    ck_assert_int_eq(h5_close(f), LS_OK);
    return r;
}

static void release(reference *r)
{
    free(r->names);
    free(r->numbers);
    free(r->sizes);
    free(r->pictures);
    free(r->outputs);
}

/* A copy of the picture of a case. */
static image picture_of(const reference *r, size_t which)
{
    const int32_t *size = r->sizes;
    const uint8_t *from = r->pictures;
    image p = {0};
    for (size_t i = 0; i < which; i++, size += 2) {
        from += (size_t)size[0] * (size_t)size[1] * 3;
    }
    ck_assert_int_eq(image_reserve(&p, (size_t)size[0], (size_t)size[1]), LS_OK);
    memcpy(p.pixels, from, p.width * p.height * 3);
    return p;
}

static void cut(image *p, resize_kernel kernel, const double *part, size_t width, size_t height)
{
    const resize_cut how = {.box = {part[0], part[1], part[2], part[3]}, .alone = true, .kernel = kernel};
    real *out = malloc(width * height * 3 * sizeof *out);
    resize_space space = {0};
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(resize_cut_out(out, width, height, p, &how, RESIZE_UNIT, &space), LS_OK);
    ck_assert_int_eq(image_reserve(p, width, height), LS_OK);
    for (size_t i = 0; i < width * height * 3; i++) {
        p->pixels[i] = (uint8_t)(out[i] * 255 + (real)0.5);
    }
    resize_space_release(&space);
    free(out);
}

/* Do what a case names; returns the largest difference that it may have. */
static int work(image *p, const char *name, const double *numbers)
{
    image spare = {0};
    if (strcmp(name, "hue") == 0) {
        augment_hue(p, numbers[1]);
        return 0;
    }
    if (name[0] == 'b' || name[0] == 'n') {
        const resize_kernel kernel = name[0] == 'n'                     ? RESIZE_NEAREST
                                     : name[1] == 'i' && name[2] == 'l' ? RESIZE_LINEAR
                                                                        : RESIZE_CUBIC;
        cut(p, kernel, numbers + 1, (size_t)numbers[5], (size_t)numbers[6]);
        return kernel == RESIZE_NEAREST ? 0 : kernel == RESIZE_LINEAR ? 1 : 2;
    }
    int kind = 0;
    while (kind < KINDS && strcmp(name, kind_names[kind]) != 0) {
        kind++;
    }
    ck_assert_int_lt(kind, KINDS);
    ck_assert_int_eq(image_reserve(&spare, p->width, p->height), LS_OK);
    augment_apply(p, &spare, (augment_operation){(augment_kind)kind, numbers[1]});
    image_release(&spare);
    return 0;
}

START_TEST(as_torchvision)
{
    reference r = load();
    const uint8_t *expected = r.outputs;
    size_t worse = 0;
    for (size_t i = 0; i < r.count; i++) {
        const double *n = r.numbers + i * NUMBERS;
        image p = picture_of(&r, (size_t)n[0]);
        const int allowed = work(&p, r.names[i], n);
        const size_t size = (size_t)n[5] * (size_t)n[6] * 3;
        int most = 0;
        size_t differing = 0;
        for (size_t k = 0; k < size; k++) {
            const int apart = abs(p.pixels[k] - expected[k]);
            most = apart > most ? apart : most;
            differing += apart > 0;
        }
        if (most > allowed) {
            printf("%s of picture %g by %.9g: %zu of %zu values differ, by at most %d\n", r.names[i], n[0], n[1],
                   differing, size, most);
        }
        worse += most > allowed;
        expected += size;
        image_release(&p);
    }
    ck_assert_uint_eq(worse, 0);
    release(&r);
}
END_TEST

START_TEST(magnitudes_are_torchvision_s)
{
    h5_file *f = NULL;
    double expected[POLICIES][KINDS][AUGMENT_BINS];
    ck_assert_int_eq(h5_open_packed(&f, REFERENCES), LS_OK);
    ck_assert_int_eq(h5_read(f, "magnitudes", H5_FLOAT64, sizeof expected / sizeof(double), expected), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    for (int p = 0; p < POLICIES; p++) {
        for (int k = 0; k < AUGMENT_LISTED; k++) {
            for (int bin = 0; bin < AUGMENT_BINS; bin++) {
                const augment_policy policy = p == 0 ? AUGMENT_TRIVIAL : AUGMENT_RAND;
                const double m = augment_magnitude(policy, (augment_kind)k, bin, WIDTH, HEIGHT);
                ck_assert_double_eq_tol(m, expected[p][k][bin], 1e-6 * (1 + m));
                ck_assert(k != AUGMENT_POSTERIZE || m == expected[p][k][bin]);
            }
        }
    }
}
END_TEST

/* Places of an epoch, where what is drawn has about the mean that it should have. */
enum { DRAWS = 20000 };

static chance_place place(uint64_t position)
{
    return (chance_place){.seed = 7, .epoch = 3, .position = position};
}

static const augment_rectangle part = {.scale_min = 0.1, .scale_max = 0.4, .ratio_min = 0.5, .ratio_max = 3};

START_TEST(crops_have_the_areas_and_ratios_asked_for)
{
    double area = 0, ratio = 0, x = 0, y = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        const resize_box b = augment_crop_draw(1000, 900, &part, place(i));
        const double share = b.width * b.height / 900000;
        ck_assert(b.x >= 0 && b.y >= 0 && b.x + b.width <= 1000 && b.y + b.height <= 900);
        ck_assert(floor(b.x) == b.x && floor(b.y) == b.y && floor(b.width) == b.width && floor(b.height) == b.height);
        ck_assert(share > 0.099 && share < 0.401 && b.width / b.height > 0.495 && b.width / b.height < 3.03);
        area += share / DRAWS;
        ratio += elementary_log(b.width / b.height) / DRAWS;
        x += b.width < 1000 ? b.x / (1000 - b.width) / DRAWS : 0.5 / DRAWS;
        y += b.height < 900 ? b.y / (900 - b.height) / DRAWS : 0.5 / DRAWS;
    }
    ck_assert_double_eq_tol(area, 0.25, 0.005); /* wide ones of a large area do not fit, and are drawn again */
    ck_assert_double_eq_tol(ratio, (elementary_log(0.5) + elementary_log(3)) / 2, 0.02);
    ck_assert(fabs(x - 0.5) < 0.01 && fabs(y - 0.5) < 0.01);
}
END_TEST

START_TEST(crops_that_do_not_fit_are_centred)
{
    const augment_rectangle wide = {.scale_min = 1, .scale_max = 1, .ratio_min = 1, .ratio_max = 1.25};
    const resize_box lying = augment_crop_draw(301, 20, &wide, place(1));
    ck_assert(lying.width == 25 && lying.height == 20 && lying.x == 138 && lying.y == 0);
    const resize_box standing = augment_crop_draw(20, 301, &wide, place(1));
    ck_assert(standing.width == 20 && standing.height == 20 && standing.x == 0 && standing.y == 140);
    const augment_rectangle none = {0};
    const resize_box least = augment_crop_draw(5, 3, &none, place(1));
    ck_assert(least.width >= 1 && least.height >= 1);
    for (uint64_t i = 0; i < 200; i++) {
        const resize_box b = augment_crop_draw(1, 1 + i % 3, &part, place(i));
        ck_assert(b.width == 1 && b.height >= 1 && b.y + b.height <= (double)(1 + i % 3));
    }
}
END_TEST

START_TEST(what_is_erased_lies_inside)
{
    const augment_rectangle r = {.scale_min = 0.02, .scale_max = 0.33, .ratio_min = 0.3, .ratio_max = 3.3};
    double area = 0, ratio = 0;
    int erased = 0;
    int flipped = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        const resize_box b = augment_erase_draw(300, 200, &r, 0.25, place(i));
        ck_assert(b.x >= 0 && b.y >= 0 && b.x + b.width <= 300 && b.y + b.height <= 200);
        flipped += augment_flip_draw(0.3, place(i));
        if (b.width > 0) {
            erased++;
            area += b.width * b.height / 60000;
            ratio += b.height / b.width > 1;
        }
    }
    ck_assert(abs(erased - DRAWS / 4) < 250 && abs(flipped - DRAWS * 3 / 10) < 250);
    ck_assert_double_eq_tol(area / erased, 0.172, 0.01);
    ck_assert_double_eq_tol(ratio / erased, 0.48, 0.03); /* high ones of a large area do not fit */
    ck_assert(!augment_flip_draw(0, place(1)) && augment_flip_draw(1, place(1)));
}
END_TEST

START_TEST(policies_draw_all_operations_alike)
{
    augment_options o = {.policy = AUGMENT_TRIVIAL, .magnitude = 9};
    for (int turn = 0; turn < POLICIES; turn++) {
        int kinds[AUGMENT_LISTED] = {0};
        int negative = 0, turned = 0;
        double degrees = 0;
        for (uint64_t i = 0; i < DRAWS; i++) {
            const chance_place at = place(i);
            chance c = chance_start(&at, CHANCE_POLICY);
            const augment_operation d = augment_policy_draw(&o, 224, 224, &c);
            kinds[d.kind]++;
            if (d.kind == AUGMENT_ROTATE) {
                degrees += fabs(d.magnitude);
                negative += d.magnitude < 0;
                turned++;
            }
        }
        for (int k = 0; k < AUGMENT_LISTED; k++) {
            ck_assert_int_lt(abs(kinds[k] - DRAWS / AUGMENT_LISTED), 170);
        }
        ck_assert_double_eq_tol(degrees / turned, turn == 0 ? 67.5 : 9, turn == 0 ? 4 : 1e-9);
        ck_assert_double_eq_tol((double)negative / turned, turn == 0 ? 0.48 : 0.5, 0.05);
        o.policy = AUGMENT_RAND;
    }
}
END_TEST

START_TEST(jitter_draws_order_and_amounts)
{
    const augment_options o = {.brightness = 0.5, .contrast = 2, .saturation = 0.25, .hue = 0.125};
    int orders[256] = {0};
    int seen = 0;
    double sums[JITTER_PARTS] = {0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        const augment_jitter j = augment_jitter_draw(&o, place(i));
        orders[j.order[0] + 4 * j.order[1] + 16 * j.order[2] + 64 * j.order[3]]++;
        ck_assert(j.amounts[JITTER_BRIGHTNESS] >= 0.5 && j.amounts[JITTER_BRIGHTNESS] < 1.5);
        ck_assert(j.amounts[JITTER_CONTRAST] >= 0 && j.amounts[JITTER_CONTRAST] < 3);
        ck_assert(j.amounts[JITTER_SATURATION] >= 0.75 && j.amounts[JITTER_SATURATION] < 1.25);
        ck_assert(fabs(j.amounts[JITTER_HUE]) <= 0.125);
        for (int k = 0; k < JITTER_PARTS; k++) {
            sums[k] += j.amounts[k] / DRAWS;
        }
    }
    for (int k = 0; k < 256; k++) {
        seen += orders[k] > 0;
        ck_assert(orders[k] == 0 || abs(orders[k] - DRAWS / 24) < 130);
    }
    ck_assert_int_eq(seen, 24);
    ck_assert(fabs(sums[JITTER_BRIGHTNESS] - 1) < 0.01 && fabs(sums[JITTER_CONTRAST] - 1.5) < 0.02);
    ck_assert(fabs(sums[JITTER_SATURATION] - 1) < 0.01 && fabs(sums[JITTER_HUE]) < 0.003);
}
END_TEST

enum { SIDE = 24, VALUES = SIDE * SIDE * 3 };

static void sample(real *out, const data_options *o, chance_place at)
{
    reference r = load();
    image p = picture_of(&r, 0);
    resize_space resizing = {0};
    augment_space space = {0};
    ck_assert_int_eq(augment_sample(out, &p, o, at, &resizing, &space), LS_OK);
    augment_space_release(&space);
    resize_space_release(&resizing);
    image_release(&p);
    release(&r);
}

static bool equal(const real *a, const real *b)
{
    size_t same = 0;
    while (same < VALUES && a[same] == b[same]) {
        same++;
    }
    return same == VALUES;
}

START_TEST(a_place_decides_and_nothing_else)
{
    data_options o = {.height = SIDE, .width = SIDE, .scale = RESIZE_SIGNED};
    real first[VALUES], second[VALUES];
    o.augmentation = (augment_options){.crop = true,
                                       .part = part,
                                       .flip = 0.5,
                                       .policy = AUGMENT_TRIVIAL,
                                       .brightness = 0.4,
                                       .contrast = 0.4,
                                       .saturation = 0.4,
                                       .hue = 0.1};
    sample(first, &o, place(5));
    for (size_t i = 0; i < VALUES; i++) { /* of 8 bits */
        const double v = ((double)first[i] + 1) * 127.5;
        ck_assert(v > -1e-3 && v < 255.001 && fabs(v - floor(v + 0.5)) < 1e-3);
    }
    sample(second, &o, place(5));
    ck_assert(equal(first, second));
    for (int other = 0; other < 3; other++) {
        chance_place at = place(5);
        at.seed += other == 0;
        at.epoch += other == 1;
        at.position += other == 2;
        sample(second, &o, at);
        ck_assert(!equal(first, second));
    }
}
END_TEST

/* Each use draws for itself: what is erased does not change the rest of the picture. */
START_TEST(erasing_leaves_the_rest)
{
    data_options o = {.height = SIDE, .width = SIDE};
    real plain[VALUES], erased[VALUES];
    o.augmentation = (augment_options){.crop = true,
                                       .part = part,
                                       .policy = AUGMENT_RAND,
                                       .operations = 2,
                                       .magnitude = 9,
                                       .erased = part,
                                       .erase_value = 0.375};
    sample(plain, &o, place(9));
    o.augmentation.erase = 1;
    sample(erased, &o, place(9));
    const resize_box b = augment_erase_draw(SIDE, SIDE, &part, 1, place(9));
    for (size_t i = 0; i < VALUES; i++) {
        const size_t column = i / 3 % SIDE;
        const double x = (double)column - b.x;
        const size_t line = i / 3 / SIDE;
        const double y = (double)line - b.y;
        const bool inside = x >= 0 && y >= 0 && x < b.width && y < b.height;
        ck_assert(inside ? erased[i] == (real)0.375 : erased[i] == plain[i]);
    }
    ck_assert(b.width > 0);
}
END_TEST

START_TEST(zeros_change_nothing)
{
    const data_options o = {.height = SIDE, .width = SIDE, .fit = RESIZE_CROP, .scale = RESIZE_SIGNED};
    real out[VALUES], expected[VALUES];
    reference r = load();
    image p = picture_of(&r, 0);
    resize_space space = {0};
    const resize_box box = resize_fit_box(RESIZE_CROP, p.width, p.height, SIDE, SIDE);
    ck_assert_int_eq(resize_picture(expected, SIDE, SIDE, &p, box, false, RESIZE_SIGNED, &space), LS_OK);
    sample(out, &o, place(2));
    ck_assert(equal(out, expected));
    resize_space_release(&space);
    image_release(&p);
    release(&r);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("augment");
    tcase_set_timeout(cases, 600);
    tcase_add_test(cases, as_torchvision);
    tcase_add_test(cases, magnitudes_are_torchvision_s);
    tcase_add_test(cases, crops_have_the_areas_and_ratios_asked_for);
    tcase_add_test(cases, crops_that_do_not_fit_are_centred);
    tcase_add_test(cases, what_is_erased_lies_inside);
    tcase_add_test(cases, policies_draw_all_operations_alike);
    tcase_add_test(cases, jitter_draws_order_and_amounts);
    tcase_add_test(cases, a_place_decides_and_nothing_else);
    tcase_add_test(cases, erasing_leaves_the_rest);
    tcase_add_test(cases, zeros_change_nothing);
    return suite_run("augment", cases);
}
