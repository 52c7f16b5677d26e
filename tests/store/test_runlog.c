/* The run log: rows come back, a resume cuts it back, a killed writer's log goes on, another network's is refused. */
#include <fcntl.h>
#include <hdf5.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "h5_change.h"
#include "small_network.h"
#include "state_over.h"
#include "suite.h"

#include "base/clock.h"
#include "base/error.h"
#include "io/h5.h"
#include "store/runlog.h"
#include "store/runlog_check.h"
#include "store/runlog_place.h"
#include "store/runlog_read.h"

static char folder[] = "/tmp/lockstep-runlog-XXXXXX";
static char path[PATH_MAX];
static char aside[PATH_MAX];
static tensor_table table;
static real weights[SMALL_WEIGHTS];

enum { TENSORS = 6, EPOCH_STEPS = 100 };

static void set_up(void)
{
    (void)snprintf(path, sizeof path, "%s/log.h5", folder);
    (void)snprintf(aside, sizeof aside, "%s/log.h5.damaged", folder);
    small_network(&table);
    small_numbers(weights, SMALL_WEIGHTS, -1);
}

static void tear_down(void)
{
    char command[PATH_MAX + 16];
    (void)snprintf(command, sizeof command, "rm -rf %s/*", folder);
    ck_assert_int_eq(system(command), 0);
    tensor_table_release(&table);
}

/* A file of the folder. Valid until the next call. */
static const char *name_of(const char *name)
{
    static char whole[PATH_MAX + 32];
    (void)snprintf(whole, sizeof whole, "%s/%s", folder, name);
    return whole;
}

/* Steps and epochs [from, to) as a training would log them. Returns 0 when all went in. */
static int log_epochs(runlog *log, uint64_t from, uint64_t to)
{
    int code = LS_OK;
    for (uint64_t epoch = from; code == LS_OK && epoch < to; epoch++) {
        for (uint64_t i = 0; code == LS_OK && i < EPOCH_STEPS; i++) {
            const runlog_step_row step = {.step = epoch * EPOCH_STEPS + i + 1, .loss = 1.5, .accuracy = 0.25};
            code = runlog_step(log, &step);
        }
        const runlog_epoch_row row = {.epoch = epoch + 1,
                                      .train_loss = 2.0 / (double)(epoch + 1),
                                      .val_loss = NAN,
                                      .val_macro_recall = 0.75,
                                      .seconds = 3,
                                      .spent = {[SPENT_PICTURES] = 0.25, [SPENT_OTHER] = (double)epoch},
                                      .start_step = epoch * EPOCH_STEPS,
                                      .start_mean_abs_weight = 0.5 + (double)epoch,
                                      .histogram = {[40] = (double)epoch + 1},
                                      .first_weights = {(double)epoch, 2, 3, 4, 5, 6, 7, 8, 9, 10}};
        code = code == LS_OK ? runlog_epoch(log, &row, weights) : code;
    }
    return code;
}

/* Measurements after every tenth step of [from, to), each with figures of its own. */
static void log_samples(runlog *log, uint64_t from, uint64_t to)
{
    for (uint64_t step = from + 10; step <= to; step += 10) {
        filters_row layer = {.norm = (double)step, .angle2 = 1e-4, .growth = -(double)step};
        const instrument_row row = {.step = step, .rate = {0.1, 0.5}, .layers = &layer};
        ck_assert_int_eq(runlog_sample(log, &row), LS_OK);
    }
}

static void check_samples(uint64_t steps)
{
    series s = {0};
    ck_assert_msg(runlog_read_samples(path, &s) == LS_OK, "%s", error_message());
    ck_assert_uint_eq(s.count, steps / 10);
    ck_assert_uint_eq(s.layers, 1);
    ck_assert_str_eq(s.names[0], "conv2d");
    ck_assert(s.filters[0] == 4 && s.sizes[0] == 27);
    for (size_t i = 0; i < s.count; i++) {
        ck_assert_uint_eq(s.steps[i], 10 * (i + 1));
        ck_assert(s.rates[i] == 0.1 && s.shares[i] == 0.5);
        ck_assert(s.rows[i].norm == (double)s.steps[i] && s.rows[i].angle2 == 1e-4);
        ck_assert(s.rows[i].growth == -(double)s.steps[i] && s.rows[i].cosine == 0);
    }
    series_release(&s);
}

