/* Checkpoints: round trip, both Keras layouts, damage found and named, the newest good one chosen. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "h5_change.h"
#include "small_network.h"
#include "state_over.h"
#include "suite.h"

#include "base/error.h"
#include "io/h5.h"
#include "io/seal.h"
#include "store/checkpoint.h"
#include "store/checkpoint_name.h"

static char folder[64];
static char path[PATH_MAX];
static tensor_table table;
static real weights[SMALL_WEIGHTS], moving[SMALL_MOVING];
static real got_weights[SMALL_WEIGHTS], got_moving[SMALL_MOVING];
static char cat[] = "cat", dog[] = "dog", longer[] = "a longer name";
static char *classes[] = {cat, dog, longer};
static const h5_type real_type = sizeof(real) == 4 ? H5_FLOAT32 : H5_FLOAT64;

static checkpoint_info some_info(uint64_t step)
{
    return (checkpoint_info){.epoch = 2,
                             .step = step,
                             .position = 96,
                             .seed = UINT64_MAX,
                             .config = "model:\n  size: 96\n",
                             .experiment = "bn_l2",
                             .normalization = "x/127.5-1",
                             .program = "0.1.0",
                             .classes = classes,
                             .class_count = SMALL_CLASSES,
                             .height = 96,
                             .width = 64,
                             .batch_norm = 1};
}

static void write_step(uint64_t step)
{
    const checkpoint_info info = some_info(step);
    ck_assert_int_eq(checkpoint_path(path, sizeof path, folder, step), LS_OK);
    ck_assert_msg(write_over(path, &table, weights, moving, &info) == LS_OK, "%s", error_message());
}

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/lockstep-checkpoint-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    small_network(&table);
    small_numbers(weights, SMALL_WEIGHTS, 0.25);
    small_numbers(moving, SMALL_MOVING, -3);
    memset(got_weights, 0, sizeof got_weights);
    memset(got_moving, 0, sizeof got_moving);
}

static void tear_down(void)
{
    char command[PATH_MAX + 16];
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
    tensor_table_release(&table);
}

static void check_same(void)
{
    ck_assert_mem_eq(got_weights, weights, sizeof weights);
    ck_assert_mem_eq(got_moving, moving, sizeof moving);
}

START_TEST(round_trip)
{
    checkpoint_info info;
    write_step(123);
    ck_assert_ptr_nonnull(strstr(path, "/step-00000123.weights.h5"));
    ck_assert_msg(read_over(path, &table, got_weights, got_moving) == LS_OK, "%s", error_message());
    check_same();
    ck_assert_int_eq(checkpoint_read_info(&info, path), LS_OK);
    ck_assert(info.epoch == 2 && info.step == 123 && info.position == 96 && info.seed == UINT64_MAX);
    ck_assert(info.height == 96 && info.width == 64 && info.batch_norm == 1);
    ck_assert(info.weights_hash == hash_over(&table, weights, moving));
    ck_assert_str_eq(info.config, "model:\n  size: 96\n");
    ck_assert_str_eq(info.experiment, "bn_l2");
    ck_assert_str_eq(info.normalization, "x/127.5-1");
    ck_assert_str_eq(info.program, "0.1.0");
    ck_assert_uint_eq(info.class_count, 3);
    ck_assert_str_eq(info.classes[2], "a longer name");
    checkpoint_info_release(&info);
}
END_TEST

static void count_difference(void *context, const char *name, const char *a, const char *b)
{
    (void)a;
    (void)b;
    ck_assert_str_eq(name, "orientation");
    ++*(int *)context;
}

/* Whether pictures were turned: recorded where it is known, absent as in older files where it is not. */
START_TEST(orientation_is_optional)
{
    checkpoint_info read[3];
    h5_file *f = NULL;
    int told = 0;
    for (int i = 0; i < 3; i++) {
        checkpoint_info info = some_info((uint64_t)i);
        info.orientation = (checkpoint_orientation)i;
        ck_assert_int_eq(checkpoint_path(path, sizeof path, folder, 9), LS_OK);
        ck_assert_int_eq(write_over(path, &table, weights, moving, &info), LS_OK);
        ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
        ck_assert_int_eq(h5_attr_exists(f, "lockstep", "orientation_applied"), i > 0);
        ck_assert_int_eq(h5_close(f), LS_OK);
        ck_assert_msg(checkpoint_read_info(&read[i], path) == LS_OK, "%s", error_message());
        ck_assert_int_eq(read[i].orientation, i);
        ck_assert_int_eq(checkpoint_verify(path), LS_OK);
        read[i].step = 0;
    }
    ck_assert_uint_eq(checkpoint_info_difference(&read[0], &read[0], count_difference, &told), 0);
    ck_assert_uint_eq(checkpoint_info_difference(&read[0], &read[1], count_difference, &told), 1);
    ck_assert_uint_eq(checkpoint_info_difference(&read[1], &read[2], count_difference, &told), 1);
    ck_assert_int_eq(told, 2);
    for (int i = 0; i < 3; i++) {
        checkpoint_info_release(&read[i]);
    }
}
END_TEST

