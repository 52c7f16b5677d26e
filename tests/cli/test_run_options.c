/* A checkpoint and its own configuration. */
#include "cli/run_options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/command.h"
#include "network/network.h"
#include "state_over.h"
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
    const network_spec spec = {.classes = written->class_count, .options.batch_norm = written->batch_norm != 0};
    ck_assert_int_eq(network_describe(&t, &spec), LS_OK);
    real *weights = calloc(t.weights_size + 1, sizeof *weights);
    real *moving = calloc(t.moving_size + 1, sizeof *moving);
    ck_assert(weights != NULL && moving != NULL);
    ck_assert_int_eq(write_over(path, &t, weights, moving, written), LS_OK);
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

/* Epochs of 5 steps of 8 samples: after `epoch` of them, at a position in the next one. */
static checkpoint_info at(uint64_t epoch, uint64_t step, uint64_t position, uint64_t start)
{
    checkpoint_info info = honest();
    info.config = "experiment:\n  name: x\ndata:\n  file: y\n  height: 32\n  width: 48\ntrain:\n  batch: 8\n"
                  "  steps_per_epoch: 5\n  epochs: 3\n";
    info.epoch = epoch;
    info.step = step;
    info.position = position;
    info.now.start_step = start;
    return info;
}

/* Training would go on at a step that it never was at, and its result would be no run's. */
START_TEST(counters_fit)
{
    const struct {
        checkpoint_info info;
        const char *words; /* NULL: they do fit */
    } cases[] = {
        {at(0, 0, 0, 0), NULL},
        {at(2, 10, 0, 0), NULL},
        {at(1, 7, 16, 5), NULL},
        {at(1, 10, 40, 5), NULL}, /* its steps are done, its validation is not */
        {at(1, 10, 0, 0), "step 10 does not fit epoch 1 and position 0"},
        {at(2, UINT64_MAX, 0, 0), "step 18446744073709551615 does not fit"},
        {at(UINT64_MAX, 10, 0, 0), "18446744073709551615 epochs are done of 3"},
        {at(4, 20, 0, 0), "4 epochs are done of 3"},
        {at(1, 7, 12, 5), "position 12 lies within a batch of 8"},
        {at(1, 7, 16, 4), "step 7 does not fit"},
        {at(0, 6, 48, 0), "step 6 does not fit"},
        {at(1, 5, UINT64_MAX - 7, 5), "step 5 does not fit"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].words == NULL) {
            ck_assert_msg(read_back(&cases[i].info) == LS_OK, "case %zu: %s", i, error_message());
        } else {
            check_refused(&cases[i].info, cases[i].words);
        }
    }
    checkpoint_info info = at(1, 7, 16, 5);
    info.now.samples = NAN;
    check_refused(&info, "epoch_samples has the impossible value nan");
}
END_TEST

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
    tcase_add_test(cases, counters_fit);
    const int file = mkstemp(path);
    const int result = file < 0 ? EXIT_FAILURE : suite_run("run_options", cases);
    close(file);
    unlink(path);
    return result;
}
