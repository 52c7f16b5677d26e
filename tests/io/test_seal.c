/* The seal: what it covers, and how a file that is not as it was is told from one that never had a seal. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "io/h5.h"
#include "io/seal.h"

static char folder[] = "/tmp/lockstep-seal-XXXXXX";
static char path[PATH_MAX];

static void set_up(void)
{
    (void)snprintf(path, sizeof path, "%s/file.h5", folder);
}

static void tear_down(void)
{
    (void)unlink(path);
}

static void write_bytes(const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

static size_t read_bytes(unsigned char *out, size_t most)
{
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    const size_t n = fread(out, 1, most, f);
    ck_assert_int_eq(fclose(f), 0);
    return n;
}

static seal_state check(void)
{
    seal_state state;
    ck_assert_msg(seal_check(&state, path) == LS_OK, "%s", error_message());
    return state;
}

/* A small HDF5 file, in the oldest or the newest format. */
static void write_hdf5(int newest)
{
    h5_file *f = NULL;
    const size_t size = 100;
    const double values[100] = {1, 2, 3};
    ck_assert_int_eq(newest ? h5_create_newest(&f, path) : h5_create(&f, path), LS_OK);
    ck_assert_int_eq(h5_write(f, "v", H5_FLOAT64, 1, &size, values), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
}

START_TEST(line_can_be_read)
{
    unsigned char bytes[256] = {0};
    write_bytes("abc", 3);
    ck_assert_int_eq(seal_append(path), LS_OK);
    ck_assert_uint_eq(read_bytes(bytes, sizeof bytes - 1), 3 + SEAL_SIZE);
    ck_assert_ptr_nonnull(strstr((char *)bytes, "abc\nlockstep seal 1: 00000000000000000003 bytes, hash "));
    ck_assert_int_eq(bytes[3 + SEAL_SIZE - 1], '\n');
    const seal_state state = check();
    ck_assert(state.verdict == SEAL_GOOD && state.bytes == 3 + SEAL_SIZE && state.sealed == state.bytes);
}
END_TEST

/* Lengths around the blocks of the hash, and none at all. */
START_TEST(any_length_is_sealed)
{
    static const size_t lengths[] = {0, 1, SEAL_SIZE, SEAL_BLOCK - 1, SEAL_BLOCK, SEAL_BLOCK + 1, 3 * SEAL_BLOCK};
    unsigned char *bytes = calloc(3, SEAL_BLOCK);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        write_bytes(bytes, lengths[i]);
        ck_assert_int_eq(seal_append(path), LS_OK);
        ck_assert_int_eq(check().verdict, SEAL_GOOD);
        ck_assert_int_eq(seal_append(path), LS_OK); /* a sealed file is a file */
        ck_assert_int_eq(check().verdict, SEAL_GOOD);
    }
    free(bytes);
}
END_TEST

START_TEST(every_bit_counts)
{
    unsigned char bytes[4096];
    write_hdf5(0);
    ck_assert_int_eq(seal_append(path), LS_OK);
    const size_t n = read_bytes(bytes, sizeof bytes);
    ck_assert(n > SEAL_SIZE && n < sizeof bytes);
    for (size_t i = 0; i < n; i++) {
        bytes[i] ^= (unsigned char)(1u << i % 8);
        write_bytes(bytes, n);
        ck_assert_msg(check().verdict == SEAL_DAMAGED, "byte %zu of %zu", i, n);
        bytes[i] ^= (unsigned char)(1u << i % 8);
    }
}
END_TEST

START_TEST(every_cut_is_told)
{
    unsigned char bytes[8192];
    for (int newest = 0; newest < 2; newest++) {
        write_hdf5(newest);
        ck_assert_int_eq(seal_append(path), LS_OK);
        const size_t n = read_bytes(bytes, sizeof bytes);
        ck_assert(n > SEAL_SIZE && n < sizeof bytes);
        for (size_t cut = 0; cut < n; cut++) {
            write_bytes(bytes, cut);
            const seal_state state = check();
            if (cut == n - SEAL_SIZE) {
                ck_assert_int_eq(state.verdict, SEAL_NONE); /* just the HDF5 file that it was */
            } else {
                ck_assert_msg(state.verdict == SEAL_CUT, "cut to %zu of %zu", cut, n);
                ck_assert_uint_eq(state.sealed, cut < 64 ? 0 : n);
            }
        }
    }
}
END_TEST

START_TEST(hdf5_does_not_mind)
{
    h5_file *f = NULL;
    double values[100] = {0};
    for (int newest = 0; newest < 2; newest++) {
        write_hdf5(newest);
        ck_assert_int_eq(seal_append(path), LS_OK);
        ck_assert_msg(h5_open_read(&f, path) == LS_OK, "%s", error_message());
        ck_assert_int_eq(h5_read(f, "v", H5_FLOAT64, 100, values), LS_OK);
        ck_assert(values[0] == 1 && values[2] == 3 && values[99] == 0);
        ck_assert_int_eq(h5_close(f), LS_OK);
        ck_assert_int_eq(check().verdict, SEAL_GOOD); /* reading changes nothing */
    }
}
END_TEST

START_TEST(others_have_none)
{
    write_hdf5(0);
    ck_assert_int_eq(check().verdict, SEAL_NONE);
    write_bytes("a text that is longer than the first block of an HDF5 file, sixty-four bytes", 76);
    ck_assert_int_eq(check().verdict, SEAL_NONE);
    write_bytes("short", 5);
    ck_assert_int_eq(check().verdict, SEAL_NONE);
    ck_assert_int_eq(seal_holds_text(path, "hort"), 1);
    ck_assert_int_eq(seal_holds_text(path, "shorter"), 0);
    unsigned char *bytes = calloc(2, SEAL_BLOCK); /* a text that lies across two blocks */
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes + SEAL_BLOCK - 3, "needle", 6);
    write_bytes(bytes, 2 * (size_t)SEAL_BLOCK);
    ck_assert_int_eq(seal_holds_text(path, "needle"), 1);
    free(bytes);
}
END_TEST

START_TEST(no_file_is_waited_for)
{
    seal_state state;
    char loop[PATH_MAX + 8];
    ck_assert_int_eq(seal_check(&state, path), LS_ENOTFOUND);
    ck_assert_int_eq(seal_check(&state, folder), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "directory"));
    ck_assert_int_eq(seal_append(folder), LS_EFORMAT);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(seal_check(&state, path), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "pipe"));
    ck_assert_int_eq(seal_check(&state, "/dev/zero"), LS_EFORMAT);
    (void)snprintf(loop, sizeof loop, "%s.loop", path);
    ck_assert_int_eq(symlink(loop, loop), 0);
    ck_assert_int_eq(seal_check(&state, loop), LS_EIO);
    ck_assert_int_eq(unlink(loop), 0);
}
END_TEST

int main(void)
{
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    TCase *tests = tcase_create("seal");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, line_can_be_read);
    tcase_add_test(tests, any_length_is_sealed);
    tcase_add_test(tests, every_bit_counts);
    tcase_add_test(tests, every_cut_is_told);
    tcase_add_test(tests, hdf5_does_not_mind);
    tcase_add_test(tests, others_have_none);
    tcase_add_test(tests, no_file_is_waited_for);
    const int result = suite_run("seal", tests);
    (void)rmdir(folder);
    return result;
}
