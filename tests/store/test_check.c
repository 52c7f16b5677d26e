/* Thorough checks: a checkpoint of the network with something wrong inside, logs with wrong rows; files compared. */
#include <hdf5.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "h5_change.h"
#include "state_over.h"
#include "suite.h"

#include "base/error.h"
#include "io/h5.h"
#include "io/seal.h"
#include "model/model.h"
#include "network/network.h"
#include "store/checkpoint_check.h"
#include "store/runlog.h"
#include "store/runlog_check.h"
#include "store/weights_file.h"

static char folder[] = "/tmp/lockstep-check-XXXXXX";
static char path[PATH_MAX];
static char cat[] = "cat", dog[] = "dog";
static char *classes[] = {cat, dog};
static tensor_table table;
static real *weights, *moving;

static void set_up(void)
{
    ck_assert_int_eq(network_describe(&table, &(network_spec){.classes = 2, .options.batch_norm = true}), LS_OK);
    weights = calloc(table.weights_size, sizeof *weights);
    moving = calloc(table.moving_size, sizeof *moving);
    ck_assert(weights != NULL && moving != NULL);
    state s = state_over(&table, weights, moving);
    model_init(&s, 1);
    (void)snprintf(path, sizeof path, "%s/step-00000007.weights.h5", folder);
}

static void tear_down(void)
{
    (void)unlink(path);
    free(weights);
    free(moving);
    tensor_table_release(&table);
}

static void write_step(uint64_t step, size_t class_count)
{
    const checkpoint_info info = {
        .epoch = 1, .step = step, .config = "x", .classes = classes, .class_count = class_count, .batch_norm = 1};
    ck_assert_msg(write_over(path, &table, weights, moving, &info) == LS_OK, "%s", error_message());
}

/* The problems of the checkpoint, in one line. */
static const char *check(size_t *count)
{
    static char text[4096];
    checkpoint_info info;
    tensor_table t;
    problems found = {0};
    if (checkpoint_check(&info, &t, path, &found) == LS_OK) {
        tensor_table_release(&t);
        checkpoint_info_release(&info);
    }
    *count = found.count;
    return problems_text(text, sizeof text, &found);
}

static void expect(size_t wanted, const char *text)
{
    size_t count = 0;
    const char *got = check(&count);
    ck_assert_msg(count == wanted && strstr(got, text) != NULL, "%zu problems, not %zu with '%s': %s", count, wanted,
                  text, got);
}

START_TEST(all_that_is_wrong_is_told)
{
    const size_t place = table.tensors[table.count - 1].offset;
    size_t variance = 0;
    while (table.tensors[variance].role != TENSOR_MOVING_VARIANCE) {
        variance++;
    }
    write_step(7, 2);
    expect(0, "");
    write_step(8, 2);
    expect(1, "holds step 8, which is not what its name says");
    moving[table.tensors[variance].offset] = -1;
    weights[0] = (real)NAN;
    weights[place] = (real)INFINITY;
    write_step(7, 2);
    expect(3, "tensor conv2d/kernel: 1 of 864 numbers are not finite");
    expect(3, "tensor batch_normalization/moving_variance: 1 of 32 variances are negative");
    expect(3, "tensor dense/bias: 1 of 2 numbers are not finite");
    weights[0] = 0;
    weights[place] = 0;
    moving[table.tensors[variance].offset] = 0;
    write_step(7, 1); /* fewer classes than the layer has */
    expect(1, "names 1 classes, its last layer has another number");
}
END_TEST

