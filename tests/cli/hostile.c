/*
 * Makes files that mean harm, for run_hostile:
 *   hostile picture OUT             a small PNG
 *   hostile flip IN OUT SEED N      a copy with a byte, or eight, of its first 16 KiB or anywhere, changed; a seal is
 *                                   cut off
 *   hostile seal FILE               a seal for whatever it is now
 *   hostile miscount IN OUT STEP    a copy of a checkpoint that says it stands at STEP
 *   hostile compressed OUT          a data set whose pictures are compressed zeros
 *   hostile claims OUT              one whose arrays claim gigabytes
 *   hostile text|attribute|huge-text OUT
 *                                   one with a text whose reference lies about its length
 */
#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/random.h"
#include "data/image.h"
#include "io/seal.h"
#include "store/checkpoint.h"

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "hostile: %s\n", what);
    exit(1);
}

static unsigned char *read_file(const char *path, size_t *size)
{
    struct stat status;
    FILE *f = fopen(path, "rb");
    if (f == NULL || fstat(fileno(f), &status) != 0) {
        die(path);
    }
    unsigned char *bytes = malloc((size_t)status.st_size + 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)status.st_size, f) != (size_t)status.st_size) {
        die(path);
    }
    (void)fclose(f);
    *size = (size_t)status.st_size;
    return bytes;
}

static void write_file(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) {
        die(path);
    }
}

static void make_picture(const char *path)
{
    enum { SIDE = 12 };
    unsigned char pixels[SIDE * SIDE * 3];
    uint8_t *bytes = NULL;
    size_t size = 0;
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = (unsigned char)(7 * i);
    }
    if (image_encode_png(&bytes, &size, pixels, SIDE, SIDE, 3) != LS_OK) {
        die(error_message());
    }
    write_file(path, bytes, size);
    free(bytes);
}

/* Headers, where HDF5 is easily hurt, more often than the rest. */
static void flip(const char *from, const char *to, uint64_t seed, uint64_t number)
{
    enum { HEADERS = 16384 };
    size_t size = 0;
    unsigned char *bytes = read_file(from, &size);
    if (size > SEAL_SIZE && memcmp(bytes + size - SEAL_SIZE, "\nlockstep seal", 14) == 0) {
        size -= SEAL_SIZE;
    }
    const size_t most = number % 3 != 0 && size > HEADERS ? HEADERS : size;
    for (uint64_t i = 0; i < 1 + number % 3; i++) {
        const size_t at = (size_t)random_below(seed, number, 3 * i, most);
        const size_t run = random_below(seed, number, 3 * i + 1, 2) == 0 ? 1 : 8;
        const int value = (int)random_below(seed, number, 3 * i + 2, 256);
        memset(bytes + at, value < 64 ? 0xff : value, size - at < run ? size - at : run);
    }
    write_file(to, bytes, size);
    free(bytes);
}

static void write_set(hid_t file, const char *name, hid_t type, hsize_t n, hid_t creation, const void *data)
{
    const hid_t space = H5Screate_simple(1, &n, NULL);
    const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (set < 0 || (data != NULL && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)) {
        die(name);
    }
    (void)H5Dclose(set);
    (void)H5Sclose(space);
}

static void write_text_attribute(hid_t file, const char *name, const char *value)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    const hid_t space = H5Screate(H5S_SCALAR);
    (void)H5Tset_size(type, strlen(value) + 1);
    const hid_t id = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (id < 0 || H5Awrite(id, type, value) < 0) {
        die(name);
    }
    (void)H5Aclose(id);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
}

static void write_number(hid_t file, const char *name, int64_t value)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t id = H5Acreate2(file, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    if (id < 0 || H5Awrite(id, H5T_NATIVE_INT64, &value) < 0) {
        die(name);
    }
    (void)H5Aclose(id);
    (void)H5Sclose(space);
}

