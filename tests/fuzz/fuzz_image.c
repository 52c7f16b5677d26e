/*
 * The image decoder, and the resizing after it. An input is a picture file; where FUZZ_ONLY names a kind, as for the
 * targets jpeg, png and so on, of that kind alone. Decoding twice gives the same pixels,
 * whatever was in memory before; it can be turned and turned back; and a resized picture stays within its range.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "pictures.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/real.h"
#include "data/augment.h"
#include "data/augment_sample.h"
#include "data/image.h"
#include "data/orientation.h"
#include "data/profile.h"
#include "data/resize.h"

/* Large pictures are slow to decode and show nothing that small ones do not, but for the limits, which are kept. */
enum { MOST_PIXELS = 1 << 18 };

int __real_image_reserve(image *i, size_t width, size_t height);
int __wrap_image_reserve(image *i, size_t width, size_t height);

int __wrap_image_reserve(image *i, size_t width, size_t height)
{
    const int within = width <= IMAGE_MAX_SIDE && height <= IMAGE_MAX_SIDE && width * height <= IMAGE_MAX_PIXELS;
    if (within && width * height > MOST_PIXELS) {
        return error_set(LS_EFORMAT, "more pixels than the harness has time for");
    }
    return __real_image_reserve(i, width, height);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

/* Decode again, into memory with something else in it. */
static void check_decode_again(const image *first, const uint8_t *data, size_t size)
{
    const size_t bytes = first->width * first->height * 3;
    image second = {.background = first->background};
    FUZZ_CHECK(image_reserve(&second, first->width, first->height) == LS_OK);
    for (size_t i = 0; i < bytes; i++) {
        second.pixels[i] = (uint8_t)~first->pixels[i];
    }
    FUZZ_CHECK(image_decode(&second, data, size) == LS_OK);
    FUZZ_CHECK(second.width == first->width && second.height == first->height);
    FUZZ_CHECK(memcmp(second.pixels, first->pixels, bytes) == 0);
    FUZZ_CHECK(second.orientation == first->orientation && strcmp(second.note, first->note) == 0);
    image_release(&second);
}

static int as_small_as_can_be(const void *context, size_t width, size_t height, int orientation)
{
    (void)width;
    (void)height;
    (void)orientation;
    return *(const int *)context;
}

/* Made smaller while it is decoded, it is read as it is whole; what is refused whole may be few enough pixels then. */
static void check_decode_reduced(int code, const image *whole, const uint8_t *data, size_t size)
{
    image smaller = {0};
    const int halvings = 1 + (int)(size % 3);
    const image_wish wish = {as_small_as_can_be, &halvings};
    const int got = image_decode_reduced(&smaller, data, size, &wish);
    fuzz_check_code(got);
    if (code == LS_OK) {
        FUZZ_CHECK(got == LS_OK);
        const size_t by = smaller.reduced.width > 0 ? (size_t)1 << (unsigned)halvings : 1;
        FUZZ_CHECK(smaller.width == (whole->width + by - 1) / by && smaller.height == (whole->height + by - 1) / by);
        FUZZ_CHECK(image_whole_width(&smaller) == whole->width && image_whole_height(&smaller) == whole->height);
        FUZZ_CHECK(smaller.orientation == whole->orientation && strcmp(smaller.note, whole->note) == 0);
    }
    image_release(&smaller);
}

/* Turn by the tag and back again: the same picture. */
static void check_turn(image *picture)
{
    image space = {0};
    const int orientation = picture->orientation;
    const size_t width = picture->width;
    const size_t height = picture->height;
    const uint64_t hash = hash_bytes(HASH_START, picture->pixels, width * height * 3);
    FUZZ_CHECK(orientation >= ORIENTATION_UPRIGHT && orientation <= ORIENTATION_LAST);
    FUZZ_CHECK(orientation_turn(picture, &space) == LS_OK);
    FUZZ_CHECK(picture->orientation == ORIENTATION_UPRIGHT && picture->width == (orientation < 5 ? width : height));
    picture->orientation = orientation == 6 ? 8 : orientation == 8 ? 6 : orientation;
    FUZZ_CHECK(orientation_turn(picture, &space) == LS_OK && picture->width == width && picture->height == height);
    FUZZ_CHECK(hash_bytes(HASH_START, picture->pixels, width * height * 3) == hash);
    image_release(&space);
}

static void check_resize(const image *picture, uint64_t choice)
{
    static const size_t sides[8] = {32, 33, 47, 64, 96, 32, 32, 1};
    const size_t width = sides[choice % 8];
    const size_t height = sides[choice / 8 % 8];
    const resize_scale scale = choice & 64 ? RESIZE_SIGNED : RESIZE_UNIT;
    bool mirror = false;
    resize_space space = {0};
    const resize_box box =
        choice & 128 ? augment_draw(&mirror, picture->width, picture->height, choice & 256 ? 0.08 : 1e-9, 1, 2, choice)
                     : resize_fit_box(choice & 512 ? RESIZE_CROP : RESIZE_STRETCH, picture->width, picture->height,
                                      width, height);
    const size_t n = width * height * 3;
    real *out = malloc(n * sizeof *out);
    FUZZ_CHECK(out != NULL);
    FUZZ_CHECK(resize_picture(out, width, height, picture, box, mirror, scale, &space) == LS_OK);
    const real low = scale == RESIZE_SIGNED ? -1 : 0;
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(out[i] >= low - (real)1e-4 && out[i] <= 1 + (real)1e-4);
    }
    free(out);
    resize_space_release(&space);
}