/* Only a file with a good seal is opened; in it, each of the two layouts is looked at. */
START_TEST(seal_comes_first)
{
    struct stat status;
    h5_file *f = NULL;
    const size_t one = 1;
    const double value = 1;
    write_step(7, 2);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(truncate(path, status.st_size - SEAL_SIZE), 0);
    ck_assert_int_eq(h5_open_write(&f, path), LS_OK);
    ck_assert_int_eq(h5_write(f, "dense/dense/more:0", H5_FLOAT64, 1, &one, &value), LS_OK);
    const char *const names[] = {"dense/kernel:0", "dense/more:0"};
    ck_assert_int_eq(h5_write_attr_strings(f, "dense", "weight_names", names, 2), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    expect(1, "cut short");
    ck_assert_int_eq(seal_append(path), LS_OK);
    expect(1, "tensor dense/bias has shape (1) where the network has (2)");
}
END_TEST

/* Change what a sealed file says of its moving statistics, and seal it again. */
static void set_distance(double value)
{
    struct stat status;
    write_step(7, 2);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(truncate(path, status.st_size - SEAL_SIZE), 0);
    const hid_t f = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t scalar = H5Screate(H5S_SCALAR);
    if (H5Aexists_by_name(f, "lockstep", "moving_distance", H5P_DEFAULT) > 0) {
        ck_assert_int_ge(H5Adelete_by_name(f, "lockstep", "moving_distance", H5P_DEFAULT), 0);
    }
    const hid_t a = H5Acreate_by_name(f, "lockstep", "moving_distance", H5T_IEEE_F64LE, scalar, H5P_DEFAULT,
                                      H5P_DEFAULT, H5P_DEFAULT);
    ck_assert_int_ge(H5Awrite(a, H5T_NATIVE_DOUBLE, &value), 0);
    ck_assert(H5Aclose(a) >= 0 && H5Sclose(scalar) >= 0 && H5Fclose(f) >= 0);
    ck_assert_int_eq(seal_append(path), LS_OK);
}

START_TEST(moving_distance_is_possible)
{
    set_distance(0.5);
    expect(0, "");
    set_distance(-1);
    expect(1, "moving_distance has the impossible value -1");
    set_distance(INFINITY);
    expect(1, "moving_distance has the impossible value inf");
    set_distance(NAN);
    expect(1, "moving_distance has the impossible value nan");
}
END_TEST

static void write_log(uint64_t epochs, uint64_t steps, uint64_t first)
{
    runlog *log = NULL;
    (void)snprintf(path, sizeof path, "%s/log.h5", folder);
    (void)unlink(path);
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    for (uint64_t epoch = 0; epoch < epochs; epoch++) {
        for (uint64_t i = 0; i < steps; i++) {
            const runlog_step_row row = {.step = first + epoch * steps + i, .loss = 2, .accuracy = 0.5};
            ck_assert_int_eq(runlog_step(log, &row), LS_OK);
        }
        const runlog_epoch_row row = {.epoch = epoch + 1, .start_step = epoch * steps, .val_loss = NAN};
        ck_assert_int_eq(runlog_epoch(log, &row, weights), LS_OK);
    }
    ck_assert_int_eq(runlog_close(log), LS_OK);
}

static void expect_log(const char *text)
{
    char got[4096];
    problems found = {0};
    runlog_facts facts;
    (void)runlog_check(&facts, path, &found);
    (void)problems_text(got, sizeof got, &found);
    if (text == NULL) {
        ck_assert_msg(found.count == 0, "%s", got);
    } else {
        ck_assert_msg(found.count > 0 && strstr(got, text) != NULL, "not '%s': %s", text, got);
    }
}

/* Change a cell of a column of a closed log. */
static void set_cell(const char *name, h5_type type, size_t row, const void *value)
{
    h5_file *f = NULL;
    ck_assert_msg(h5_open_write(&f, path) == LS_OK, "%s", error_message());
    ck_assert_int_eq(h5_write_slice(f, name, type, row, 1, value), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
}

static void set_rows(const char *name, size_t rows)
{
    h5_file *f = NULL;
    ck_assert_int_eq(h5_open_write(&f, path), LS_OK);
    ck_assert_int_eq(h5_set_rows(f, name, rows), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
}

START_TEST(log_rows_are_counted)
{
    const uint64_t two = 2;
    const double impossible[] = {NAN, -1, INFINITY, 1.5};
    write_log(3, 10, 1);
    expect_log(NULL);
    set_rows("steps/loss", 29);
    expect_log("columns of /steps have 29 to 30 rows");
    write_log(3, 10, 2);
    expect_log("steps/step: row 1 is number 2: rows are missing");
    write_log(3, 10, 1);
    set_cell("steps/step", H5_UINT64, 20, &two);
    expect_log("steps/step: row 21 is number 2: rows are doubled");
    write_log(3, 10, 1);
    set_cell("epochs/start_step", H5_UINT64, 2, &two);
    expect_log("epoch 3 starts after 2 steps, not 20");
    write_log(3, 10, 1);
    set_cell("epochs/epoch", H5_UINT64, 2, &two);
    expect_log("epochs/epoch: row 3 is number 2");
    for (size_t i = 0; i < 4; i++) {
        write_log(3, 10, 1);
        set_cell("steps/accuracy", H5_FLOAT64, 5, &impossible[i]);
        expect_log("steps/accuracy: row 6 has the impossible value");
        write_log(3, 10, 1);
        set_cell("epochs/val_calibration_error", H5_FLOAT64, 1, &impossible[i]);
        expect_log(isnan(impossible[i]) ? NULL : "epochs/val_calibration_error: row 2 has the impossible value");
    }
    write_log(2, 10, 1);
    set_rows("steps/step", 15);
    set_rows("steps/loss", 15);
    set_rows("steps/cross_entropy", 15);
    set_rows("steps/accuracy", 15);
    expect_log("15 steps are too few for 2 epochs");
    write_log(2, 10, 1);
    set_rows("tensors/norm", 1);
    expect_log("columns of /tensors have 1 to 2 rows");
}
END_TEST

/* A column becomes another number of dimensions, with as many rows. */
static void reshape(const char *name, hsize_t rows, hsize_t columns)
{
    const hsize_t dims[2] = {rows, columns};
    static const double zeros[1000];
    const hid_t id = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t space = H5Screate_simple(columns == 0 ? 1 : 2, dims, NULL);
    ck_assert(id >= 0 && H5Ldelete(id, name, H5P_DEFAULT) >= 0);
    const hid_t set = H5Dcreate2(id, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros) >= 0);
    (void)H5Dclose(set);
    (void)H5Sclose(space);
    (void)H5Fclose(id);
}

START_TEST(log_columns_are_columns)
{
    static const struct {
        const char *name;
        hsize_t rows, columns;
    } wrong[] = {
        {"steps/loss", 30, 2},          {"steps/accuracy", 30, 1},      {"epochs/train_loss", 3, 2},
        {"epochs/first_weights", 3, 0}, {"epochs/first_weights", 3, 9}, {"tensors/norm", 3, 0},
    };
    char expected[128];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        write_log(3, 10, 1);
        reshape(wrong[i].name, wrong[i].rows, wrong[i].columns);
        (void)snprintf(expected, sizeof expected, "%s: has the wrong shape", wrong[i].name);
        expect_log(expected);
    }
}
END_TEST

/* Names that no variable of a network has, and one that comes twice. */
START_TEST(log_of_no_network)
{
    static const char *const layers[] = {"lstm", "conv2d_x", ""};
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        problems found = {0};
        runlog_facts facts;
        char kept[TENSOR_NAME_SIZE];
        memcpy(kept, table.tensors[0].layer, sizeof kept);
        (void)snprintf(table.tensors[0].layer, sizeof table.tensors[0].layer, "%s", layers[i]);
        if (i == 2) {
            (void)snprintf(table.tensors[0].layer, sizeof table.tensors[0].layer, "%s", table.tensors[5].layer);
            table.tensors[0].role = table.tensors[5].role;
        }
        write_log(1, 10, 1);
        ck_assert_int_eq(runlog_check(&facts, path, &found), LS_OK);
        ck_assert_uint_eq(found.count, 1);
        ck_assert(facts.steps == 10 && facts.epochs == 1);
        memcpy(table.tensors[0].layer, kept, sizeof kept);
        table.tensors[0].role = TENSOR_CONV_KERNEL;
    }
}
END_TEST

