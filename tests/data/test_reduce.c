/* Pictures that are made smaller while they are decoded: how much, where their parts lie then, and how little differs.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "data/augment_sample.h"
#include "data/image.h"
#include "data/orientation.h"
#include "turned.h"

enum { WIDTH = 803, HEIGHT = 605, SIDE = 32, VALUES = SIDE * SIDE * 3 }; /* no multiples of 2 */

/* A grey level a pixel, up and down, so that a part that is taken beside its place shows. */
static uint8_t slope(size_t at, size_t period)
{
    const size_t within = at % (2 * period);
    return (uint8_t)(within < period ? within : 2 * period - within);
}

/* The file; for free(). */
static uint8_t *make_jpeg(size_t *size, int orientation)
{
    uint8_t exif[EXIF_SIZE];
    uint8_t *jpeg = NULL;
    uint8_t *pixels = malloc((size_t)WIDTH * HEIGHT * 3);
    ck_assert_ptr_nonnull(pixels);
    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++) {
        pixels[3 * i] = slope(i % WIDTH, 220);
        pixels[3 * i + 1] = slope(i / WIDTH, 180);
        pixels[3 * i + 2] = slope(i % WIDTH + i / WIDTH, 250);
    }
    ck_assert_int_eq(image_encode_jpeg(&jpeg, size, pixels, WIDTH, HEIGHT, 95), LS_OK);
    free(pixels);
    exif_make(exif, (unsigned)orientation, false);
    uint8_t *tagged = turned_jpeg(jpeg, size, exif, sizeof exif);
    ck_assert_ptr_nonnull(tagged);
    free(jpeg);
    return tagged;
}

static data_options whole_picture(data_decode decode)
{
    return (data_options){.height = SIDE, .width = SIDE, .decode = decode};
}

/* As loading does it. Returns how many pixels were decoded. */
static size_t sample_of(real *out, const uint8_t *jpeg, size_t size, const data_options *o, chance_place at, bool turn)
{
    image decoded = {0};
    image space = {0};
    resize_space resizing = {0};
    augment_space augmenting = {0};
    const augment_wish use = {.options = o, .at = at, .turn = turn};
    const image_wish wish = augment_wish_of(&use);
    ck_assert_msg(image_decode_reduced(&decoded, jpeg, size, &wish) == LS_OK, "%s", error_message());
    const size_t pixels = decoded.width * decoded.height;
    if (turn) {
        ck_assert_int_eq(orientation_turn(&decoded, &space), LS_OK);
    }
    ck_assert_int_eq(augment_sample(out, &decoded, o, at, &resizing, &augmenting), LS_OK);
    image_release(&decoded);
    image_release(&space);
    resize_space_release(&resizing);
    augment_space_release(&augmenting);
    return pixels;
}

/* Mean difference of two samples, in grey levels. */
static double difference(const real *a, const real *b)
{
    double sum = 0;
    for (size_t i = 0; i < VALUES; i++) {
        sum += 255 * fabs((double)a[i] - (double)b[i]);
    }
    return sum / VALUES;
}

/* The same samples, nearly: of whole pictures and parts of them, turned in each way. Beside it by one pixel, the mean
 * would differ by about a level. */
START_TEST(nearly_the_same)
{
    real full[VALUES], reduced[VALUES];
    for (int orientation = 1; orientation <= ORIENTATION_LAST; orientation++) {
        size_t size = 0;
        uint8_t *jpeg = make_jpeg(&size, orientation);
        for (uint64_t k = 0; k < 24; k++) {
            const chance_place at = {.seed = 3, .epoch = 1, .position = k};
            data_options o = whole_picture(DECODE_FULL);
            o.augmentation = (augment_options){
                .crop = k % 4 == 1,
                .part = {.scale_min = 0.2, .scale_max = 1, .ratio_min = 0.75, .ratio_max = 1.33},
                .interpolation = k % 3 == 0 ? RESIZE_CUBIC : RESIZE_LINEAR,
                .flip = k % 4 != 3 ? 0.5 : 0,
            };
            o.augment = k % 4 == 3;
            o.augment_min_scale = 0.2;
            o.fit = k % 4 == 2 ? RESIZE_CROP : RESIZE_STRETCH;
            const size_t all = sample_of(full, jpeg, size, &o, at, k % 2 == 0);
            o.decode = DECODE_REDUCED;
            const size_t fewer = sample_of(reduced, jpeg, size, &o, at, k % 2 == 0);
            ck_assert_uint_eq(all, (size_t)WIDTH * HEIGHT);
            ck_assert_uint_lt(3 * fewer, all); /* a half at least, for each of these */
            const double mean = difference(full, reduced);
            ck_assert_msg(mean < 0.5, "orientation %d, sample %d: %g grey levels", orientation, (int)k, mean);
            ck_assert(mean > 0);
        }
        free(jpeg);
    }
}
END_TEST

