/*
 * The checkpoint reader. An input is a byte of flags, then edits (h5_edit.h) of a small whole checkpoint, which is
 * sealed again after them: fuzz_seal.c has what happens without a good seal. All ways to read one are tried, the one
 * for Keras' files among them, and what they say must agree.
 */
#include <stdlib.h>
#include <string.h>

#include "../state_over.h"
#include "blind.h"
#include "fuzz.h"
#include "h5_edit.h"
#include "small_table.h"

#include "base/error.h"
#include "io/seal.h"
#include "store/checkpoint.h"
#include "store/checkpoint_check.h"
#include "store/weights_file.h"

enum { SEEING = 1, LEGACY = 2, MOST_EDITS = 16 };

static const edit_target targets[] = {
    {"/lockstep", "format"},
    {"/lockstep", "epoch"},
    {"/lockstep", "step"},
    {"/lockstep", "position"},
    {"/lockstep", "seed"},
    {"/lockstep", "weights"},
    {"/lockstep", "height"},
    {"/lockstep", "batch_norm"},
    {"/lockstep", "checksum"},
    {"/lockstep", NULL},
    {"/lockstep/config", NULL},
    {"/lockstep/experiment", NULL},
    {"/lockstep/classes", NULL},
    {"/lockstep/tensors", NULL},
    {"/lockstep/checksums", NULL},
    {"/layers", NULL},
    {"/layers/conv2d", NULL},
    {"/layers/conv2d/vars/0", NULL},
    {"/layers/batch_normalization/vars", NULL},
    {"/layers/batch_normalization/vars/2", NULL},
    {"/layers/dense/vars/0", NULL},
    {"/layers/dense/vars/1", NULL},
    {"/", "layer_names"},
    {"/conv2d", "weight_names"},
    {"/dense", "weight_names"},
    {"/conv2d/conv2d/kernel:0", NULL},
    {"/dense/dense/bias:0", NULL},
    {"/dense", NULL},
};
enum { TARGETS = sizeof targets / sizeof targets[0], OLDER = 22 /* the first of the older layout */ };

static uint8_t *whole;
static size_t whole_size;
static tensor_table table;

/* Both vectors, in allocations of exactly their size. */
typedef struct vectors {
    real *weights, *moving;
} vectors;

static vectors vectors_make(void)
{
    const vectors v = {calloc(table.weights_size, sizeof(real)), calloc(table.moving_size, sizeof(real))};
    FUZZ_CHECK(v.weights != NULL && v.moving != NULL);
    return v;
}

static void vectors_release(vectors v)
{
    free(v.weights);
    free(v.moving);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    char a[] = "a";
    char b[] = "b";
    char *classes[] = {a, b};
    const checkpoint_info info = {.epoch = 2,
                                  .step = 20,
                                  .seed = 1,
                                  .height = 32,
                                  .width = 32,
                                  .config = "experiment: {name: a}\ndata: {file: b}\n",
                                  .experiment = "bn",
                                  .classes = classes,
                                  .class_count = 2};
    const char *path = fuzz_path("whole.weights.h5");
    small_table(&table);
    const vectors v = vectors_make();
    FUZZ_CHECK(write_over(path, &table, v.weights, v.moving, &info) == LS_OK);
    vectors_release(v);
    fuzz_read_file(path, &whole, &whole_size);
    fuzz_write_file(fuzz_path("outside"), "0123456789abcdef", 16);
    return 0;
}

static void check_info(const char *path, int verified)
{
    checkpoint_info info;
    const int code = checkpoint_read_info(&info, path);
    fuzz_check_code(code);
    FUZZ_CHECK(verified != LS_OK || code == LS_OK);
    if (code == LS_OK) {
        FUZZ_CHECK(strlen(info.config) + strlen(info.experiment) + strlen(info.normalization) + strlen(info.program) <
                   SIZE_MAX);
        for (size_t i = 0; i < info.class_count; i++) {
            FUZZ_CHECK(strlen(info.classes[i]) < SIZE_MAX);
        }
        checkpoint_info_release(&info);
    }
}

/* What fsck and diff read, and that they find something where checkpoint_verify does. */
static void check_thoroughly(const char *path, int verified)
{
    checkpoint_info info;
    tensor_table t;
    problems found = {0};
    const int code = checkpoint_check(&info, &t, path, &found);
    fuzz_check_code(code);
    fuzz_check_problems(&found);
    FUZZ_CHECK(found.count > 0 || verified == LS_OK);
    if (code == LS_OK) {
        tensor_table_release(&t);
        checkpoint_info_release(&info);
    }
    weights_file w;
    const int opened = weights_file_open(&w, path);
    fuzz_check_code(opened);
    for (size_t i = 0; opened == LS_OK && i < w.table.count; i++) {
        h5_type type = H5_OTHER;
        double *values = calloc(w.table.tensors[i].size, sizeof *values);
        FUZZ_CHECK(values != NULL);
        fuzz_check_code(weights_file_read(&w, i, values, &type));
        free(values);
    }
    if (opened == LS_OK) {
        weights_file_close(&w);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t no_layers[EDIT_SIZE] = {2, 15}; /* without the newer layout the older one is read */
    uint8_t edits[EDIT_SIZE * MOST_EDITS];
    size_t used = 0;
    const char *path = fuzz_path("edited.weights.h5");
    if (size == 0) {
        return 0;
    }
    fuzz_write_file(path, whole, whole_size);
    if (data[0] & LEGACY) {
        memcpy(edits, no_layers, sizeof no_layers);
        used = sizeof no_layers;
    }
    size = size - 1 < sizeof edits - used ? size - 1 : sizeof edits - used;
    memcpy(edits + used, data + 1, size);
    h5_edit_file(path, targets, TARGETS, edits, used + size);
    h5_edit_show_trap();
    blind_hashes((data[0] & SEEING) == 0);
    FUZZ_CHECK(seal_append(path) == LS_OK);
    const int verified = checkpoint_verify(path);
    fuzz_check_code(verified);
    check_info(path, verified);
    const vectors v = vectors_make();
    const int code = read_over(path, &table, v.weights, v.moving);
    fuzz_check_code(code);
    FUZZ_CHECK(code != LS_OK || verified == LS_OK);
    fuzz_check_code(read_keras_over(path, &table, v.weights, v.moving));
    vectors_release(v);
    check_thoroughly(path, verified);
    blind_hashes(1);
    h5_edit_hide_trap();
    h5_edit_check_closed();
    return 0;
}

size_t fuzz_seed(size_t number, uint8_t *out, size_t room)
{
    (void)room;
    const size_t size = h5_edit_seed(number, TARGETS, out + 1);
    out[0] = number % TARGETS < OLDER ? 0 : LEGACY;
    return size > 0 ? size + 1 : 0;
}
