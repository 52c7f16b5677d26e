/* What fsck says of files that are whole and not Lockstep's. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "cli/command.h"
#include "cli/fsck_file.h"
#include "io/h5.h"

static char path[] = "/tmp/lockstep-fsck-XXXXXX";
const command *const commands[] = {NULL}; /* main has the table */

/* An HDF5 file with one array of this name. */
static fsck_verdict check_with(const char *name, char *text, size_t size)
{
    const float values[4] = {1, 2, 3, 4};
    const size_t dims[2] = {2, 2};
    problems found = {0};
    const fsck_job job = {.path = path};
    h5_file *f = NULL;
    ck_assert_msg(h5_create(&f, path) == LS_OK, "%s", error_message());
    ck_assert_int_eq(h5_write(f, name, H5_FLOAT32, 2, dims, values), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    return fsck_check_file(text, size, &found, &job);
}

START_TEST(what_is_not_ours_is_not_called_damaged)
{
    char text[1024];
    ck_assert_int_eq(check_with("temperatures", text, sizeof text), FSCK_FOREIGN);
    ck_assert_ptr_nonnull(strstr(text, "neither a data set nor a checkpoint nor a log"));
    ck_assert_int_eq(check_with("layers/dense/vars/0", text, sizeof text), FSCK_FOREIGN);
    ck_assert_ptr_nonnull(strstr(text, "a weights file of Keras for another network"));
    ck_assert_int_eq(check_with("epochs", text, sizeof text), FSCK_DAMAGED);
}
END_TEST

int main(void)
{
    const int fd = mkstemp(path);
    if (fd < 0) {
        perror(path);
        return EXIT_FAILURE;
    }
    (void)close(fd);
    TCase *cases = tcase_create("fsck_file");
    tcase_add_test(cases, what_is_not_ours_is_not_called_damaged);
    const int result = suite_run("fsck_file", cases);
    (void)unlink(path);
    return result;
}