/* Write one with this distance and read back what the file says; the checksum of /lockstep too. */
static double distance_of(double written, int *in_file, uint64_t *checksum)
{
    h5_file *f = NULL;
    checkpoint_info info = some_info(7);
    info.moving_distance = written;
    ck_assert_int_eq(checkpoint_path(path, sizeof path, folder, 7), LS_OK);
    ck_assert_int_eq(write_over(path, &table, weights, moving, &info), LS_OK);
    ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
    *in_file = h5_attr_exists(f, "lockstep", "moving_distance");
    ck_assert_int_eq(h5_read_attr(f, "lockstep", "checksum", H5_UINT64, checksum), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_msg(checkpoint_read_info(&info, path) == LS_OK, "%s", error_message());
    ck_assert_int_eq(checkpoint_verify(path), LS_OK);
    const double read = info.moving_distance;
    checkpoint_info_release(&info);
    return read;
}

static void tell_nothing(void *context, const char *name, const char *a, const char *b)
{
    ck_assert_str_eq(name, "moving_distance");
    ck_assert(a != NULL && b != NULL);
    (*(int *)context)++;
}

/* Older files have no such number, and their checksum does not cover it. */
START_TEST(moving_distance_may_be_missing)
{
    int in_file = 0;
    int told = 0;
    uint64_t with = 0;
    uint64_t without = 0;
    ck_assert_double_eq(distance_of(0.75, &in_file, &with), 0.75);
    ck_assert_int_eq(in_file, 1);
    ck_assert_double_nan(distance_of(NAN, &in_file, &without));
    ck_assert_int_eq(in_file, 0);
    ck_assert_uint_eq(with, without);
    checkpoint_info a = some_info(7);
    checkpoint_info b = some_info(7);
    b.moving_distance = NAN;
    ck_assert_uint_eq(checkpoint_info_difference(&a, &b, tell_nothing, &told), 1);
    a.moving_distance = NAN;
    ck_assert_uint_eq(checkpoint_info_difference(&a, &b, tell_nothing, &told), 0);
    ck_assert_int_eq(told, 1);
}
END_TEST

START_TEST(keras_finds_both_layouts)
{
    h5_file *f = NULL;
    char **names = NULL;
    size_t count = 0;
    char *text = NULL;
    static const char *const groups[] = {"vars", "layers/input_layer/vars", "layers/re_lu_1/vars"};
    static const char *const sets[] = {"layers/conv2d/vars/0",
                                       "layers/batch_normalization/vars/3",
                                       "layers/dense/vars/1",
                                       "conv2d/conv2d/kernel:0",
                                       "batch_normalization/batch_normalization/moving_variance:0",
                                       "depthwise_conv2d/depthwise_conv2d/depthwise_kernel:0",
                                       "dense/dense/bias:0"};
    h5_shape shape;
    write_step(1);
    ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        ck_assert_int_eq(h5_list(f, groups[i], &names, &count), LS_OK);
        ck_assert_uint_eq(count, 0);
        free(names);
    }
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        ck_assert_msg(h5_stat(f, sets[i], &shape) == LS_OK, "%s", error_message());
        ck_assert_int_eq(shape.type, real_type);
    }
    ck_assert_int_eq(h5_read_attr_strings(f, "/", "layer_names", &names, &count), LS_OK);
    ck_assert_uint_eq(count, 4);
    ck_assert_str_eq(names[2], "depthwise_conv2d");
    free(names);
    ck_assert_int_eq(h5_read_attr_strings(f, "dense", "weight_names", &names, &count), LS_OK);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(names[0], "dense/kernel:0");
    free(names);
    ck_assert_int_eq(h5_read_attr_string(f, "/", "backend", &text), LS_OK);
    ck_assert_str_eq(text, "tensorflow");
    free(text);
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

