/* HDF5 files of somebody else as data sets, and pictures that are stored as pixels. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "data/dataset.h"
#include "data/dataset_writer.h"
#include "data/pack.h"
#include "io/h5.h"
#include "scratch.h"
#include "suite.h"

enum { N = 9, H = 3, W = 4, C = 3, SIZE = H * W * C };

static uint8_t value_of(size_t i, size_t place)
{
    return (uint8_t)(37 * i + 11 * place);
}

/* Pictures [n][H][W][C], or with planes; memory that stays until the next call. */
static const uint8_t *pictures_of(size_t n, bool planes)
{
    static uint8_t out[N * SIZE];
    for (size_t i = 0; i < n; i++) {
        for (size_t place = 0; place < SIZE; place++) {
            const size_t at = planes ? place % C * H * W + place / C : place;
            out[i * SIZE + at] = value_of(i, place);
        }
    }
    return out;
}

/* Sample i decoded is the picture `number`. */
static void is_picture(dataset *d, size_t i, size_t number)
{
    dataset_buffer buffer = {0};
    image picture = {0};
    const uint8_t *bytes = NULL;
    size_t size = 0;
    ck_assert_msg(dataset_read(d, i, dataset_samples(d) - i, &buffer, &bytes, &size) == LS_OK, "%s", error_message());
    ck_assert_int_eq(dataset_decode(d, &picture, bytes, size, NULL), LS_OK);
    ck_assert(picture.width == W && picture.height == H && picture.orientation == 1);
    for (size_t place = 0; place < SIZE; place++) {
        ck_assert_uint_eq(picture.pixels[place], value_of(number, place));
    }
    image_release(&picture);
    free(buffer.bytes);
}

static dataset *open_at(const char *name, bool resident)
{
    dataset *d = NULL;
    const int code = resident ? dataset_open(&d, scratch(name)) : dataset_open_unread(&d, scratch(name));
    ck_assert_msg(code == LS_OK, "%s: %s", name, error_message());
    return d;
}

static void refused(const char *name, const char *what)
{
    dataset *d = NULL;
    ck_assert_int_eq(dataset_open(&d, scratch(name)), LS_EUSAGE);
    ck_assert_ptr_null(d);
    ck_assert_msg(strstr(error_message(), what) != NULL && strstr(error_message(), name) != NULL, "'%s': %s", what,
                  error_message());
}

/* A file with arrays of n pictures and labels under these names. */
static h5_file *make(const char *name, const char *images, const char *labels, size_t n)
{
    static const int32_t numbers[N] = {2, 0, 1, 2, 2, 0, 1, 1, 2};
    const size_t dims[4] = {n, H, W, C};
    h5_file *f = NULL;
    ck_assert_int_eq(h5_create(&f, scratch(name)), LS_OK);
    ck_assert_int_eq(h5_write(f, images, H5_UINT8, 4, dims, pictures_of(n, false)), LS_OK);
    ck_assert_int_eq(h5_write(f, labels, H5_INT32, 1, dims, numbers), LS_OK);
    return f;
}