/* As small as leaves twice the input, for a picture that lies as it will be seen, or on its side. */
START_TEST(as_small_as_is_fine)
{
    static const struct {
        size_t width, height;
        int wide, turned; /* halvings for an input of 32 x 32 and, turned on its side, of 128 x 32 */
    } rows[] = {
        {127, 127, 0, 0}, {128, 128, 1, 0},   {255, 128, 1, 0},  {128, 512, 1, 1},  {256, 256, 2, 0},  {511, 511, 2, 0},
        {512, 512, 3, 1}, {4096, 4096, 6, 4}, {127, 4096, 0, 0}, {256, 1024, 2, 2}, {1024, 256, 2, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        data_options o = whole_picture(DECODE_REDUCED);
        augment_wish use = {.options = &o};
        image_wish wish = augment_wish_of(&use);
        ck_assert_int_eq(wish.halvings(wish.context, rows[i].width, rows[i].height, 1), rows[i].wide);
        ck_assert_int_eq(wish.halvings(wish.context, rows[i].width, rows[i].height, 6), rows[i].wide);
        o.width = 4 * (size_t)SIDE;
        use.turn = true;
        ck_assert_int_eq(wish.halvings(wish.context, rows[i].width, rows[i].height, 6), rows[i].turned);
        use.turn = false;
        ck_assert_int_eq(wish.halvings(wish.context, rows[i].height, rows[i].width, 6), rows[i].turned);
        o.decode = DECODE_FULL;
        ck_assert_int_eq(wish.halvings(wish.context, 4096, 4096, 1), 0);
        o.decode = DECODE_REDUCED;
        o.augmentation = (augment_options){.crop = true,
                                           .part = {.scale_min = 1, .scale_max = 1, .ratio_min = 1, .ratio_max = 1},
                                           .interpolation = RESIZE_NEAREST};
        ck_assert_int_eq(wish.halvings(wish.context, 4096, 4096, 1), 0);
        o.augmentation.interpolation = RESIZE_CUBIC;
        ck_assert_int_eq(wish.halvings(wish.context, 4096, 4096, 1), 4);
    }
}
END_TEST

static int often(const void *context, size_t width, size_t height, int orientation)
{
    (void)width;
    (void)height;
    (void)orientation;
    return *(const int *)context;
}

/* What is decoded, with sizes rounded up; PNG files whole; limits are those of the whole picture. */
START_TEST(sizes)
{
    image i = {0};
    size_t size = 0;
    uint8_t *jpeg = make_jpeg(&size, 1);
    for (int halvings = -1; halvings < 6; halvings++) {
        const image_wish wish = {often, &halvings};
        const size_t by = halvings < 1 ? 1 : halvings < 3 ? (size_t)1 << (unsigned)halvings : 8;
        ck_assert_int_eq(image_decode_reduced(&i, jpeg, size, &wish), LS_OK);
        ck_assert_uint_eq(i.width, (WIDTH + by - 1) / by);
        ck_assert_uint_eq(i.height, (HEIGHT + by - 1) / by);
        ck_assert_uint_eq(image_whole_width(&i), WIDTH);
        ck_assert_uint_eq(image_whole_height(&i), HEIGHT);
        ck_assert_uint_eq(i.reduced.width, by == 1 ? 0 : WIDTH);
        ck_assert_str_eq(i.note, "");
    }
    ck_assert_int_eq(image_decode(&i, jpeg, size), LS_OK); /* what was is forgotten */
    ck_assert_uint_eq(i.reduced.width, 0);
    ck_assert_uint_eq(i.width, WIDTH);
    const int most = 3;
    const image_wish wish = {often, &most};
    ck_assert_int_eq(image_decode_reduced(&i, jpeg, size / 2, &wish), LS_EFORMAT); /* cut off */
    for (size_t at = 0; at + 9 < size; at++) {                                     /* the frame's header */
        if (jpeg[at] == 0xff && jpeg[at + 1] == 0xc0) {
            jpeg[at + 5] = jpeg[at + 7] = 0xea; /* 60000 x 60000 */
            break;
        }
    }
    ck_assert_int_eq(image_decode_reduced(&i, jpeg, size, &wish), LS_EFORMAT);
    ck_assert_msg(strstr(error_message(), "too large") != NULL, "%s", error_message());
    free(jpeg);
    const uint8_t pixels[12] = {0};
    ck_assert_int_eq(image_encode_png(&jpeg, &size, pixels, 2, 2, 3), LS_OK);
    ck_assert_int_eq(image_decode_reduced(&i, jpeg, size, &wish), LS_OK);
    ck_assert(i.width == 2 && i.height == 2 && i.reduced.width == 0);
    free(jpeg);
    image_release(&i);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("reduce");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, nearly_the_same);
    tcase_add_test(c, as_small_as_is_fine);
    tcase_add_test(c, sizes);
    return suite_run("reduce", c);
}