static void check_rows(size_t steps, size_t epochs)
{
    h5_file *f = NULL;
    h5_shape shape;
    runlog_epoch_row *rows = NULL;
    size_t count = 0;
    ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
    uint64_t *numbers = calloc(steps + 1, sizeof *numbers);
    ck_assert_msg(h5_read(f, "steps/step", H5_UINT64, steps, numbers) == LS_OK, "%s", error_message());
    for (size_t i = 0; i < steps; i++) {
        ck_assert_uint_eq(numbers[i], i + 1);
    }
    free(numbers);
    ck_assert_int_eq(h5_stat(f, "tensors/norm", &shape), LS_OK);
    ck_assert(shape.dims[0] == epochs && shape.dims[1] == TENSORS);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_msg(runlog_read_epochs(path, &rows, &count) == LS_OK, "%s", error_message());
    ck_assert_uint_eq(count, epochs);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(rows[i].epoch, i + 1);
        ck_assert_double_eq(rows[i].train_loss, 2.0 / (double)(i + 1));
        ck_assert(isnan(rows[i].val_loss));
        ck_assert_uint_eq(rows[i].start_step, i * EPOCH_STEPS);
        ck_assert_double_eq(rows[i].start_mean_abs_weight, 0.5 + (double)i);
        ck_assert_double_eq(rows[i].first_weights[0], (double)i);
        ck_assert_double_eq(rows[i].first_weights[9], 10);
    }
    free(rows);
}