/* Another process writes a row, tells, waits for a byte, and writes one more. */
static void write_slowly(int told, int asked)
{
    runlog *log = NULL;
    char byte = 'x';
    const runlog_step_row rows[2] = {{.step = 1}, {.step = 2}};
    const int good = open_log_over(&log, path, &table, 0, 0) == LS_OK && runlog_step(log, &rows[0]) == LS_OK &&
                     runlog_flush(log) == LS_OK && write(told, &byte, 1) == 1 && read(asked, &byte, 1) == 1 &&
                     runlog_step(log, &rows[1]) == LS_OK && runlog_close(log) == LS_OK;
    _exit(good ? 0 : 1);
}

/* A log is checked while its writer has it open, and the writer goes on. */
START_TEST(log_that_is_written)
{
    problems found = {0};
    runlog_facts facts;
    int told[2];
    int asked[2];
    int status = 0;
    char byte = 'x';
    (void)snprintf(path, sizeof path, "%s/log.h5", folder);
    ck_assert(pipe(told) == 0 && pipe(asked) == 0);
    const pid_t writer = fork();
    ck_assert_int_ge(writer, 0);
    if (writer == 0) {
        write_slowly(told[1], asked[0]);
    }
    (void)close(told[1]);
    ck_assert_int_eq(read(told[0], &byte, 1), 1);
    ck_assert_int_eq(runlog_check(&facts, path, &found), LS_OK);
    ck_assert_msg(found.count == 0, "%s", found.shown[0]);
    ck_assert(facts.followed && facts.steps == 1 && facts.epochs == 0);
    ck_assert_int_eq(write(asked[1], &byte, 1), 1);
    ck_assert_int_eq(waitpid(writer, &status, 0), writer);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(runlog_check(&facts, path, &found), LS_OK);
    ck_assert(found.count == 0 && !facts.followed && facts.steps == 2);
    (void)close(told[0]);
    (void)close(asked[0]);
    (void)close(asked[1]);
}
END_TEST