START_TEST(keras_files_are_read)
{
    h5_file *f = NULL;
    const char *const layers[2] = {"Conv1", "predictions"};
    const char *const first = "Conv1/kernel:0";
    const char *const last[2] = {"predictions/kernel:0", "predictions/bias:0"};
    const size_t conv[4] = {1, 1, 2, 2};
    const size_t dense[2] = {2, 2};
    tensor_table t;
    tensor_table_init(&t);
    ck_assert_int_eq(tensor_table_add_layer(&t, "conv2d"), 0);
    ck_assert_int_ge(tensor_table_add(&t, TENSOR_CONV_KERNEL, 4, conv, 1), 0);
    ck_assert_int_eq(tensor_table_add_layer(&t, "dense"), 0);
    ck_assert_int_ge(tensor_table_add(&t, TENSOR_DENSE_KERNEL, 2, dense, 0), 0);
    ck_assert_int_ge(tensor_table_add(&t, TENSOR_DENSE_BIAS, 1, dense, 0), 0);
    (void)snprintf(path, sizeof path, "%s/legacy.h5", folder);
    ck_assert_int_eq(h5_create(&f, path), LS_OK);
    ck_assert_int_eq(h5_write(f, "model_weights/Conv1/Conv1/kernel:0", real_type, 4, conv, weights), LS_OK);
    ck_assert_int_eq(h5_write(f, "model_weights/predictions/predictions/kernel:0", real_type, 2, dense, weights + 4),
                     LS_OK);
    ck_assert_int_eq(h5_write(f, "model_weights/predictions/predictions/bias:0", real_type, 1, dense, weights + 8),
                     LS_OK);
    ck_assert_int_eq(h5_write_attr_strings(f, "model_weights", "layer_names", layers, 2), LS_OK);
    ck_assert_int_eq(h5_write_attr_strings(f, "model_weights/Conv1", "weight_names", &first, 1), LS_OK);
    ck_assert_int_eq(h5_write_attr_strings(f, "model_weights/predictions", "weight_names", last, 2), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_msg(read_keras_over(path, &t, got_weights, NULL) == LS_OK, "%s", error_message());
    ck_assert_mem_eq(got_weights, weights, 10 * sizeof(real));
    ck_assert_int_eq(read_over(path, &t, got_weights, NULL), LS_EFORMAT);

    t.tensors[1].shape[1] = 3;
    ck_assert_int_eq(read_keras_over(path, &t, got_weights, NULL), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "dense/kernel has shape (2, 2) where the network has (2, 3)"));
    tensor_table_release(&t);

    write_step(1);
    ck_assert_int_eq(read_keras_over(path, &table, got_weights, got_moving), LS_OK);
    check_same();
}
END_TEST

/* Turn one bit of the file, in the middle of the bytes of `pattern`. */
static void damage(const void *pattern, size_t size)
{
    FILE *file = fopen(path, "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    const long length = ftell(file);
    unsigned char *bytes = malloc((size_t)length);
    ck_assert_ptr_nonnull(bytes);
    rewind(file);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)length, file), (size_t)length);
    unsigned char *at = memmem(bytes, (size_t)length, pattern, size);
    ck_assert_ptr_nonnull(at);
    const long where = at - bytes + (long)size / 2;
    ck_assert_int_eq(fseek(file, where, SEEK_SET), 0);
    ck_assert_int_ne(fputc(bytes[where] ^ 4, file), EOF);
    ck_assert_int_eq(fclose(file), 0);
    free(bytes);
}

/* As a program that damages numbers before it seals them: the checksums inside must notice. */
static void seal_again(void)
{
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(truncate(path, status.st_size - SEAL_SIZE), 0);
    ck_assert_int_eq(seal_append(path), LS_OK);
}

START_TEST(damage_is_found_and_named)
{
    checkpoint_info info;
    write_step(7);
    const state s = state_over(&table, weights, moving);
    damage(state_values(&s, &table.tensors[4]), 4 * sizeof(real));
    ck_assert_int_eq(read_over(path, &table, got_weights, got_moving), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "damaged (its checksum is wrong)"));
    seal_again();
    ck_assert_int_eq(read_over(path, &table, got_weights, got_moving), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "layers/batch_normalization/vars/3"));
    ck_assert_ptr_nonnull(strstr(error_message(), path));
    write_step(7);
    damage("size: 96", 8);
    ck_assert_int_eq(checkpoint_read_info(&info, path), LS_EFORMAT);
    ck_assert_int_eq(checkpoint_verify(path), LS_EFORMAT);
    seal_again();
    ck_assert_int_eq(checkpoint_read_info(&info, path), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "/lockstep is damaged"));
    ck_assert_int_eq(checkpoint_verify(path), LS_EFORMAT);
    write_step(7);
    ck_assert_int_eq(checkpoint_verify(path), LS_OK);
    ck_assert_int_eq(truncate(path, 6000), 0);
    ck_assert_int_eq(read_over(path, &table, got_weights, got_moving), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "cut short: 6000 bytes of "));
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(read_over(path, &table, got_weights, got_moving), LS_ENOTFOUND);
}
END_TEST

static state with_velocity(void)
{
    const state_slot slot = {"velocity", TENSOR_WEIGHTS};
    state s;
    ck_assert_int_eq(state_create(&s, &table, &slot, 1), LS_OK);
    return s;
}

