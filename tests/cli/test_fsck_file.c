/* What fsck says of files that are whole and not Lockstep's. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state_over.h"
#include "suite.h"

#include "base/error.h"
#include "cli/command.h"
#include "cli/fsck_file.h"
#include "io/h5.h"
#include "network/network.h"

static char path[] = "/tmp/lockstep-fsck-XXXXXX";
const command *const commands[] = {NULL}; /* main has the table */

/* An HDF5 file with one array of this name. */
static fsck_verdict check_with(const char *name, char *text, size_t size)
{
    const float values[4] = {1, 2, 3, 4};
    const size_t dims[2] = {2, 2};
    const fsck_job job = {.path = path};
    h5_file *f = NULL;
    ck_assert_msg(h5_create(&f, path) == LS_OK, "%s", error_message());
    ck_assert_int_eq(h5_write(f, name, H5_FLOAT32, 2, dims, values), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    return fsck_check_file(text, size, &job);
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

/* A whole checkpoint of a network of width alpha whose configuration says another: what fsck finds, in text. */
static void check_width(double alpha, double said, char *text, size_t size)
{
    static char cat[] = "cat", dog[] = "dog";
    static char *classes[] = {cat, dog};
    char yaml[512];
    tensor_table t;
    const fsck_job job = {.path = path};
    const network_spec spec = {.classes = 2, .options = {.batch_norm = true, .alpha = alpha}};
    (void)snprintf(yaml, sizeof yaml,
                   "experiment: {name: run}\ndata: {file: data.h5}\nmodel: {batch_norm: true, alpha: %g}\n"
                   "train: {epochs: 1, batch: 8, learning_rate: 0.1}\n",
                   said);
    ck_assert_int_eq(network_describe(&t, &spec), LS_OK);
    real *weights = calloc(t.weights_size, sizeof *weights);
    real *moving = calloc(t.moving_size, sizeof *moving);
    ck_assert(weights != NULL && moving != NULL);
    const checkpoint_info info = {.config = yaml, .classes = classes, .class_count = 2, .batch_norm = 1};
    ck_assert_msg(write_over(path, &t, weights, moving, &info) == LS_OK, "%s", error_message());
    (void)fsck_check_file(text, size, &job);
    free(weights);
    free(moving);
    tensor_table_release(&t);
}

START_TEST(a_checkpoint_of_another_width_than_its_configuration_says_is_told)
{
    char text[4096];
    check_width(0.35, 0.35, text, sizeof text);
    ck_assert_msg(strstr(text, "shape") == NULL && strstr(text, "key") == NULL, "%s", text);
    check_width(0.35, 1, text, sizeof text);
    ck_assert_msg(strstr(text, "tensor conv2d/kernel has another shape than in the configuration's network") != NULL,
                  "%s", text);
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
    tcase_add_test(cases, a_checkpoint_of_another_width_than_its_configuration_says_is_told);
    const int result = suite_run("fsck_file", cases);
    (void)unlink(path);
    return result;
}
