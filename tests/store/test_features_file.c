#include "store/features_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "suite.h"

static char folder[] = "/tmp/lockstep-features-XXXXXX";
static char path[PATH_MAX];

START_TEST(written_and_read)
{
    const real values[] = {1, 2, 3, 4, 5, 6};
    real back[6] = {0};
    ck_assert_int_eq(features_file_read(back, 2, 3, path, 7), LS_ENOTFOUND);
    ck_assert_int_eq(features_file_write(values, 2, 3, path, 7), LS_OK);
    ck_assert_int_eq(features_file_read(back, 2, 3, path, 7), LS_OK);
    for (int i = 0; i < 6; i++) {
        ck_assert(back[i] == values[i]);
    }
    ck_assert_int_eq(features_file_read(back, 2, 3, path, 8), LS_EFORMAT); /* of other weights */
    ck_assert_int_eq(features_file_read(back, 3, 2, path, 7), LS_EFORMAT);
    (void)unlink(path);
}
END_TEST

/* A byte of the features that is another is found, wherever HDF5 keeps them. */
START_TEST(damaged)
{
    enum { ROWS = 64, WIDTH = 64 };
    real *values = calloc((size_t)ROWS * WIDTH, sizeof *values);
    ck_assert_ptr_nonnull(values);
    ck_assert_int_eq(features_file_write(values, ROWS, WIDTH, path, 7), LS_OK);
    const int fd = open(path, O_RDWR);
    const off_t size = lseek(fd, 0, SEEK_END);
    ck_assert_int_eq(pwrite(fd, "x", 1, size - (off_t)(ROWS * WIDTH)), 1);
    (void)close(fd);
    ck_assert_int_eq(features_file_read(values, ROWS, WIDTH, path, 7), LS_EFORMAT);
    ck_assert_int_eq(truncate(path, size / 2), 0);
    ck_assert_int_ne(features_file_read(values, ROWS, WIDTH, path, 7), LS_OK);
    free(values);
    (void)unlink(path);
}
END_TEST

START_TEST(names)
{
    char name[64];
    ck_assert_int_eq(features_file_name(name, sizeof name, "a/d.h5", 0xab), LS_OK);
    ck_assert_str_eq(name, "a/d.h5.features-00000000000000ab.h5");
    ck_assert_int_eq(features_file_name(name, 20, "a/d.h5", 0xab), LS_EUSAGE);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("features_file");
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    (void)snprintf(path, sizeof path, "%s/f.h5", folder);
    tcase_add_test(cases, written_and_read);
    tcase_add_test(cases, damaged);
    tcase_add_test(cases, names);
    const int failed = suite_run("features_file", cases);
    (void)rmdir(folder);
    return failed;
}
