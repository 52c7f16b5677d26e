/* Checkpoints written beside the training: what is handed over is what is saved, which are kept, and failures told. */
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state_over.h"
#include "store/small_network.h"
#include "suite.h"

#include "base/error.h"
#include "run/saver.h"
#include "store/checkpoint_name.h"
#include "store/run_folder.h"

static char folder[PATH_MAX];
static run_folder *files;
static tensor_table table;
static real weights[SMALL_WEIGHTS], moving[SMALL_MOVING];

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/lockstep-saver-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(run_folder_open(&files, folder, NULL, NULL), LS_OK);
    small_network(&table);
    small_numbers(weights, SMALL_WEIGHTS, 0.25);
    small_numbers(moving, SMALL_MOVING, 1);
}

static void tear_down(void)
{
    (void)run_folder_clear(files);
    run_folder_close(files);
    (void)rmdir(folder);
    tensor_table_release(&table);
}

static checkpoint_info figures(double accuracy, double cross_entropy)
{
    return (checkpoint_info){
        .score = NAN, .val_loss = cross_entropy, .val_cross_entropy = cross_entropy, .val_accuracy = accuracy};
}

/* Hand over what there is as this step. */
static int save(saver *s, uint64_t step, const checkpoint_info *info)
{
    state at = state_over(&table, weights, moving);
    at.step = step;
    return saver_start(s, info, &at);
}

static saver *start(size_t keep, size_t keep_best)
{
    static state at; /* it must outlive the saver */
    at = state_over(&table, weights, moving);
    const saver_options options = {
        .state = &at, .run_dir = folder, .folder = files, .keep = keep, .keep_best = keep_best};
    saver *s = NULL;
    ck_assert_msg(saver_create(&s, &options) == LS_OK, "%s", error_message());
    return s;
}

static bool is_there(uint64_t step)
{
    char path[PATH_MAX];
    ck_assert_int_eq(checkpoint_path(path, sizeof path, folder, step), LS_OK);
    return access(path, F_OK) == 0;
}

START_TEST(the_state_at_the_call_is_saved)
{
    char path[PATH_MAX];
    real got_weights[SMALL_WEIGHTS], got_moving[SMALL_MOVING];
    saver *s = start(0, 0);
    real first = 0;
    for (uint64_t step = 1; step <= 20; step++) {
        const checkpoint_info info = figures(NAN, NAN);
        weights[3] = (real)step;
        ck_assert_msg(save(s, step, &info) == LS_OK, "%s", error_message());
        weights[3] = -1; /* training goes on */
    }
    ck_assert_int_eq(saver_finish(s), LS_OK);
    ck_assert_uint_eq(saver_costs(s).written, 20);
    ck_assert(saver_costs(s).longest > 0);
    saver_free(s);
    for (uint64_t step = 1; step <= 20; step++) {
        ck_assert_int_eq(checkpoint_path(path, sizeof path, folder, step), LS_OK);
        ck_assert_msg(read_over(path, &table, got_weights, got_moving) == LS_OK, "%s", error_message());
        first = got_weights[3];
        ck_assert(first == (real)step);
        ck_assert_mem_eq(got_moving, moving, sizeof moving);
    }
}
END_TEST

START_TEST(newest_and_best_are_kept)
{
    const double accuracies[] = {0.5, NAN, 0.9, 0.9, 0.7, NAN, 0.1, NAN};
    const double entropies[] = {1, NAN, 0.4, 0.3, 0.1, NAN, 2, NAN};
    saver *s = start(2, 2);
    for (uint64_t i = 0; i < 8; i++) {
        const checkpoint_info info = figures(accuracies[i], entropies[i]);
        ck_assert_msg(save(s, i + 1, &info) == LS_OK, "%s", error_message());
    }
    ck_assert_msg(saver_finish(s) == LS_OK, "%s", error_message());
    saver_free(s);
    for (uint64_t step = 1; step <= 8; step++) {
        ck_assert_msg(is_there(step) == (step == 3 || step == 4 || step >= 7), "step %d", (int)step);
    }
}
END_TEST

START_TEST(a_failed_write_is_told_and_keeps_what_is_there)
{
    saver *s = start(1, 0);
    const checkpoint_info info = figures(NAN, NAN);
    ck_assert_int_eq(save(s, 1, &info), LS_OK);
    ck_assert_int_eq(saver_finish(s), LS_OK);
    char moved[PATH_MAX + 8];
    (void)snprintf(moved, sizeof moved, "%s.moved", folder);
    ck_assert_int_eq(rename(folder, moved), 0);
    ck_assert_int_eq(save(s, 2, &info), LS_OK);
    ck_assert_int_eq(saver_finish(s), LS_EIO);
    ck_assert_msg(strstr(error_message(), "step-00000002") != NULL, "%s", error_message());
    ck_assert_int_eq(saver_poll(s), LS_OK); /* told once */
    ck_assert_uint_eq(saver_costs(s).written, 1);
    ck_assert_int_eq(rename(moved, folder), 0);
    ck_assert(is_there(1));
    saver_free(s);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("saver");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_state_at_the_call_is_saved);
    tcase_add_test(tests, newest_and_best_are_kept);
    tcase_add_test(tests, a_failed_write_is_told_and_keeps_what_is_there);
    return suite_run("saver", tests);
}
