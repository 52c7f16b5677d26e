/* The HDF5 door: arrays, slices, strings, attributes, links, growth, damaged files, logs of killed writers. */
#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "h5_change.h"
#include "suite.h"

#include "base/error.h"
#include "io/h5.h"

static char folder[] = "/tmp/lockstep-h5-XXXXXX";
static char path[PATH_MAX];

static void set_up(void)
{
    ck_assert_int_lt(snprintf(path, sizeof path, "%s/file.h5", folder), (int)sizeof path);
}

static void tear_down(void)
{
    (void)unlink(path);
}

#if H5_VERSION_GE(1, 12, 0)
typedef H5O_info1_t object_info;
#else
typedef H5O_info_t object_info;
#endif

/* What is written twice has the same bytes: no array holds the time when it was made. */
START_TEST(no_times)
{
    static const char *const names[] = {"/plain", "/grows", "/texts"};
    static const char *const texts[] = {"a", "b"};
    h5_file *f = NULL;
    const size_t n = 2;
    const int32_t values[2] = {1, 2};
    ck_assert_int_eq(h5_create(&f, path), LS_OK);
    ck_assert_int_eq(h5_write(f, names[0], H5_INT32, 1, &n, values), LS_OK);
    ck_assert_int_eq(h5_create_growing(f, names[1], H5_INT32, 0, 16), LS_OK);
    ck_assert_int_eq(h5_write_strings(f, names[2], texts, 2), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_int_eq(h5_open_write(&f, path), LS_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        hid_t set = -1;
        object_info info;
        h5_enter();
        ck_assert_int_eq(h5_open_set(f, names[i], &set), LS_OK);
        ck_assert_int_ge(H5Oget_info2(set, &info, H5O_INFO_TIME), 0);
        h5_drop(set);
        h5_leave();
        ck_assert_msg(info.ctime == 0 && info.mtime == 0, "%s", names[i]);
    }
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

START_TEST(arrays_round_trip)
{
    h5_file *f = NULL;
    h5_shape shape;
    const size_t dims[3] = {2, 3, 1};
    const float values[6] = {1, -2, 3.5f, 4, 5, 6};
    float back[6] = {0};
    double wide[6] = {0};
    ck_assert_int_eq(h5_create(&f, path), LS_OK);
    ck_assert_str_eq(h5_path(f), path);
    ck_assert_int_eq(h5_write(f, "a/b/values", H5_FLOAT32, 3, dims, values), LS_OK);
    ck_assert_int_eq(h5_write(f, "a/b/values", H5_FLOAT32, 3, dims, values), LS_EIO);
    ck_assert_int_eq(h5_hard_link(f, "/a/b/values", "/c/d"), LS_OK);
    ck_assert_int_eq(h5_make_group(f, "a/b"), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);

    ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
    ck_assert_int_eq(h5_stat(f, "/c/d", &shape), LS_OK);
    ck_assert_int_eq(shape.type, H5_FLOAT32);
    ck_assert_int_eq(shape.rank, 3);
    ck_assert_uint_eq(shape.dims[1], 3);
    ck_assert_uint_eq(shape.size, 6);
    ck_assert_int_eq(h5_read(f, "c/d", H5_FLOAT32, 6, back), LS_OK);
    ck_assert_mem_eq(back, values, sizeof values);
    ck_assert_int_eq(h5_read(f, "c/d", H5_FLOAT64, 6, wide), LS_OK);
    ck_assert_double_eq(wide[2], 3.5);
    ck_assert_int_eq(h5_read(f, "c/d", H5_FLOAT32, 5, back), LS_EFORMAT);
    ck_assert_int_eq(h5_read(f, "c/e", H5_FLOAT32, 6, back), LS_ENOTFOUND);
    ck_assert_ptr_nonnull(strstr(error_message(), "c/e"));
    ck_assert_int_eq(h5_exists(f, "/"), 1);
    ck_assert_int_eq(h5_exists(f, "a/b"), 1);
    ck_assert_int_eq(h5_exists(f, "a/x/y"), 0);
    ck_assert_int_eq(h5_exists(f, "c/d/e"), 0);
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

/* Kept open, and of a file without a name. */
START_TEST(an_array_is_held)
{
    h5_file *f = NULL;
    h5_held *held = NULL;
    const size_t dims[2] = {2, 3};
    const int32_t values[6] = {1, 2, 3, 4, 5, 6};
    const size_t six = 6;
    int32_t back[6] = {0};
    const char *const words[1] = {"word"};
    ck_assert_int_eq(h5_create(&f, path), LS_OK);
    ck_assert_int_eq(h5_write(f, "a/line", H5_INT32, 1, &six, values), LS_OK);
    ck_assert_int_eq(h5_write(f, "table", H5_INT32, 2, dims, values), LS_OK);
    ck_assert_int_eq(h5_write_strings(f, "words", words, 1), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);

    const int descriptor = open(path, O_RDONLY);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(h5_open_read(&f, path), LS_ENOTFOUND);
    ck_assert_msg(h5_open_descriptor(&f, descriptor, "the file") == LS_OK, "%s", error_message());
    ck_assert_int_eq(close(descriptor), 0);
    ck_assert_str_eq(h5_path(f), "the file");
    ck_assert_uint_gt(h5_size(f), sizeof values);
    ck_assert_int_eq(h5_hold(&held, f, "a/none", H5_INT32), LS_ENOTFOUND);
    ck_assert_int_eq(h5_hold(&held, f, "words", H5_INT32), LS_EFORMAT);
    ck_assert_ptr_null(held);
    ck_assert_int_eq(h5_hold(&held, f, "a/line", H5_INT32), LS_OK);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_int_eq(h5_read_held(held, i, 6 - i, back), LS_OK);
        ck_assert_mem_eq(back, values + i, (6 - i) * sizeof *values);
    }
    ck_assert_int_eq(h5_read_held(held, 6, 0, back), LS_OK);
    ck_assert_int_eq(h5_read_held(held, 6, 1, back), LS_EFORMAT);
    ck_assert_int_eq(h5_read_held(held, SIZE_MAX, 2, back), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "the file: a/line"));
    h5_let_go(held);
    h5_let_go(NULL);
    ck_assert_int_eq(h5_close(f), LS_OK);

    const int nothing = open("/dev/null", O_RDONLY);
    ck_assert_int_eq(h5_open_descriptor(&f, nothing, "the file"), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "the file"));
    (void)close(nothing);
}
END_TEST

