#ifndef LOCKSTEP_TESTS_DATA_FILES_H
#define LOCKSTEP_TESTS_DATA_FILES_H

/* Picture files in memory, to be cut, damaged and decoded. Needs tests/fuzz/pictures.c. */
#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/pictures.h"

#include "base/error.h"
#include "data/image.h"

enum { FILE_ROOM = 1 << 16 };

typedef struct file {
    uint8_t bytes[FILE_ROOM];
    size_t size;
} file;

static inline void file_add(file *f, const void *bytes, size_t size)
{
    ck_assert_uint_le(f->size + size, sizeof f->bytes);
    memcpy(f->bytes + f->size, bytes, size);
    f->size += size;
}

/* The first `size` bytes of it. */
static inline file file_cut(const file *f, size_t size)
{
    file out = {.size = size};
    memcpy(out.bytes, f->bytes, size);
    return out;
}

/* It, with something in the place of `removed` bytes from `at` on. */
static inline file file_with(const file *f, size_t at, size_t removed, const void *bytes, size_t size)
{
    file out = file_cut(f, at);
    file_add(&out, bytes, size);
    file_add(&out, f->bytes + at + removed, f->size - at - removed);
    return out;
}

/* The next picture of a kind; false past the last one. *number counts on. */
static inline bool file_next(file *out, image_kind kind, size_t *number)
{
    do {
        out->size = pictures_make((*number)++, out->bytes, sizeof out->bytes);
    } while (out->size > 0 && image_kind_of(out->bytes, out->size) != kind);
    return out->size > 0;
}

/* Decode from memory of exactly the file's size, so that a read past its end is seen. */
static inline int file_decode(image *out, const file *f)
{
    uint8_t *bytes = malloc(f->size + (f->size == 0));
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, f->bytes, f->size);
    const int code = image_decode(out, bytes, f->size);
    free(bytes);
    return code;
}

static inline bool same_pixels(const image *a, const image *b)
{
    return a->width == b->width && a->height == b->height &&
           memcmp(a->pixels, b->pixels, a->width * a->height * 3) == 0;
}

#endif