/* The optimizer's vectors and the origin come back; who has no use for them is not bothered. */
START_TEST(all_of_a_state_comes_back)
{
    const checkpoint_info info = some_info(9);
    state s = with_velocity();
    state got = with_velocity();
    small_numbers(state_weights(&s), SMALL_WEIGHTS, 0.25);
    small_numbers(state_moving(&s), SMALL_MOVING, -3);
    small_numbers(s.vectors[STATE_SLOTS].values, SMALL_WEIGHTS, 7);
    s.epoch = 3;
    s.step = 9;
    s.position = 5;
    origin_add(&s.origin, 0, "generic", REAL_NAME);
    origin_add(&s.origin, 4, "avx2", REAL_NAME);
    ck_assert_int_eq(checkpoint_path(path, sizeof path, folder, 9), LS_OK);
    ck_assert_msg(checkpoint_write(path, &s, &info) == LS_OK, "%s", error_message());
    ck_assert_msg(checkpoint_read(path, &got) == LS_OK, "%s", error_message());
    ck_assert(state_hash_all(&got) == state_hash_all(&s));
    ck_assert(got.epoch == 3 && got.step == 9 && got.position == 5 && got.origin.count == 2);
    ck_assert_str_eq(got.origin.spans[1].kernels, "avx2");
    ck_assert_uint_eq(got.origin.spans[1].step, 4);
    ck_assert_str_eq(got.origin.spans[0].numbers, REAL_NAME);
    ck_assert_msg(read_over(path, &table, got_weights, got_moving) == LS_OK, "%s", error_message());
    check_same();
    damage(s.vectors[STATE_SLOTS].values + 20, 4 * sizeof(real));
    seal_again();
    ck_assert_int_eq(checkpoint_read(path, &got), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "lockstep/optimizer/velocity is damaged"));
    ck_assert_int_eq(checkpoint_verify(path), LS_EFORMAT);
    write_step(9);
    ck_assert_int_eq(checkpoint_read(path, &got), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "has no lockstep/optimizer/velocity of "));
    state_release(&got);
    state_release(&s);
}
END_TEST

static void set_format(int64_t format)
{
    struct stat status;
    h5_file *f = NULL;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(truncate(path, status.st_size - SEAL_SIZE), 0);
    ck_assert_int_eq(h5_open_write(&f, path), LS_OK);
    ck_assert_int_eq(h5_write_attr(f, "lockstep", "format", H5_INT64, &(int64_t){format}), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_int_eq(seal_append(path), LS_OK);
}

/* Format 2 has all but the origin and the optimizer's vectors. */
START_TEST(the_format_before_is_read)
{
    checkpoint_info info;
    write_step(7);
    set_format(2);
    ck_assert_msg(checkpoint_read_info(&info, path) == LS_OK, "%s", error_message());
    ck_assert_uint_eq(info.origin.count, 0);
    ck_assert_uint_eq(info.step, 7);
    checkpoint_info_release(&info);
    ck_assert_msg(read_over(path, &table, got_weights, got_moving) == LS_OK, "%s", error_message());
    check_same();
    set_format(1);
    ck_assert_int_eq(checkpoint_read_info(&info, path), LS_EFORMAT);
    set_format(4);
    ck_assert_int_eq(checkpoint_read_info(&info, path), LS_EUSAGE);
}
END_TEST

START_TEST(another_network_is_refused)
{
    const size_t size = 2;
    write_step(7);
    ck_assert_int_eq(tensor_table_add_layer(&table, "dense"), 0);
    ck_assert_int_ge(tensor_table_add(&table, TENSOR_DENSE_BIAS, 1, &size, 0), 0);
    real *more = calloc(table.weights_size, sizeof *more);
    ck_assert_ptr_nonnull(more);
    ck_assert_int_eq(read_over(path, &table, more, got_moving), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "another network"));
    ck_assert_int_eq(read_keras_over(path, &table, more, got_moving), LS_EFORMAT);
    free(more);
}
END_TEST

START_TEST(failed_write_leaves_nothing)
{
    const checkpoint_info info = some_info(1);
    ck_assert_int_eq(write_over("/nowhere/step-00000001.weights.h5", &table, weights, moving, &info), LS_EIO);
    write_step(5);
    char temporary[PATH_MAX];
    ck_assert_int_eq(h5_temporary_name(temporary, sizeof temporary, path), LS_OK);
    ck_assert_int_ne(access(temporary, F_OK), 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("checkpoint");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, round_trip);
    tcase_add_test(tests, orientation_is_optional);
    tcase_add_test(tests, moving_distance_may_be_missing);
    tcase_add_test(tests, keras_finds_both_layouts);
    tcase_add_test(tests, keras_files_are_read);
    tcase_add_test(tests, damage_is_found_and_named);
    tcase_add_test(tests, all_of_a_state_comes_back);
    tcase_add_test(tests, the_format_before_is_read);
    tcase_add_test(tests, another_network_is_refused);
    tcase_add_test(tests, failed_write_leaves_nothing);
    return suite_run("checkpoint", tests);
}