START_TEST(slices_and_growth)
{
    h5_file *f = NULL;
    h5_shape shape;
    const size_t size = 10;
    const uint8_t bytes[4] = {1, 2, 3, 255};
    const int32_t rows[6] = {1, 2, 3, 4, 5, 6};
    uint8_t back[4] = {0};
    int32_t cells[4] = {0};
    ck_assert_int_eq(h5_create(&f, path), LS_OK);
    ck_assert_int_eq(h5_write(f, "bytes", H5_UINT8, 1, &size, NULL), LS_OK);
    ck_assert_int_eq(h5_write_slice(f, "bytes", H5_UINT8, 6, 4, bytes), LS_OK);
    ck_assert_int_eq(h5_write_slice(f, "bytes", H5_UINT8, 7, 4, bytes), LS_EFORMAT);
    ck_assert_int_eq(h5_read_slice(f, "bytes", H5_UINT8, 5, 4, 1, back), LS_OK);
    ck_assert_uint_eq(back[0], 0);
    ck_assert_uint_eq(back[3], 3);
    ck_assert_int_eq(h5_read_slice(f, "bytes", H5_UINT8, SIZE_MAX, 2, 1, back), LS_EFORMAT);

    ck_assert_int_eq(h5_create_growing(f, "t/rows", H5_INT32, 2, 16), LS_OK);
    ck_assert_int_eq(h5_append(f, "t/rows", H5_INT32, 1, rows), LS_OK);
    ck_assert_int_eq(h5_append(f, "t/rows", H5_INT32, 2, rows + 2), LS_OK);
    ck_assert_int_eq(h5_stat(f, "t/rows", &shape), LS_OK);
    ck_assert_uint_eq(shape.dims[0], 3);
    ck_assert_int_eq(h5_read_slice(f, "t/rows", H5_INT32, 0, 2, 1, cells), LS_EFORMAT);
    ck_assert_int_eq(h5_set_rows(f, "t/rows", 2), LS_OK);
    ck_assert_int_eq(h5_read(f, "t/rows", H5_INT32, 4, cells), LS_OK);
    ck_assert_mem_eq(cells, rows, sizeof cells);
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

START_TEST(strings_and_attributes)
{
    h5_file *f = NULL;
    const char *const names[3] = {"conv2d", "", "dense"};
    char **back = NULL;
    char *text = NULL;
    size_t count = 0;
    uint64_t u = 0;
    int64_t i = 0;
    double d = 0;
    ck_assert_int_eq(h5_create(&f, path), LS_OK);
    ck_assert_int_eq(h5_write_strings(f, "g/names", names, 3), LS_OK);
    ck_assert_int_eq(h5_read_strings(f, "g/names", &back, &count), LS_OK);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(back[0], "conv2d");
    ck_assert_str_eq(back[1], "");
    ck_assert_str_eq(back[2], "dense");
    free(back);
    ck_assert_int_eq(h5_write_attr_strings(f, "/", "layer_names", names, 3), LS_OK);
    ck_assert_int_eq(h5_read_attr_strings(f, "/", "layer_names", &back, &count), LS_OK);
    ck_assert_str_eq(back[2], "dense");
    free(back);
    ck_assert_int_eq(h5_write_attr_strings(f, "g", "none", NULL, 0), LS_OK);
    ck_assert_int_eq(h5_read_attr_strings(f, "g", "none", &back, &count), LS_OK);
    ck_assert_uint_eq(count, 0);
    free(back);
    ck_assert_int_eq(h5_write_attr_string(f, "g", "text", "one"), LS_OK);
    ck_assert_int_eq(h5_write_attr_string(f, "g", "text", "two words"), LS_OK);
    ck_assert_int_eq(h5_read_attr_string(f, "g", "text", &text), LS_OK);
    ck_assert_str_eq(text, "two words");
    free(text);
    ck_assert_int_eq(h5_write_attr(f, "g", "u", H5_UINT64, &(uint64_t){UINT64_MAX}), LS_OK);
    ck_assert_int_eq(h5_write_attr(f, "g", "i", H5_INT64, &(int64_t){-7}), LS_OK);
    ck_assert_int_eq(h5_write_attr(f, "g", "d", H5_FLOAT64, &(double){0.1}), LS_OK);
    ck_assert_int_eq(h5_read_attr(f, "g", "u", H5_UINT64, &u), LS_OK);
    ck_assert_int_eq(h5_read_attr(f, "g", "i", H5_INT64, &i), LS_OK);
    ck_assert_int_eq(h5_read_attr(f, "g", "d", H5_FLOAT64, &d), LS_OK);
    ck_assert(u == UINT64_MAX && i == -7 && d == 0.1);
    ck_assert_int_eq(h5_read_attr(f, "g", "text", H5_INT64, &i), LS_EFORMAT);
    ck_assert_int_eq(h5_read_attr(f, "g", "missing", H5_INT64, &i), LS_ENOTFOUND);
    ck_assert_int_eq(h5_attr_exists(f, "nowhere", "u"), 0);
    ck_assert_int_eq(h5_list(f, "g", &back, &count), LS_OK);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(back[0], "names");
    free(back);
    ck_assert_int_eq(h5_list(f, "x", &back, &count), LS_ENOTFOUND);
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

START_TEST(damaged_files_are_refused)
{
    h5_file *f = NULL;
    const size_t size = 1000;
    const double values[1000] = {1};
    ck_assert_int_eq(h5_open_read(&f, path), LS_ENOTFOUND);
    ck_assert_int_eq(h5_create(&f, path), LS_OK);
    ck_assert_int_eq(h5_write(f, "v", H5_FLOAT64, 1, &size, values), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_int_eq(truncate(path, 4000), 0);
    ck_assert_int_eq(h5_open_read(&f, path), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), path));
    ck_assert_ptr_null(f);
    ck_assert_int_eq(truncate(path, 0), 0);
    ck_assert_int_eq(h5_open_read(&f, path), LS_EFORMAT);
    ck_assert_int_eq(h5_create(&f, "/nowhere/at/all.h5"), LS_EIO);
}
END_TEST

/* An array in chunks, which lie here and there. */
START_TEST(chunks_are_held)
{
    enum { N = 1000, CHUNK = 64 };
    h5_file *f = NULL;
    h5_held *held = NULL;
    int32_t values[N];
    int32_t back[N];
    for (int32_t i = 0; i < N; i++) {
        values[i] = 7 * i;
    }
    ck_assert_int_eq(h5_create(&f, path), LS_OK);
    ck_assert_int_eq(h5_create_growing(f, "a", H5_INT32, 0, CHUNK), LS_OK);
    ck_assert_int_eq(h5_create_growing(f, "b", H5_INT32, 0, CHUNK), LS_OK);
    for (size_t i = 0; i < N; i += 50) {
        ck_assert_int_eq(h5_append(f, "a", H5_INT32, 50, values + i), LS_OK);
        ck_assert_int_eq(h5_append(f, "b", H5_INT32, 50, values), LS_OK);
    }
    ck_assert_int_eq(h5_close(f), LS_OK);
    for (int here = 0; here < 2; here++) {
        h5_read_here(here);
        ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
        ck_assert_int_eq(h5_hold(&held, f, "a", H5_INT32), LS_OK);
        for (size_t i = 0; i < N; i += 37) {
            const size_t count = i % 3 == 0 ? N - i : 1;
            ck_assert_int_eq(h5_read_held(held, i, count, back), LS_OK);
            ck_assert_mem_eq(back, values + i, count * sizeof *values);
        }
        ck_assert_int_eq(h5_read_held(held, N, 1, back), LS_EFORMAT);
        h5_let_go(held);
        ck_assert_int_eq(h5_close(f), LS_OK);
    }
    h5_read_here(0);
}
END_TEST

/* Arrays of pictures, in one piece or in chunks of some of them, of parts of a row, and of another type. */
START_TEST(arrays_of_more_dimensions_are_held)
{
    enum { N = 11, H = 3, W = 5, ROW = H * W * 3 };
    const size_t dims[4] = {N, H, W, 3};
    h5_file *f = NULL;
    h5_held *held = NULL;
    uint8_t values[N * ROW];
    int32_t whole[N * ROW];
    uint8_t back[N * ROW];
    h5_shape shape;
    for (size_t i = 0; i < sizeof values; i++) {
        values[i] = (uint8_t)(i * 37 % 251);
        whole[i] = values[i];
    }
    ck_assert_int_eq(h5_create(&f, path), LS_OK);
    ck_assert_int_eq(h5_write(f, "one", H5_UINT8, 4, dims, values), LS_OK);
    ck_assert_int_eq(h5_write(f, "numbers", H5_INT32, 4, dims, whole), LS_OK);
    ck_assert_int_eq(h5_create_rows(f, "chunks", H5_UINT8, 4, dims, 4), LS_OK);
    ck_assert_int_eq(h5_append(f, "chunks", H5_UINT8, 5, values), LS_OK);
    ck_assert_int_eq(h5_append(f, "chunks", H5_UINT8, N - 5, values + (size_t)5 * ROW), LS_OK);
    ck_assert_int_eq(h5_create_rows(f, "chunks", H5_UINT8, 0, dims, 4), LS_ERROR);
    ck_assert_int_eq(h5_close(f), LS_OK);
    static const char *const names[] = {"one", "chunks", "numbers"};
    for (int here = 0; here < 2; here++) {
        h5_read_here(here);
        ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
        ck_assert_int_eq(h5_stat(f, "chunks", &shape), LS_OK);
        ck_assert_int_eq(shape.rank, 4);
        ck_assert_mem_eq(shape.dims, dims, sizeof dims);
        ck_assert_int_eq(h5_read_slice(f, "chunks", H5_UINT8, 3, 2, ROW, back), LS_OK);
        ck_assert_mem_eq(back, values + (size_t)3 * ROW, (size_t)2 * ROW);
        ck_assert_int_eq(h5_read_slice(f, "chunks", H5_UINT8, 3, 2, ROW - 1, back), LS_EFORMAT);
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            ck_assert_int_eq(h5_hold(&held, f, names[k], H5_UINT8), LS_OK);
            for (size_t start = 0; start < sizeof values; start += 17) {
                const size_t count = start % 2 == 0 ? sizeof values - start : 1;
                ck_assert_int_eq(h5_read_held(held, start, count, back), LS_OK);
                ck_assert_mem_eq(back, values + start, count);
            }
            ck_assert_int_eq(h5_read_held(held, sizeof values, 1, back), LS_EFORMAT);
            h5_let_go(held);
        }
        ck_assert_int_eq(h5_close(f), LS_OK);
    }
    h5_read_here(0);
}
END_TEST

