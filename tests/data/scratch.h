#ifndef LOCKSTEP_TESTS_DATA_SCRATCH_H
#define LOCKSTEP_TESTS_DATA_SCRATCH_H

/* A folder for a test's files, and pictures to put into it. */
#include <check.h>
#include <ftw.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/random.h"
#include "data/image.h"

static char scratch_root[PATH_MAX];
static char scratch_buffers[4][PATH_MAX];

static inline void scratch_make(void)
{
    (void)snprintf(scratch_root, sizeof scratch_root, "/tmp/lockstep-data-XXXXXX");
    if (mkdtemp(scratch_root) == NULL) {
        perror(scratch_root);
        exit(EXIT_FAILURE);
    }
}

static inline int scratch_remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void scratch_remove(void)
{
    (void)nftw(scratch_root, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A path inside the folder; valid for the next three calls. */
static inline const char *scratch(const char *name)
{
    static unsigned turn;
    char *out = scratch_buffers[turn++ % 4];
    ck_assert_int_lt(snprintf(out, PATH_MAX, "%s/%s", scratch_root, name), PATH_MAX);
    return out;
}

static inline void scratch_folder(const char *name)
{
    ck_assert_int_eq(mkdir(scratch(name), 0700), 0);
}

static inline void scratch_file(const char *name, const void *bytes, size_t size)
{
    FILE *f = fopen(scratch(name), "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, size, f), size);
    ck_assert_int_eq(fclose(f), 0);
}

/* A PNG of noise; its number sets its pixels and, a little, its size. */
static inline void scratch_picture(const char *name, uint64_t number)
{
    uint8_t pixels[32 * 32 * 3];
    const size_t width = 12 + number % 20;
    const size_t height = 10 + number % 7;
    uint8_t *png = NULL;
    size_t size = 0;
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = (uint8_t)random_bits(number, RANDOM_TEST, i);
    }
    ck_assert_int_eq(image_encode_png(&png, &size, pixels, width, height, 3), LS_OK);
    scratch_file(name, png, size);
    free(png);
}

#endif