/* All that training does to a picture by chance, which no picture may make it leave its memory or its range by. */
static void check_augment(const image *picture, uint64_t choice)
{
    static const augment_rectangle part = {.scale_min = 0.01, .scale_max = 1, .ratio_min = 0.1, .ratio_max = 10};
    static real out[33 * 32 * 3];
    const data_options options = {.height = 33,
                                  .width = 32,
                                  .augmentation = {.crop = true,
                                                   .part = part,
                                                   .interpolation = (resize_kernel)(choice % 3),
                                                   .flip = 0.5,
                                                   .policy = choice & 8 ? AUGMENT_RAND : AUGMENT_TRIVIAL,
                                                   .operations = 3,
                                                   .magnitude = (int)(choice / 16 % AUGMENT_BINS),
                                                   .brightness = 2,
                                                   .contrast = 2,
                                                   .saturation = 2,
                                                   .hue = 0.5,
                                                   .erase = 0.5,
                                                   .erased = part}};
    resize_space resizing = {0};
    augment_space space = {0};
    FUZZ_CHECK(augment_sample(out, picture, &options, (chance_place){.position = choice}, &resizing, &space) == LS_OK);
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        FUZZ_CHECK(out[i] >= 0 && out[i] <= 1);
    }
    augment_space_release(&space);
    resize_space_release(&resizing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
#ifdef FUZZ_ONLY
    if (image_kind_of(data, size) != FUZZ_ONLY) {
        return 0;
    }
#endif
    (void)profile_of(data, size);
    image picture = {.background = (image_background)(size % 4)};
    const int code = image_decode(&picture, data, size);
    fuzz_check_code(code);
    check_decode_reduced(code, &picture, data, size);
    if (code == LS_OK) {
        FUZZ_CHECK(picture.width > 0 && picture.height > 0);
        FUZZ_CHECK(picture.width * picture.height * 3 <= picture.capacity);
        check_decode_again(&picture, data, size);
        check_turn(&picture);
        check_resize(&picture, hash_bytes(HASH_START, data, size));
        check_augment(&picture, hash_bytes(HASH_START, data, size));
    }
    image_release(&picture);
    return 0;
}

size_t fuzz_seed(size_t number, uint8_t *out, size_t room)
{
#ifdef FUZZ_ONLY
    for (size_t at = 0, found = 0;; at++) {
        const size_t size = pictures_make(at, out, room);
        if (size == 0 || (image_kind_of(out, size) == FUZZ_ONLY && found++ == number)) {
            return size;
        }
    }
#else
    return pictures_make(number, out, room);
#endif
}