START_TEST(commit_replaces_in_one_move)
{
    h5_file *f = NULL;
    char temporary[PATH_MAX];
    char small[8];
    ck_assert_int_eq(h5_temporary_name(temporary, sizeof temporary, path), LS_OK);
    ck_assert_int_eq(h5_temporary_name(small, sizeof small, path), LS_EUSAGE);
    ck_assert_int_eq(h5_create(&f, temporary), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_int_eq(h5_commit(temporary, path), LS_OK);
    ck_assert_int_ne(access(temporary, F_OK), 0);
    ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

/* Append 100 rows to a log, flushing, and die without closing it. */
static void write_and_die(void)
{
    h5_file *f = NULL;
    if (h5_create_newest(&f, path) == LS_OK && h5_create_growing(f, "v", H5_INT64, 0, 8) == LS_OK &&
        h5_start_swmr(f) == LS_OK) {
        for (int64_t i = 0; i < 100; i++) {
            (void)h5_append(f, "v", H5_INT64, 1, &i);
        }
        (void)h5_flush(f);
        (void)raise(SIGKILL);
    }
    _exit(1);
}

START_TEST(log_of_a_killed_writer_opens)
{
    h5_file *f = NULL;
    int64_t values[100] = {0};
    const int64_t more = 100;
    int status = 0;
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        write_and_die();
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_msg(h5_open_read(&f, path) == LS_OK, "%s", error_message());
    ck_assert_int_eq(h5_read(f, "v", H5_INT64, 100, values), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_msg(h5_open_write(&f, path) == LS_OK, "%s", error_message());
    ck_assert_int_eq(h5_append(f, "v", H5_INT64, 1, &more), LS_OK);
    ck_assert_int_eq(h5_set_rows(f, "v", 50), LS_OK);
    ck_assert_msg(h5_start_swmr(f) == LS_OK, "%s", error_message());
    ck_assert_int_eq(h5_append(f, "v", H5_INT64, 1, &more), LS_OK);
    ck_assert_int_eq(h5_flush(f), LS_OK);

    h5_file *reader = NULL; /* follows while the writer has it open */
    ck_assert_msg(h5_open_read(&reader, path) == LS_OK, "%s", error_message());
    ck_assert_int_eq(h5_close(reader), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
    ck_assert_int_eq(h5_read(f, "v", H5_INT64, 51, values), LS_OK);
    ck_assert(values[49] == 49 && values[50] == 100);
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

/* Read a log of so many bytes with each 37th of them damaged, and end; HDF5 does not free all that it took for such. */
_Noreturn static void read_damaged(unsigned char *bytes, size_t size)
{
    int64_t values[100];
    (void)alarm(600);
    for (size_t at = 0; at < size; at += 37) {
        h5_file *f = NULL;
        bytes[at] ^= 0x10;
        FILE *file = fopen(path, "wb");
        const int written = file != NULL && fwrite(bytes, 1, size, file) == size;
        if (!written || fclose(file) != 0) {
            _exit(1);
        }
        bytes[at] ^= 0x10;
        if (h5_open_read(&f, path) == LS_OK) {
            (void)h5_read(f, "v", H5_INT64, 100, values);
            (void)h5_close(f);
        }
    }
    _exit(0);
}

/* A damaged one may be refused or read; HDF5 must not wait for somebody to complete it. */
START_TEST(damaged_log_of_a_killed_writer_comes_to_an_end)
{
    static unsigned char bytes[1 << 20];
    int status = 0;
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        write_and_die();
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert(size > 1000 && size < sizeof bytes);
    const pid_t reader = fork();
    ck_assert_int_ge(reader, 0);
    if (reader == 0) {
        read_damaged(bytes, size);
    }
    ck_assert_int_eq(waitpid(reader, &status, 0), reader);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
}
END_TEST

int main(void)
{
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    TCase *tests = tcase_create("h5");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, arrays_round_trip);
    tcase_add_test(tests, no_times);
    tcase_add_test(tests, an_array_is_held);
    tcase_add_test(tests, chunks_are_held);
    tcase_add_test(tests, arrays_of_more_dimensions_are_held);
    tcase_add_test(tests, slices_and_growth);
    tcase_add_test(tests, strings_and_attributes);
    tcase_add_test(tests, damaged_files_are_refused);
    tcase_add_test(tests, commit_replaces_in_one_move);
    tcase_add_test(tests, log_of_a_killed_writer_opens);
    tcase_add_test(tests, damaged_log_of_a_killed_writer_comes_to_an_end);
    const int result = suite_run("h5", tests);
    (void)rmdir(folder);
    return result;
}