/* What has the members of a data set, a checkpoint and a log, so that each reader goes on as far as it can. */
static hid_t begin(const char *path)
{
    static const char *const groups[] = {"lockstep", "layers", "layers/dense", "layers/dense/vars",
                                         "steps",    "epochs", "tensors"};
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (file < 0) {
        die(path);
    }
    write_text_attribute(file, "format", "lockstep-dataset");
    write_number(file, "format_version", 2);
    write_number(file, "turned", 0);
    write_number(file, "checksum", 0);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        (void)H5Gclose(H5Gcreate2(file, groups[i], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    }
    const hid_t group = H5Gopen2(file, "lockstep", H5P_DEFAULT);
    write_number(group, "format", 2);
    (void)H5Gclose(group);
    return file;
}

static const char *const arrays[] = {"labels",
                                     "offsets",
                                     "hashes",
                                     "split",
                                     "bytes",
                                     "layers/dense/vars/0",
                                     "layers/dense/vars/1",
                                     "steps/step",
                                     "steps/loss",
                                     "epochs/epoch",
                                     "lockstep/checksums"};
enum { ARRAYS = sizeof arrays / sizeof arrays[0] };

static void make_compressed(const char *path)
{
    const hsize_t n = 200000000;
    const hsize_t chunk = 20000000;
    const hid_t file = begin(path);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    (void)H5Pset_chunk(creation, 1, &chunk);
    (void)H5Pset_deflate(creation, 9);
    unsigned char *zeros = calloc(n, 1);
    if (zeros == NULL) {
        die("out of memory");
    }
    for (size_t i = 0; i < ARRAYS; i++) {
        write_set(file, arrays[i], H5T_STD_U8LE, i == 4 ? n : chunk, creation, i == 4 ? zeros : NULL);
    }
    free(zeros);
    (void)H5Pclose(creation);
    (void)H5Fclose(file);
}

static void make_claims(const char *path)
{
    const hid_t file = begin(path);
    for (size_t i = 0; i < ARRAYS; i++) {
        write_set(file, arrays[i], H5T_STD_U64LE, (hsize_t)1 << 36, H5P_DEFAULT, NULL);
    }
    (void)H5Fclose(file);
}

enum { LONG_TEXT = 60000 };

/* Where a reference to a text of LONG_TEXT bytes lies: its length, and a heap's address and index. */
static void lie(const char *path, uint32_t length)
{
    size_t size = 0;
    unsigned char *bytes = read_file(path, &size);
    const uint32_t truth = LONG_TEXT;
    int found = 0;
    for (size_t at = 0; at + 16 <= size; at++) {
        uint64_t address = 0;
        memcpy(&address, bytes + at + 4, sizeof address);
        if (memcmp(bytes + at, &truth, 4) == 0 && address < size && memcmp(bytes + address, "GCOL", 4) == 0) {
            memcpy(bytes + at, &length, 4);
            found++;
        }
    }
    if (found == 0) {
        die("no reference to the text");
    }
    write_file(path, bytes, size);
    free(bytes);
}

static void make_liar(const char *path, int attribute, uint32_t length)
{
    static char text[LONG_TEXT + 1];
    static const char *const sets[] = {"classes",          "names",        "lockstep/config", "lockstep/classes",
                                       "lockstep/tensors", "tensors/names"};
    const uint64_t numbers[5] = {0, 1, 2, 3, 4};
    const hsize_t two = 2;
    const char *list[2] = {text, "b"};
    memset(text, 'A', LONG_TEXT);
    const hid_t file = begin(path);
    const hid_t type = H5Tcopy(H5T_C_S1);
    const hid_t space = H5Screate_simple(1, &two, NULL);
    (void)H5Tset_size(type, H5T_VARIABLE);
    for (size_t i = 0; i < ARRAYS; i++) {
        write_set(file, arrays[i], H5T_STD_U64LE, i == 1 ? 5 : 4, H5P_DEFAULT, numbers);
    }
    for (size_t i = 0; !attribute && i < sizeof sets / sizeof sets[0]; i++) {
        write_set(file, sets[i], type, two, H5P_DEFAULT, list);
    }
    if (attribute) {
        const hid_t id = H5Acreate2(file, "layer_names", type, space, H5P_DEFAULT, H5P_DEFAULT);
        if (id < 0 || H5Awrite(id, type, list) < 0) {
            die("layer_names");
        }
        (void)H5Aclose(id);
        (void)H5Ldelete(file, "layers", H5P_DEFAULT);
        (void)H5Ldelete(file, "lockstep", H5P_DEFAULT);
    }
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Fclose(file);
    lie(path, length);
}

/* A copy of a checkpoint, whole in all its parts, that stands at other steps than its epochs have. */
static void miscount(const char *from, const char *to, uint64_t step)
{
    checkpoint_info info;
    tensor_table t;
    state s;
    if (checkpoint_load(&info, &t, &s, from) != LS_OK) {
        die(error_message());
    }
    s.step = step;
    if (checkpoint_write(to, &s, &info) != LS_OK) {
        die(error_message());
    }
    state_release(&s);
    tensor_table_release(&t);
    checkpoint_info_release(&info);
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    if (strcmp(what, "picture") == 0) {
        make_picture(argv[2]);
    } else if (strcmp(what, "flip") == 0 && argc == 6) {
        flip(argv[2], argv[3], strtoull(argv[4], NULL, 10), strtoull(argv[5], NULL, 10));
    } else if (strcmp(what, "miscount") == 0 && argc == 5) {
        miscount(argv[2], argv[3], strtoull(argv[4], NULL, 10));
    } else if (strcmp(what, "seal") == 0) {
        if (seal_append(argv[2]) != LS_OK) {
            die(error_message());
        }
    } else if (strcmp(what, "compressed") == 0) {
        make_compressed(argv[2]);
    } else if (strcmp(what, "claims") == 0) {
        make_claims(argv[2]);
    } else if (strcmp(what, "text") == 0) {
        make_liar(argv[2], 0, 2);
    } else if (strcmp(what, "attribute") == 0) {
        make_liar(argv[2], 1, 2);
    } else if (strcmp(what, "huge-text") == 0) {
        make_liar(argv[2], 0, UINT32_MAX);
    } else {
        die("usage: see hostile.c");
    }
    return 0;
}