START_TEST(weights_files_are_read_as_stored)
{
    weights_file w;
    h5_type type = H5_OTHER;
    double bias[2];
    const size_t last = table.count - 1;
    weights[table.tensors[last].offset] = (real)0.1;
    write_step(7, 2);
    ck_assert_msg(weights_file_open(&w, path) == LS_OK, "%s", error_message());
    ck_assert(w.is_checkpoint && w.table.count == table.count);
    ck_assert_int_eq(weights_file_read(&w, last, bias, &type), LS_OK);
    ck_assert(bias[0] == (double)(real)0.1 && bias[1] == 0);
    ck_assert_int_eq(type, sizeof(real) == 4 ? H5_FLOAT32 : H5_FLOAT64);
    ck_assert_uint_eq(weights_file_find(&w, &table.tensors[last]), last);
    weights_file_close(&w);
    ck_assert_int_eq(truncate(path, 5000), 0);
    ck_assert_int_eq(weights_file_open(&w, path), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "cut short"));
}
END_TEST

int main(void)
{
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    TCase *tests = tcase_create("check");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, all_that_is_wrong_is_told);
    tcase_add_test(tests, seal_comes_first);
    tcase_add_test(tests, moving_distance_is_possible);
    tcase_add_test(tests, log_rows_are_counted);
    tcase_add_test(tests, log_columns_are_columns);
    tcase_add_test(tests, log_of_no_network);
    tcase_add_test(tests, log_that_is_written);
    tcase_add_test(tests, weights_files_are_read_as_stored);
    const int result = suite_run("check", tests);
    (void)rmdir(folder);
    return result;
}
