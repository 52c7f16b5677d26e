/* A checkpoint and its own configuration. */
#include "cli/run_options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/command.h"
#include "model/model.h"
#include "suite.h"

static char path[] = "/tmp/lockstep-run-options-XXXXXX";
const command *const commands[] = {NULL}; /* main has the table */

static char cat[] = "cat", dog[] = "dog";
static char *classes[] = {cat, dog};

/* What `lockstep train` writes for this configuration. */
static checkpoint_info honest(void)
{
    return (checkpoint_info){
        .seed = 1,
        .height = 32,
        .width = 48,
        .batch_norm = 1,
        .config = "experiment:\n  name: x\ndata:\n  file: y\n  height: 32\n  width: 48\n",
        .classes = classes,
        .class_count = 2,
    };
}

/* Write it, sealed and with checksums that are right, and read it as all commands do. */
static int read_back(const checkpoint_info *written)
{
    tensor_table t;
    config c;
    checkpoint_info info;
    ck_assert_int_eq(model_describe(&t, 2, written->batch_norm != 0), LS_OK);
    real *weights = calloc(t.weights_size + 1, sizeof *weights);
    real *moving = calloc(t.moving_size + 1, sizeof *moving);
    ck_assert(weights != NULL && moving != NULL);
    ck_assert_int_eq(checkpoint_write(path, &t, weights, moving, written), LS_OK);
    const int code = run_options_of_checkpoint(&c, &info, path);
    if (code == LS_OK) {
        ck_assert_int_eq(c.data.width, 48);
    }
    config_free(&c);
    checkpoint_info_release(&info);
    tensor_table_release(&t);
    free(weights);
    free(moving);
    return code;
}

START_TEST(agree)
{
    const checkpoint_info info = honest();
    ck_assert_int_eq(read_back(&info), LS_OK);
}
END_TEST

static void check_refused(const checkpoint_info *info, const char *words)
{
    ck_assert_int_eq(read_back(info), LS_EFORMAT);
    ck_assert_msg(strstr(error_message(), words) != NULL, "%s", error_message());
    ck_assert_int_eq(strncmp(error_message(), path, strlen(path)), 0);
}

START_TEST(disagree)
{
    checkpoint_info info = honest();
    info.config = "experiment:\n  name: x\ndata:\n  file: y\n  height: 2048\n  width: 2048\n";
    check_refused(&info, "height is 32 where the configuration has 2048; width is 48 where");
    info = honest();
    info.height = 2048;
    check_refused(&info, "height is 2048 where the configuration has 32; ");
    info = honest();
    info.width = 33;
    check_refused(&info, "width is 33");
    info = honest();
    info.batch_norm = 0;
    check_refused(&info, "batch_norm is 0 where the configuration has 1");
    info = honest();
    info.seed = 2;
    check_refused(&info, "seed is 2");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("run_options");
    tcase_add_test(cases, agree);
    tcase_add_test(cases, disagree);
    const int file = mkstemp(path);
    const int result = file < 0 ? EXIT_FAILURE : suite_run("run_options", cases);
    close(file);
    unlink(path);
    return result;
}
