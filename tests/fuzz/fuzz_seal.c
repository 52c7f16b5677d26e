/*
 * The seal of a checkpoint, which keeps damaged files from HDF5. With DAMAGE in an input's first byte, what follows
 * damages a sealed checkpoint, 8 bytes a time: any change must be noticed, and HDF5 must not get to open the file.
 * Without, what follows is a file.
 */
#include <stdlib.h>
#include <string.h>

#include "../state_over.h"
#include "fuzz.h"
#include "small_table.h"

#include "base/error.h"
#include "io/h5.h"
#include "io/seal.h"
#include "store/checkpoint.h"

enum { DAMAGE = 1, DAMAGE_SIZE = 8, MOST_DAMAGES = 8, SPARE = 1 << 16 };

static uint8_t *whole;
static size_t whole_size;
static int may_open = 1;

int __real_h5_open_read(h5_file **out, const char *path);
int __wrap_h5_open_read(h5_file **out, const char *path);

int __wrap_h5_open_read(h5_file **out, const char *path)
{
    FUZZ_CHECK(may_open);
    return __real_h5_open_read(out, path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    tensor_table table;
    const char *path = fuzz_path("whole.weights.h5");
    small_table(&table);
    real *weights = calloc(table.weights_size, sizeof *weights);
    real *moving = calloc(table.moving_size, sizeof *moving);
    FUZZ_CHECK(weights != NULL && moving != NULL);
    char a[] = "a";
    char b[] = "b";
    char *classes[] = {a, b};
    const checkpoint_info info = {.epoch = 1, .classes = classes, .class_count = 2};
    FUZZ_CHECK(write_over(path, &table, weights, moving, &info) == LS_OK);
    FUZZ_CHECK(checkpoint_verify(path) == LS_OK);
    fuzz_read_file(path, &whole, &whole_size);
    free(moving);
    free(weights);
    tensor_table_release(&table);
    return 0;
}

/* Damage bytes [*size], which may become shorter, or longer by what is spare. Each place is a share of the length. */
static void damage(uint8_t *bytes, size_t *size, const uint8_t *how)
{
    const size_t share = (size_t)how[1] << 16 | (size_t)how[2] << 8 | how[3];
    const size_t n = (size_t)how[4] << 8 | how[5];
    const size_t at = *size == 0 ? 0 : (how[0] & 0x80 ? *size - 1 - share % *size : share % *size);
    const size_t left = *size - at;
    switch (how[0] % 6) {
    case 0: /* flip bits of one byte */
        if (*size > 0) {
            bytes[at] ^= how[6];
        }
        break;
    case 1: *size = at; break;
    case 2: memset(bytes + at, how[6], n < left ? n : left); break;
    case 3: /* add bytes at the end */
        if (*size + n <= whole_size + SPARE) {
            memset(bytes + *size, how[6], n);
            *size += n;
        }
        break;
    case 4: memmove(bytes + at, bytes, n < left ? n : left); break;
    default: /* take bytes out */
        memmove(bytes + at, bytes + at + (n < left ? n : left), left - (n < left ? n : left));
        *size -= n < left ? n : left;
    }
}

static void try_damaged(const char *path, const uint8_t *data, size_t size)
{
    checkpoint_info info;
    seal_state seal;
    size_t have = whole_size;
    uint8_t *bytes = malloc(whole_size + SPARE);
    FUZZ_CHECK(bytes != NULL);
    memcpy(bytes, whole, whole_size);
    for (size_t i = 0; i < MOST_DAMAGES && (i + 1) * DAMAGE_SIZE <= size; i++) {
        damage(bytes, &have, data + i * DAMAGE_SIZE);
    }
    const int same = have == whole_size && memcmp(bytes, whole, have) == 0;
    fuzz_write_file(path, bytes, have);
    free(bytes);
    FUZZ_CHECK(seal_check(&seal, path) == LS_OK);
    FUZZ_CHECK((seal.verdict == SEAL_GOOD) == same);
    FUZZ_CHECK(seal.bytes == have);
    may_open = same;
    const int code = checkpoint_verify(path);
    fuzz_check_code(code);
    FUZZ_CHECK((code == LS_OK) == same);
    FUZZ_CHECK(same || checkpoint_read_info(&info, path) != LS_OK);
    if (same) {
        FUZZ_CHECK(checkpoint_read_info(&info, path) == LS_OK);
        checkpoint_info_release(&info);
    }
}

/* What the seal says of any file; a good one is the one that sealing the rest of the file makes. */
static void try_file(const char *path, const uint8_t *data, size_t size)
{
    seal_state seal;
    uint8_t *again = NULL;
    size_t again_size = 0;
    fuzz_write_file(path, data, size);
    FUZZ_CHECK(seal_check(&seal, path) == LS_OK);
    FUZZ_CHECK(seal.bytes == size);
    FUZZ_CHECK(seal_holds_text(path, "seal") == (size >= 4 && memmem(data, size, "seal", 4) != NULL));
    may_open = 0;
    if (seal.verdict != SEAL_GOOD) {
        fuzz_check_code(checkpoint_check_seal(path));
        FUZZ_CHECK(checkpoint_verify(path) != LS_OK);
        return;
    }
    fuzz_write_file(path, data, size - SEAL_SIZE);
    FUZZ_CHECK(seal_append(path) == LS_OK);
    fuzz_read_file(path, &again, &again_size);
    FUZZ_CHECK(again_size == size && memcmp(again, data, size) == 0);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_path("damaged.weights.h5");
    if (size == 0) {
        return 0;
    }
    if (data[0] & DAMAGE) {
        try_damaged(path, data + 1, size - 1);
    } else {
        try_file(path, data + 1, size - 1);
    }
    may_open = 1;
    return 0;
}

/* Files: the ends of the sealed checkpoint, its beginning, sealed short ones. Then one damage of each kind. */
size_t fuzz_seed(size_t number, uint8_t *out, size_t room)
{
    enum { FILES = 5, KINDS = 6, PLACES = 5 };
    static const uint32_t places[PLACES] = {0, 9, 40, 4096, 1 << 20};
    (void)room;
    memset(out, 0, 1 + DAMAGE_SIZE);
    if (number < FILES) {
        static const size_t parts[FILES] = {SEAL_SIZE, SEAL_SIZE + 1, 64, 8, 0};
        const char *path = fuzz_path("seed");
        uint8_t *bytes = NULL;
        size_t size = 0;
        fuzz_write_file(path, number < 2 ? whole + whole_size - parts[number] : whole, parts[number]);
        if (number >= 2) {
            FUZZ_CHECK(seal_append(path) == LS_OK);
        }
        fuzz_read_file(path, &bytes, &size);
        memcpy(out + 1, bytes, size);
        free(bytes);
        return 1 + size;
    }
    number -= FILES;
    if (number >= (size_t)KINDS * PLACES * 2) {
        return 0;
    }
    const uint32_t place = places[number / 2 % PLACES];
    out[0] = DAMAGE;
    out[1] = (uint8_t)(number / 2 / PLACES | (number % 2 == 0 ? 0 : 0x80));
    out[2] = (uint8_t)(place >> 16);
    out[3] = (uint8_t)(place >> 8);
    out[4] = (uint8_t)place;
    out[6] = 17;
    out[7] = 1;
    return 1 + DAMAGE_SIZE;
}