START_TEST(rows_come_back)
{
    runlog *log = NULL;
    h5_file *f = NULL;
    double norms[TENSORS];
    double means[TENSORS];
    double squares = 0;
    double sum = 0;
    ck_assert_msg(open_log_over(&log, path, &table, 0, 0) == LS_OK, "%s", error_message());
    ck_assert_msg(log_epochs(log, 0, 1) == LS_OK, "%s", error_message());
    check_rows(EPOCH_STEPS, 1); /* while it is open */
    ck_assert_int_eq(runlog_close(log), LS_OK);
    check_rows(EPOCH_STEPS, 1);
    ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
    ck_assert_int_eq(h5_read(f, "tensors/norm", H5_FLOAT64, TENSORS, norms), LS_OK);
    ck_assert_int_eq(h5_read(f, "tensors/mean_abs", H5_FLOAT64, TENSORS, means), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    for (size_t i = 0; i < table.tensors[0].size; i++) {
        squares += (double)weights[i] * (double)weights[i];
        sum += fabs((double)weights[i]);
    }
    ck_assert_double_eq_tol(norms[0], sqrt(squares), 1e-12);
    ck_assert_double_eq_tol(means[0], sum / (double)table.tensors[0].size, 1e-12);
}
END_TEST

/* A log says which arithmetic computed its rows. */
START_TEST(the_origin_is_recorded)
{
    runlog *log = NULL;
    h5_file *f = NULL;
    char **kernels = NULL;
    size_t count = 0;
    uint64_t steps[2];
    state s = state_over(&table, weights, NULL);
    origin_add(&s.origin, 0, "generic", "float32");
    origin_add(&s.origin, 40, "avx2", "float32");
    ck_assert_msg(runlog_open(&log, path, &s) == LS_OK, "%s", error_message());
    ck_assert_int_eq(runlog_close(log), LS_OK);
    ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
    ck_assert_int_eq(h5_read(f, "origin/step", H5_UINT64, 2, steps), LS_OK);
    ck_assert_int_eq(h5_read_strings(f, "origin/kernels", &kernels, &count), LS_OK);
    ck_assert(steps[0] == 0 && steps[1] == 40 && count == 2);
    ck_assert_str_eq(kernels[1], "avx2");
    free(kernels);
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

/* Whether the log knows what it began with: weights of 0. */
static void check_start(bool known)
{
    double start[HISTOGRAM_BINS];
    ck_assert_msg(runlog_read_start(path, start) == LS_OK, "%s", error_message());
    for (size_t i = 0; i < HISTOGRAM_BINS; i++) {
        ck_assert(known ? (start[i] > 0) == (i == 0) : isnan(start[i]));
    }
}

START_TEST(resume_cuts_back)
{
    runlog *log = NULL;
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(log_epochs(log, 0, 3), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    check_rows(3 * EPOCH_STEPS, 3);
    ck_assert_int_eq(open_log_over(&log, path, &table, 2 * EPOCH_STEPS, 2), LS_OK);
    check_rows(2 * EPOCH_STEPS, 2);
    ck_assert_int_eq(log_epochs(log, 2, 4), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    check_rows(4 * EPOCH_STEPS, 4);
    check_start(true);
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    check_rows(0, 0);
}
END_TEST

/* As an older program wrote it: without a column that came later. */
static void remove_column(const char *name)
{
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    ck_assert(file >= 0 && H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    ck_assert_int_ge(H5Fclose(file), 0);
}

START_TEST(an_older_log_is_taken_over)
{
    runlog *log = NULL;
    h5_file *f = NULL;
    double rates[3 * EPOCH_STEPS];
    double recalls[3];
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(log_epochs(log, 0, 2), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    remove_column("steps/learning_rate");
    remove_column("epochs/val_top5");
    remove_column("epochs/val_macro_recall");
    remove_column("epochs/val_calibration_error");
    remove_column("epochs/seconds_other");
    remove_column("epochs/histogram");
    check_start(true);
    remove_column("histogram_start");
    check_start(false);
    check_rows(2 * EPOCH_STEPS, 2);
    ck_assert_msg(open_log_over(&log, path, &table, 2 * EPOCH_STEPS, 2) == LS_OK, "%s", error_message());
    ck_assert_int_eq(log_epochs(log, 2, 3), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    check_rows(3 * EPOCH_STEPS, 3);
    ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
    ck_assert_int_eq(h5_read(f, "steps/learning_rate", H5_FLOAT64, 3 * EPOCH_STEPS, rates), LS_OK);
    ck_assert_int_eq(h5_read(f, "epochs/val_macro_recall", H5_FLOAT64, 3, recalls), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert(isnan(recalls[0]) && isnan(recalls[1]));
    ck_assert_double_eq(recalls[2], 0.75);
    for (size_t i = 0; i < 3 * EPOCH_STEPS; i++) {
        ck_assert(isnan(rates[i]) == (i < 2 * EPOCH_STEPS));
    }
    runlog_epoch_row *rows = NULL;
    size_t count = 0;
    ck_assert_int_eq(runlog_read_epochs(path, &rows, &count), LS_OK);
    ck_assert_uint_eq(count, 3);
    ck_assert(isnan(rows[1].spent[SPENT_OTHER]) && rows[2].spent[SPENT_OTHER] == 2);
    ck_assert(rows[0].spent[SPENT_PICTURES] == 0.25);
    ck_assert(isnan(rows[1].histogram[0]) && rows[2].histogram[40] == 3 && rows[2].histogram[41] == 0);
    free(rows);
}
END_TEST

START_TEST(log_of_a_killed_writer_goes_on)
{
    runlog *log = NULL;
    int status = 0;
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (open_log_over(&log, path, &table, 0, 0) == LS_OK && log_epochs(log, 0, 2) == LS_OK) {
            (void)raise(SIGKILL);
        }
        _exit(1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    check_rows(2 * EPOCH_STEPS, 2);
    ck_assert_msg(open_log_over(&log, path, &table, EPOCH_STEPS, 1) == LS_OK, "%s", error_message());
    ck_assert_int_eq(log_epochs(log, 1, 3), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    check_rows(3 * EPOCH_STEPS, 3);
    ck_assert_int_ne(access(aside, F_OK), 0);
}
END_TEST

START_TEST(damaged_log_is_set_aside)
{
    runlog *log = NULL;
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(log_epochs(log, 0, 1), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    ck_assert_int_eq(truncate(path, 3000), 0);
    ck_assert_int_eq(open_log_over(&log, path, &table, EPOCH_STEPS, 1), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    ck_assert_int_eq(access(aside, F_OK), 0);
    check_rows(0, 0);
    check_start(false);
}
END_TEST

static void damage_log(int epochs)
{
    runlog *log = NULL;
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(log_epochs(log, 0, epochs), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    ck_assert_int_eq(truncate(path, 3000 + epochs), 0);
}

static off_t size_of(const char *name)
{
    struct stat status;
    return stat(name_of(name), &status) == 0 ? status.st_size : -1;
}

/* What was set aside before stays. */
START_TEST(logs_that_are_set_aside_have_names_of_their_own)
{
    runlog *log = NULL;
    for (int i = 1; i <= 3; i++) {
        damage_log(i);
        ck_assert_int_eq(open_log_over(&log, path, &table, EPOCH_STEPS, 1), LS_OK);
        ck_assert_int_eq(runlog_close(log), LS_OK);
    }
    ck_assert_int_eq(size_of("log.h5.damaged"), 3001);
    ck_assert_int_eq(size_of("log.h5.damaged-2"), 3002);
    ck_assert_int_eq(size_of("log.h5.damaged-3"), 3003);
}
END_TEST

/* All checkpoints were removed, by whomever: the log is what is left of the run. */
START_TEST(epochs_without_a_checkpoint_are_kept)
{
    runlog *log = NULL;
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(log_epochs(log, 0, 2), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    check_rows(0, 0);
    ck_assert_int_eq(rename(name_of("log.h5.aside"), path), 0);
    check_rows(2 * EPOCH_STEPS, 2);
}
END_TEST

START_TEST(a_log_is_a_file)
{
    runlog *log = NULL;
    const char *other = name_of("other");
    ck_assert_int_eq(symlink("other", path), 0);
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), "is a link"));
    ck_assert_int_ne(access(other, F_OK), 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0777), 0);
    ck_assert_int_eq(open_log_over(&log, path, &table, 1, 0), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), "is a folder"));
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

static pid_t holder;
static int naps;

/* The other program ends while it is waited for. */
static void nap_until_it_ends(double seconds)
{
    (void)seconds;
    if (++naps == 3) {
        ck_assert_int_eq(kill(holder, SIGKILL), 0);
        ck_assert_int_eq(waitpid(holder, NULL, 0), holder);
    }
}

static void nap_only(double seconds)
{
    (void)seconds;
    naps++;
}

/* A process that has the log open for writing, with or without a lock as HDF5 takes one. */
static void hold(int locks)
{
    int ends[2];
    char byte = 'x';
    ck_assert_int_eq(pipe(ends), 0);
    holder = fork();
    ck_assert_int_ge(holder, 0);
    if (holder == 0) {
        const int fd = open(path, O_RDWR);
        const int ready = fd >= 0 && (!locks || flock(fd, LOCK_EX) == 0) && write(ends[1], &byte, 1) == 1;
        while (ready) {
            (void)pause();
        }
        _exit(1);
    }
    (void)close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    (void)close(ends[0]);
    naps = 0;
}

static void release_holder(void)
{
    ck_assert_int_eq(kill(holder, SIGKILL), 0);
    ck_assert_int_eq(waitpid(holder, NULL, 0), holder);
    runlog_sleep = clock_sleep;
}

START_TEST(a_log_that_is_held_is_waited_for)
{
    runlog *log = NULL;
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(log_epochs(log, 0, 2), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    hold(1);
    runlog_sleep = nap_until_it_ends;
    ck_assert_msg(open_log_over(&log, path, &table, 2 * EPOCH_STEPS, 2) == LS_OK, "%s", error_message());
    runlog_sleep = clock_sleep;
    ck_assert_int_eq(naps, 3);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    check_rows(2 * EPOCH_STEPS, 2);
    ck_assert_int_ne(access(aside, F_OK), 0);
}
END_TEST

START_TEST(a_log_that_stays_held_is_refused)
{
    runlog *log = NULL;
    char who[64];
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(log_epochs(log, 0, 2), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    for (int locks = 0; locks < 2; locks++) {
        for (int resumes = 0; resumes < 2; resumes++) {
            hold(locks);
            runlog_sleep = nap_only;
            ck_assert_int_eq(open_log_over(&log, path, &table, resumes ? EPOCH_STEPS : 0, (uint64_t)resumes), LS_EIO);
            (void)snprintf(who, sizeof who, "(pid %ld)", (long)holder);
            ck_assert_msg(strstr(error_message(), who) != NULL || access("/proc/self", F_OK) != 0, "%s",
                          error_message());
            ck_assert_int_eq(naps, (int)(runlog_patience / 0.5));
            release_holder();
        }
    }
    check_rows(2 * EPOCH_STEPS, 2);
}
END_TEST

/* h5py was killed while it had the log open: the mark it has left is no damage. */
START_TEST(a_mark_of_a_killed_writer_is_no_damage)
{
    runlog *log = NULL;
    int status = 0;
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(log_epochs(log, 0, 2), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        h5_file *f = NULL;
        if (h5_open_write(&f, path) == LS_OK && h5_flush(f) == LS_OK) {
            (void)raise(SIGKILL);
        }
        _exit(1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    check_rows(2 * EPOCH_STEPS, 2);
    ck_assert_msg(open_log_over(&log, path, &table, 2 * EPOCH_STEPS, 2) == LS_OK, "%s", error_message());
    ck_assert_int_eq(runlog_close(log), LS_OK);
    check_rows(2 * EPOCH_STEPS, 2);
    ck_assert_int_ne(access(aside, F_OK), 0);
}
END_TEST

START_TEST(log_of_another_network_is_refused)
{
    runlog *log = NULL;
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(log_epochs(log, 0, 1), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    table.tensors[0].layer[0] = 'k';
    ck_assert_int_eq(open_log_over(&log, path, &table, EPOCH_STEPS, 1), LS_EUSAGE);
    check_rows(EPOCH_STEPS, 1);
}
END_TEST

/* Measurements come back, go on after a resume without those of the steps that it takes again, and pass the check. */
START_TEST(measurements)
{
    runlog *log = NULL;
    problems found = {0};
    runlog_facts facts;
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(log_epochs(log, 0, 3), 0);
    log_samples(log, 0, 250);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    check_samples(250);
    ck_assert_int_eq(open_log_over(&log, path, &table, EPOCH_STEPS, 1), LS_OK);
    check_samples(EPOCH_STEPS);
    ck_assert_int_eq(log_epochs(log, 1, 2), 0);
    log_samples(log, EPOCH_STEPS, 200);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    check_samples(200);
    ck_assert_int_eq(runlog_check(&facts, path, &found), LS_OK);
    ck_assert_uint_eq(found.count, 0);
}
END_TEST

/* A log of an older program has none. */
START_TEST(a_log_without_measurements)
{
    runlog *log = NULL;
    series all;
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(log_epochs(log, 0, 1), 0);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    const hid_t f = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    ck_assert_int_ge(H5Ldelete(f, "instrument", H5P_DEFAULT), 0);
    (void)H5Fclose(f);
    ck_assert_int_eq(runlog_read_samples(path, &all), LS_OK);
    ck_assert_uint_eq(all.count, 0);
    series_release(&all);
    ck_assert_int_eq(open_log_over(&log, path, &table, EPOCH_STEPS, 1), LS_OK);
    log_samples(log, 0, 50);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    check_samples(50);
}
END_TEST

/* A program that knows a figure more reads what one before it measured. */
START_TEST(measurements_without_a_figure)
{
    runlog *log = NULL;
    runlog_facts facts;
    problems found = {0};
    series all;
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    ck_assert_int_eq(log_epochs(log, 0, 1), 0);
    log_samples(log, 0, 100);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    const hid_t f = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    ck_assert_int_ge(H5Ldelete(f, "instrument/turned", H5P_DEFAULT), 0);
    (void)H5Fclose(f);
    ck_assert_int_eq(open_log_over(&log, path, &table, EPOCH_STEPS, 1), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    check_samples(100);
    ck_assert_int_eq(runlog_read_samples(path, &all), LS_OK);
    ck_assert(isnan(all.rows[3].turned));
    series_release(&all);
    ck_assert_int_eq(runlog_check(&facts, path, &found), LS_OK);
    ck_assert_uint_eq(found.count, 0);
}
END_TEST

int main(void)
{
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    TCase *tests = tcase_create("runlog");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, rows_come_back);
    tcase_add_test(tests, the_origin_is_recorded);
    tcase_add_test(tests, resume_cuts_back);
    tcase_add_test(tests, an_older_log_is_taken_over);
    tcase_add_test(tests, log_of_a_killed_writer_goes_on);
    tcase_add_test(tests, damaged_log_is_set_aside);
    tcase_add_test(tests, logs_that_are_set_aside_have_names_of_their_own);
    tcase_add_test(tests, epochs_without_a_checkpoint_are_kept);
    tcase_add_test(tests, a_log_is_a_file);
    tcase_add_test(tests, a_log_that_is_held_is_waited_for);
    tcase_add_test(tests, a_log_that_stays_held_is_refused);
    tcase_add_test(tests, a_mark_of_a_killed_writer_is_no_damage);
    tcase_add_test(tests, measurements);
    tcase_add_test(tests, a_log_without_measurements);
    tcase_add_test(tests, measurements_without_a_figure);
    tcase_add_test(tests, log_of_another_network_is_refused);
    const int result = suite_run("runlog", tests);
    (void)rmdir(folder);
    return result;
}