START_TEST(arrays_are_a_data_set)
{
    const uint8_t split[N] = {0, 0, 1, 0, 2, 0, 0, 0, 1};
    static const char *const names[] = {"ant", "bee", "cat", "dog"};
    h5_file *f = make("own.h5", "images", "labels", N);
    ck_assert_int_eq(h5_write(f, "split", H5_UINT8, 1, (size_t[]){N}, split), LS_OK);
    ck_assert_int_eq(h5_write_strings(f, "classes", names, 4), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    uint64_t prints[2] = {0};
    for (int resident = 0; resident < 2; resident++) {
        dataset *d = open_at("own.h5", resident != 0);
        ck_assert(dataset_is_foreign(d) && dataset_samples(d) == N && dataset_classes(d) == 4);
        ck_assert_str_eq(dataset_class_name(d, 3), "dog");
        ck_assert_str_eq(dataset_name(d, 7), "images/7");
        ck_assert(dataset_count(d, DATASET_TRAIN) == 6 && dataset_count(d, DATASET_VAL) == 2);
        ck_assert_int_eq(dataset_split_of(d, 4), DATASET_TEST);
        ck_assert_int_eq(dataset_label(d, 1), 0);
        for (size_t i = 0; i < N; i++) {
            is_picture(d, N - 1 - i, N - 1 - i);
        }
        prints[resident] = dataset_fingerprint(d);
        dataset_free(d);
    }
    ck_assert(prints[0] == prints[1] && prints[0] != 0);
    uint8_t other = 77; /* another pixel is another set */
    ck_assert_int_eq(h5_close(make("other.h5", "images", "labels", N)), LS_OK);
    dataset *d = open_at("other.h5", true);
    const uint64_t without = dataset_fingerprint(d);
    dataset_free(d);
    FILE *file = fopen(scratch("other.h5"), "r+b");
    uint8_t bytes[32768];
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    const uint8_t *at = memmem(bytes, n, pictures_of(N, false), SIZE);
    ck_assert_ptr_nonnull(at);
    ck_assert_int_eq(fseek(file, at - bytes, SEEK_SET), 0);
    ck_assert_uint_eq(fwrite(&other, 1, 1, file), 1);
    ck_assert_int_eq(fclose(file), 0);
    d = open_at("other.h5", true);
    ck_assert(dataset_fingerprint(d) != without);
    dataset_free(d);
}
END_TEST

START_TEST(pairs_of_arrays_are_splits)
{
    const size_t dims[4] = {4, H, W, C};
    h5_file *f = make("pairs.h5", "x_train", "y_train", 5);
    ck_assert_int_eq(h5_write(f, "x_test", H5_UINT8, 4, dims, pictures_of(4, false)), LS_OK);
    ck_assert_int_eq(h5_write(f, "y_test", H5_INT64, 2, (size_t[]){4, 1}, (int64_t[]){0, 1, 0, 11}), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    for (int resident = 0; resident < 2; resident++) {
        dataset *d = open_at("pairs.h5", resident != 0);
        ck_assert(dataset_samples(d) == 9 && dataset_count(d, DATASET_TEST) == 4 && dataset_classes(d) == 12);
        ck_assert_str_eq(dataset_name(d, 6), "x_test/1");
        ck_assert_str_eq(dataset_class_name(d, 11), "11");
        ck_assert_int_eq(dataset_label(d, 8), 11);
        for (size_t i = 0; i < 9; i++) {
            is_picture(d, i, i < 5 ? i : i - 5);
        }
        dataset_free(d);
    }
}
END_TEST

/* Channels before rows, and none. */
START_TEST(other_orders_of_pixels)
{
    h5_file *f = NULL;
    const int32_t labels[N] = {0};
    ck_assert_int_eq(h5_create(&f, scratch("planes.h5")), LS_OK);
    ck_assert_int_eq(h5_write(f, "images", H5_UINT8, 4, (size_t[]){N, C, H, W}, pictures_of(N, true)), LS_OK);
    ck_assert_int_eq(h5_write(f, "labels", H5_INT32, 1, (size_t[]){N}, labels), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    dataset *d = open_at("planes.h5", true);
    is_picture(d, 4, 4);
    dataset_free(d);
    const pack_input input = {.path = strdup(scratch("planes.h5"))};
    ck_assert_msg(pack_sample_files(&input, 1, scratch("repacked.h5"), &(pack_samples_options){0}, NULL) == LS_OK, "%s",
                  error_message());
    free((char *)input.path);
    d = open_at("repacked.h5", true);
    ck_assert(!dataset_is_foreign(d) && dataset_stored(d)->height == 0);
    is_picture(d, 4, 4);
    dataset_free(d);

    ck_assert_int_eq(h5_create(&f, scratch("gray.h5")), LS_OK);
    ck_assert_int_eq(h5_write(f, "X", H5_UINT8, 3, (size_t[]){N, H, W * C}, pictures_of(N, false)), LS_OK);
    ck_assert_int_eq(h5_write(f, "y", H5_INT32, 1, (size_t[]){N}, labels), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    d = open_at("gray.h5", false);
    dataset_buffer buffer = {0};
    image picture = {0};
    const uint8_t *bytes = NULL;
    size_t size = 0;
    ck_assert_int_eq(dataset_read(d, 2, 1, &buffer, &bytes, &size), LS_OK);
    ck_assert_int_eq(dataset_decode(d, &picture, bytes, size, NULL), LS_OK);
    ck_assert(picture.width == W * C && picture.height == H);
    for (size_t place = 0; place < SIZE; place++) {
        for (size_t c = 0; c < 3; c++) {
            ck_assert_uint_eq(picture.pixels[3 * place + c], value_of(2, place));
        }
    }
    image_release(&picture);
    free(buffer.bytes);
    dataset_free(d);
}
END_TEST

/* Compressed, in chunks of parts of pictures, names of any length; made by h5py (arrays.py). */
START_TEST(files_of_h5py)
{
    static const char *const files[] = {ARRAYS "/arrays.h5", ARRAYS "/arrays_block.h5"};
    for (size_t f = 0; f < 2; f++) {
        dataset *d = NULL;
        ck_assert_msg(dataset_open_unread(&d, files[f]) == LS_OK, "%s", error_message());
        ck_assert(dataset_samples(d) == 20 && dataset_classes(d) == 3);
        ck_assert_uint_eq(dataset_count(d, DATASET_VAL), f == 0 ? 4 : 0);
        ck_assert_str_eq(dataset_class_name(d, 1), f == 0 ? "größe" : "1");
        ck_assert(pack_is_samples(files[f]));
        dataset_buffer buffer = {0};
        for (size_t i = 0; i < 20; i++) {
            const uint8_t *bytes = NULL;
            size_t size = 0;
            ck_assert_int_eq(dataset_label(d, i), (int32_t)(i % 3));
            ck_assert_msg(dataset_read(d, i, i % 2 == 0 ? 1 : 20 - i, &buffer, &bytes, &size) == LS_OK, "%s",
                          error_message());
            ck_assert_uint_eq(size, 6 * 5 * 3);
            for (size_t place = 0; place < size; place++) {
                ck_assert_uint_eq(bytes[place], value_of(i, place));
            }
        }
        free(buffer.bytes);
        dataset_free(d);
    }
}
END_TEST

START_TEST(wrong_arrays_are_refused)
{
    h5_file *f = NULL;
    const float real_pixels[2 * SIZE] = {0};
    const size_t dims[4] = {2, H, W, C};
    ck_assert_int_eq(h5_create(&f, scratch("real.h5")), LS_OK);
    ck_assert_int_eq(h5_write(f, "images", H5_FLOAT32, 4, dims, real_pixels), LS_OK);
    ck_assert_int_eq(h5_write(f, "labels", H5_INT32, 1, dims, (int32_t[]){0, 1}), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    refused("real.h5", "images does not hold bytes (uint8)");
    ck_assert_int_eq(h5_create(&f, scratch("shape.h5")), LS_OK);
    ck_assert_int_eq(h5_write(f, "images", H5_UINT8, 4, (size_t[]){2, 2, W, 2}, pictures_of(2, false)), LS_OK);
    ck_assert_int_eq(h5_write(f, "labels", H5_INT32, 1, dims, (int32_t[]){0, 1}), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    refused("shape.h5", "is not of shape [n][height][width]");
    ck_assert_int_eq(h5_create(&f, scratch("labels.h5")), LS_OK);
    ck_assert_int_eq(h5_write(f, "images", H5_UINT8, 4, dims, pictures_of(2, false)), LS_OK);
    ck_assert_int_eq(h5_write(f, "labels", H5_INT32, 2, (size_t[]){2, 10}, (int32_t[20]){0}), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    refused("labels.h5", "labels has 20 numbers for 2 pictures");
    f = make("negative.h5", "x", "label", 3);
    ck_assert_int_eq(h5_write(f, "y", H5_INT32, 1, (size_t[]){3}, (int32_t[]){0, -1, 2}), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    refused("negative.h5", "y: that of picture 1 is -1");
    f = make("split.h5", "images", "labels", 3);
    ck_assert_int_eq(h5_write(f, "split", H5_UINT8, 1, (size_t[]){3}, (uint8_t[]){0, 1, 3}), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    refused("split.h5", "split: that of picture 2 is 3; it is 0 (training)");
    f = make("minus.h5", "images", "labels", 3);
    ck_assert_int_eq(h5_write(f, "split", H5_INT32, 1, (size_t[]){3}, (int32_t[]){0, 1, -1}), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    refused("minus.h5", "split: that of picture 2 is -1");
    f = make("half.h5", "x", "label", 3);
    ck_assert_int_eq(h5_write(f, "y", H5_FLOAT64, 1, (size_t[]){3}, (double[]){0, 0.5, 2}), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    refused("half.h5", "y: that of picture 1 is 0.5; classes are whole numbers");
    f = make("numbers.h5", "images", "labels", 3);
    ck_assert_int_eq(h5_write(f, "classes", H5_INT32, 1, (size_t[]){3}, (int32_t[]){0, 1, 2}), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    refused("numbers.h5", "classes holds no texts");
    f = make("names.h5", "images", "labels", 3);
    ck_assert_int_eq(h5_write_strings(f, "classes", (const char *[]){"one", "two"}, 2), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    refused("names.h5", "classes has fewer names than there are classes");
    f = make("sizes.h5", "images", "labels", 3);
    ck_assert_int_eq(h5_write(f, "test_images", H5_UINT8, 3, (size_t[]){1, 2, 2}, pictures_of(1, false)), LS_OK);
    ck_assert_int_eq(h5_write(f, "test_labels", H5_INT32, 1, (size_t[]){1}, (int32_t[]){0}), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    refused("sizes.h5", "images has pictures of another shape");
    ck_assert_int_eq(h5_close(make("none.h5", "pictures", "classes", 3)), LS_OK);
    refused("none.h5", "not a data set of lockstep");
}
END_TEST

/* --- stored as pixels, or in another size ------------------------------------------------------------------------ */

static void pack_noise(const char *out, const pack_storing *storing)
{
    char dir[PATH_MAX];
    (void)snprintf(dir, sizeof dir, "%s", scratch("noise"));
    const pack_directory_options o = {
        .storing = *storing, .val_fraction = 0.25, .maker = {.program = "this", .command = "that"}};
    ck_assert_msg(pack_directory(dir, scratch(out), &o, NULL) == LS_OK, "%s", error_message());
}

static void make_noise(void)
{
    static bool made;
    if (!made) {
        scratch_folder("noise");
        scratch_folder("noise/a");
        scratch_folder("noise/b");
        for (uint64_t i = 0; i < 20; i++) {
            char name[32];
            (void)snprintf(name, sizeof name, "noise/%c/%02d.png", "ab"[i % 2], (int)i);
            scratch_picture(name, i);
        }
        made = true;
    }
}

static void decode(dataset *d, size_t i, image *out)
{
    dataset_buffer buffer = {0};
    const uint8_t *bytes = NULL;
    size_t size = 0;
    ck_assert_int_eq(dataset_read(d, i, 1, &buffer, &bytes, &size), LS_OK);
    ck_assert_int_eq(dataset_decode(d, out, bytes, size, NULL), LS_OK);
    free(buffer.bytes);
}

START_TEST(pictures_are_stored_as_pixels)
{
    make_noise();
    pack_noise("files.h5", &(pack_storing){0});
    pack_noise("pixels.h5", &(pack_storing){.pixels = {.height = 8, .width = 6, .channels = 3}, .fit = RESIZE_CROP});
    dataset *files = open_at("files.h5", true);
    image whole = {0};
    image stored = {0};
    resize_space space = {0};
    for (int resident = 0; resident < 2; resident++) {
        dataset *d = open_at("pixels.h5", resident != 0);
        ck_assert(!dataset_is_foreign(d) && dataset_samples(d) == 20 && dataset_stored(d)->width == 6);
        ck_assert_str_eq(dataset_program(d), "this");
        ck_assert_str_eq(dataset_command(d), "that");
        for (size_t i = 0; i < 20; i++) {
            real wanted[8 * 6 * 3];
            ck_assert_str_eq(dataset_name(d, i), dataset_name(files, i));
            ck_assert_int_eq(dataset_split_of(d, i), dataset_split_of(files, i));
            decode(files, i, &whole);
            decode(d, i, &stored);
            ck_assert(stored.width == 6 && stored.height == 8);
            const resize_box box = resize_fit_box(RESIZE_CROP, whole.width, whole.height, 6, 8);
            ck_assert_int_eq(resize_picture(wanted, 6, 8, &whole, box, false, RESIZE_UNIT, &space), LS_OK);
            for (size_t at = 0; at < 8 * 6 * 3; at++) {
                ck_assert(fabs(wanted[at] * 255 - stored.pixels[at]) <= 0.5001);
            }
        }
        dataset_free(d);
    }
    dataset_free(files);
    resize_space_release(&space);
    image_release(&whole);
    image_release(&stored);
}
END_TEST

START_TEST(damaged_pixels_are_found)
{
    make_noise();
    pack_noise("pixels.h5", &(pack_storing){.pixels = {.height = 8, .width = 6, .channels = 3}});
    dataset *d = open_at("pixels.h5", false);
    dataset_buffer buffer = {0};
    const uint8_t *bytes = NULL;
    size_t size = 0;
    ck_assert_int_eq(dataset_read(d, 3, 1, &buffer, &bytes, &size), LS_OK);
    static uint8_t all[1 << 20];
    FILE *file = fopen(scratch("pixels.h5"), "r+b");
    const size_t n = fread(all, 1, sizeof all, file);
    const uint8_t *at = memmem(all, n, bytes, size);
    ck_assert_ptr_nonnull(at);
    const uint8_t other = (uint8_t)(*at + 1);
    ck_assert_int_eq(fseek(file, at - all, SEEK_SET), 0);
    ck_assert_uint_eq(fwrite(&other, 1, 1, file), 1);
    ck_assert_int_eq(fclose(file), 0);
    dataset_free(d);
    ck_assert_int_eq(dataset_open(&d, scratch("pixels.h5")), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "do not match their checksum"));
    free(buffer.bytes);
}
END_TEST

START_TEST(large_pictures_are_stored_smaller)
{
    make_noise();
    pack_noise("files.h5", &(pack_storing){0});
    pack_noise("small.h5", &(pack_storing){.short_side = 12, .quality = 95});
    dataset *files = open_at("files.h5", true);
    dataset *small = open_at("small.h5", true);
    image whole = {0};
    image stored = {0};
    size_t anew = 0;
    for (size_t i = 0; i < 20; i++) {
        decode(files, i, &whole);
        decode(small, i, &stored);
        const size_t shortest = whole.width < whole.height ? whole.width : whole.height;
        if (shortest <= 12) {
            ck_assert(stored.width == whole.width && stored.height == whole.height);
            ck_assert_mem_eq(stored.pixels, whole.pixels, whole.width * whole.height * 3);
        } else {
            const size_t got = stored.width < stored.height ? stored.width : stored.height;
            ck_assert_uint_eq(got, 12);
            anew++;
        }
    }
    ck_assert(anew > 0 && anew < 20);
    image_release(&whole);
    image_release(&stored);
    dataset_free(files);
    dataset_free(small);
}
END_TEST

/* Of training pictures alone, each as one. */
START_TEST(colours_are_measured)
{
    make_noise();
    pack_noise("files.h5", &(pack_storing){0});
    dataset *d = open_at("files.h5", true);
    image picture = {0};
    double mean[3];
    double deviation[3];
    double sum[3] = {0};
    double square[3] = {0};
    size_t count = 0;
    const uint32_t *train = dataset_indices(d, DATASET_TRAIN, &count);
    ck_assert(dataset_colours(d, mean, deviation) && count < 20);
    for (size_t i = 0; i < count; i++) {
        decode(d, train[i], &picture);
        const size_t n = picture.width * picture.height;
        for (size_t at = 0; at < 3 * n; at++) {
            const double value = picture.pixels[at] / 255.0;
            sum[at % 3] += value / (double)n / (double)count;
            square[at % 3] += value * value / (double)n / (double)count;
        }
    }
    for (size_t c = 0; c < 3; c++) {
        ck_assert_double_eq_tol(mean[c], sum[c], 1e-7);
        ck_assert_double_eq_tol(deviation[c], sqrt(square[c] - sum[c] * sum[c]), 1e-6);
    }
    image_release(&picture);
    dataset_free(d);
}
END_TEST

/* Sums of a large white picture do not run over. */
START_TEST(white_is_white)
{
    enum { SIDE = 700 };
    image white = {0};
    dataset_item item = {0};
    ck_assert_int_eq(image_reserve(&white, SIDE, SIDE), LS_OK);
    memset(white.pixels, 255, (size_t)3 * SIDE * SIDE);
    pack_measure(&item, &white);
    for (size_t c = 0; c < 3; c++) {
        ck_assert(item.measured && item.mean[c] == 1 && item.square[c] == 1);
    }
    image_release(&white);
}
END_TEST

/* Sums by lanes are those of a plain loop, whatever is left behind the last block. */
START_TEST(sums_are_exact)
{
    static const size_t sizes[][2] = {{1, 1}, {7, 9}, {64, 1}, {65, 3}, {200, 123}, {301, 200}};
    image noise = {0};
    dataset_item item = {0};
    uint64_t state = 1;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const size_t n = sizes[k][0] * sizes[k][1];
        uint64_t sum[3] = {0};
        uint64_t square[3] = {0};
        ck_assert_int_eq(image_reserve(&noise, sizes[k][0], sizes[k][1]), LS_OK);
        for (size_t i = 0; i < 3 * n; i++) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            noise.pixels[i] = (uint8_t)(state >> 56);
            sum[i % 3] += noise.pixels[i];
            square[i % 3] += (uint64_t)noise.pixels[i] * noise.pixels[i];
        }
        pack_measure(&item, &noise);
        for (size_t c = 0; c < 3; c++) {
            ck_assert_float_eq(item.mean[c], (float)((double)sum[c] / (double)n / 255));
            ck_assert_float_eq(item.square[c], (float)((double)square[c] / (double)n / (255 * 255)));
        }
    }
    image_release(&noise);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("dataset_arrays");
    scratch_make();
    tcase_add_test(tests, arrays_are_a_data_set);
    tcase_add_test(tests, pairs_of_arrays_are_splits);
    tcase_add_test(tests, other_orders_of_pixels);
    tcase_add_test(tests, files_of_h5py);
    tcase_add_test(tests, wrong_arrays_are_refused);
    tcase_add_test(tests, pictures_are_stored_as_pixels);
    tcase_add_test(tests, damaged_pixels_are_found);
    tcase_add_test(tests, large_pictures_are_stored_smaller);
    tcase_add_test(tests, colours_are_measured);
    tcase_add_test(tests, white_is_white);
    tcase_add_test(tests, sums_are_exact);
    const int result = suite_run("dataset_arrays", tests);
    scratch_remove();
    return result;
}
