/*
 * Files that HDF5's own functions would never write: bytes and runs of bytes are changed in a data set, a log and a
 * checkpoint (which is sealed again). They are read as every command reads them, by another process: it may crash, this
 * one must say so. An input is a byte that chooses the file, then edits: a place (4 bytes), how (1), a value (1).
 */
#include <stdlib.h>
#include <string.h>

#include "../state_over.h"
#include "fuzz.h"
#include "pictures.h"
#include "small_table.h"

#include "base/error.h"
#include "base/hash.h"
#include "data/dataset_check.h"
#include "data/dataset_writer.h"
#include "io/h5.h"
#include "io/seal.h"
#include "store/checkpoint.h"
#include "store/checkpoint_check.h"
#include "store/file_kind.h"
#include "store/runlog.h"
#include "store/runlog_check.h"
#include "store/runlog_read.h"
#include "store/weights_file.h"

enum { FILES = 3, EDIT = 6, MOST_EDITS = 8, PICTURES = 3, CLASSES = 2 };

static uint8_t *whole[FILES];
static size_t size_of[FILES];
static tensor_table table;

static void make_dataset(const char *path)
{
    static const char *const classes[CLASSES] = {"a", "b"};
    static char names[PICTURES][8] = {"a/1", "b/1", "a/2"};
    static uint8_t bytes[PICTURES][4096];
    dataset_item items[PICTURES];
    for (size_t i = 0; i < PICTURES; i++) {
        const size_t size = pictures_make(i, bytes[i], sizeof bytes[i]);
        items[i] = (dataset_item){.name = names[i],
                                  .bytes = bytes[i],
                                  .size = size,
                                  .hash = hash_bytes(HASH_START, bytes[i], size),
                                  .label = (int32_t)(i % CLASSES)};
    }
    FUZZ_CHECK(dataset_write(path, items, PICTURES, classes, CLASSES) == LS_OK);
}

static void make_log(const char *path, const real *weights)
{
    runlog *log = NULL;
    const runlog_step_row step = {.step = 1, .loss = 1, .cross_entropy = 1, .accuracy = 0.5};
    const runlog_epoch_row epoch = {.epoch = 1, .train_loss = 1, .train_accuracy = 0.5};
    FUZZ_CHECK(open_log_over(&log, path, &table, 0, 0) == LS_OK);
    FUZZ_CHECK(runlog_step(log, &step) == LS_OK && runlog_epoch(log, &epoch, weights) == LS_OK);
    FUZZ_CHECK(runlog_close(log) == LS_OK);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    char a[] = "a";
    char b[] = "b";
    char *classes[] = {a, b};
    const checkpoint_info info = {.step = 20,
                                  .height = 32,
                                  .width = 32,
                                  .config = "experiment: {name: a}\n",
                                  .experiment = "bn",
                                  .classes = classes,
                                  .class_count = 2};
    const char *paths[FILES] = {fuzz_path("whole.h5"), fuzz_path("log.h5"), fuzz_path("whole.weights.h5")};
    small_table(&table);
    real *weights = calloc(table.weights_size, sizeof *weights);
    real *moving = calloc(table.moving_size, sizeof *moving);
    FUZZ_CHECK(weights != NULL && moving != NULL);
    make_dataset(paths[0]);
    make_log(paths[1], weights);
    FUZZ_CHECK(write_over(paths[2], &table, weights, moving, &info) == LS_OK);
    free(weights);
    free(moving);
    for (size_t i = 0; i < FILES; i++) {
        fuzz_read_file(paths[i], &whole[i], &size_of[i]);
    }
    size_of[FILES - 1] -= SEAL_SIZE;
    h5_read_here(0);
    return 0;
}

static void edit(uint8_t *file, size_t size, const uint8_t *e)
{
    enum { SET, FLIP, FILL8, ADD, HOWS };
    const size_t at = ((size_t)e[0] | (size_t)e[1] << 8 | (size_t)e[2] << 16 | (size_t)e[3] << 24) % size;
    switch (e[4] % HOWS) {
    case SET: file[at] = e[5]; break;
    case FLIP: file[at] ^= (uint8_t)(1U << (e[5] % 8)); break;
    case FILL8: memset(file + at, e[5], size - at < 8 ? size - at : 8); break;
    default: file[at] = (uint8_t)(file[at] + e[5]); break;
    }
}

static void check_dataset(const char *path)
{
    dataset *d = NULL;
    problems found = {0};
    const int code = dataset_open(&d, path);
    fuzz_check_code(code);
    FUZZ_CHECK((code == LS_OK) == (d != NULL));
    dataset_free(d);
    if (dataset_open_unread(&d, path) == LS_OK) {
        dataset_check_pictures(d, true, &found);
        dataset_free(d);
    }
    fuzz_check_problems(&found);
}

static void check_log(const char *path)
{
    runlog_epoch_row *rows = NULL;
    size_t count = 0;
    runlog_facts facts;
    problems found = {0};
    series measured;
    runlog_norms norms;
    fuzz_check_code(runlog_read_epochs(path, &rows, &count));
    free(rows);
    fuzz_check_code(runlog_read_samples(path, &measured));
    series_release(&measured);
    fuzz_check_code(runlog_read_norms(path, &norms));
    runlog_norms_release(&norms);
    fuzz_check_code(runlog_check(&facts, path, &found));
    fuzz_check_problems(&found);
}

static void check_checkpoint(const char *path)
{
    checkpoint_info info;
    tensor_table t;
    weights_file w;
    problems found = {0};
    FUZZ_CHECK(seal_append(path) == LS_OK);
    fuzz_check_code(checkpoint_verify(path));
    if (checkpoint_check(&info, &t, path, &found) == LS_OK) {
        tensor_table_release(&t);
        checkpoint_info_release(&info);
    }
    fuzz_check_problems(&found);
    const int code = weights_file_open(&w, path);
    fuzz_check_code(code);
    if (code == LS_OK) {
        weights_file_close(&w);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[FILES] = {"edited.h5", "log.h5", "edited.weights.h5"};
    file_kind kind;
    if (size < 1 + EDIT) {
        return 0;
    }
    const size_t which = data[0] % FILES;
    const char *path = fuzz_path(names[which]);
    uint8_t *edited = malloc(size_of[which]);
    FUZZ_CHECK(edited != NULL);
    memcpy(edited, whole[which], size_of[which]);
    for (size_t i = 0; i < MOST_EDITS && 1 + (i + 1) * EDIT <= size; i++) {
        edit(edited, size_of[which], data + 1 + i * EDIT);
    }
    fuzz_write_file(path, edited, size_of[which]);
    free(edited);
    fuzz_check_code(file_kind_of(&kind, path));
    switch (which) {
    case 0: check_dataset(path); break;
    case 1: check_log(path); break;
    default: check_checkpoint(path); break;
    }
    return 0;
}

/* Places all over the files, in turn with each way to edit. */
size_t fuzz_seed(size_t number, uint8_t *out, size_t room)
{
    enum { SEEDS = 450 };
    static const uint8_t values[] = {0xff, 0x7f, 0, 1};
    if (number >= SEEDS || room < 1 + EDIT) {
        return 0;
    }
    const size_t which = number % FILES;
    const size_t at = (number / FILES) * (size_of[which] < 65536 ? size_of[which] : 65536) / (SEEDS / FILES);
    out[0] = (uint8_t)which;
    for (size_t i = 0; i < 4; i++) {
        out[1 + i] = (uint8_t)(at >> (8 * i));
    }
    out[5] = (uint8_t)(number / FILES % 4);
    out[6] = values[number / (4 * FILES) % 4];
    return 1 + EDIT;
}
