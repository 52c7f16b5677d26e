/*
 * The log reader, and reopening a log to go on with it. An input is a byte of flags, then edits (h5_edit.h) of a small
 * whole log.
 */
#include <stdlib.h>
#include <unistd.h>

#include "../state_over.h"
#include "fuzz.h"
#include "h5_edit.h"
#include "small_table.h"

#include "base/error.h"
#include "store/runlog.h"
#include "store/runlog_check.h"
#include "store/runlog_read.h"

enum { EPOCHS = 2, STEPS = 6 };

static const edit_target targets[] = {
    {"/steps", NULL},
    {"/steps/step", NULL},
    {"/steps/loss", NULL},
    {"/steps/accuracy", NULL},
    {"/epochs", NULL},
    {"/epochs/epoch", NULL},
    {"/epochs/train_loss", NULL},
    {"/epochs/seconds", NULL},
    {"/epochs/start_step", NULL},
    {"/epochs/first_weights", NULL},
    {"/tensors", NULL},
    {"/tensors/names", NULL},
    {"/tensors/norm", NULL},
    {"/tensors/mean_abs", NULL},
    {"/instrument", NULL},
    {"/instrument/step", NULL},
    {"/instrument/layers", NULL},
    {"/instrument/filters", NULL},
    {"/instrument/norm", NULL},
    {"/instrument/cosine", NULL},
};
enum { TARGETS = sizeof targets / sizeof targets[0] };

static uint8_t *whole;
static size_t whole_size;
static tensor_table table;
static real *weights;

/* Nobody else has the file open; looking through all processes takes longer than all the rest. */
int __wrap_holder_find(char *out, size_t size, const char *path);

int __wrap_holder_find(char *out, size_t size, const char *path)
{
    (void)out;
    (void)size;
    (void)path;
    return 0;
}

/* A log that is set aside is announced, which nobody wants to read a thousand times. */
void __wrap_log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void __wrap_log_warn(const char *format, ...)
{
    (void)format;
}

static void add_rows(runlog *log)
{
    for (uint64_t step = 0; step < STEPS; step++) {
        const runlog_step_row row = {.step = step};
        fuzz_check_code(runlog_step(log, &row));
    }
    filters_row layers[4] = {{0}}; /* more than the table has */
    const instrument_row measured = {.step = STEPS, .layers = layers};
    fuzz_check_code(runlog_sample(log, &measured));
    const runlog_epoch_row row = {.epoch = 1};
    fuzz_check_code(runlog_epoch(log, &row, weights));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    runlog *log = NULL;
    const char *path = fuzz_path("whole.h5");
    small_table(&table);
    weights = calloc(table.weights_size, sizeof *weights);
    FUZZ_CHECK(weights != NULL);
    FUZZ_CHECK(open_log_over(&log, path, &table, 0, 0) == LS_OK);
    for (int i = 0; i < EPOCHS; i++) {
        add_rows(log);
    }
    FUZZ_CHECK(runlog_close(log) == LS_OK);
    fuzz_read_file(path, &whole, &whole_size);
    fuzz_write_file(fuzz_path("outside"), "0123456789abcdef", 16);
    return 0;
}

static void check_read(const char *path)
{
    runlog_epoch_row *rows = NULL;
    size_t count = 0;
    const int code = runlog_read_epochs(path, &rows, &count);
    fuzz_check_code(code);
    FUZZ_CHECK((code == LS_OK) == (rows != NULL));
    for (size_t i = 0; i < count; i++) {
        static volatile double read;
        read = rows[i].train_loss + rows[i].first_weights[0] + (double)rows[i].start_step;
        (void)read;
    }
    free(rows);
    series measured;
    runlog_norms norms;
    fuzz_check_code(runlog_read_samples(path, &measured));
    series_release(&measured);
    fuzz_check_code(runlog_read_norms(path, &norms));
    runlog_norms_release(&norms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    runlog *log = NULL;
    const char *path = fuzz_path("edited.h5");
    if (size == 0) {
        return 0;
    }
    fuzz_write_file(path, whole, whole_size);
    h5_edit_file(path, targets, TARGETS, data + 1, size - 1);
    h5_edit_show_trap();
    check_read(path);
    problems found = {0};
    runlog_facts facts;
    fuzz_check_code(runlog_check(&facts, path, &found));
    fuzz_check_problems(&found);
    const int code = open_log_over(&log, path, &table, data[0] & 7, data[0] >> 3 & 7);
    fuzz_check_code(code);
    if (code == LS_OK) {
        add_rows(log);
        fuzz_check_code(runlog_close(log));
        check_read(path);
    }
    h5_edit_hide_trap();
    (void)unlink(fuzz_path("edited.h5.damaged"));
    (void)unlink(fuzz_path("edited.h5.aside"));
    h5_edit_check_closed();
    return 0;
}

size_t fuzz_seed(size_t number, uint8_t *out, size_t room)
{
    (void)room;
    out[0] = (uint8_t)(number % 2 == 0 ? 0x24 : 0x09);
    const size_t size = h5_edit_seed(number, TARGETS, out + 1);
    return size > 0 ? size + 1 : 0;
}
