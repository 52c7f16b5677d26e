#include "exchange/flatbuffer.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"

enum { WIDTH_OF_REF = 4, WIDTH_OF_SLOT = 2, START = 4096 };
static const size_t most = INT32_MAX;

/* Room for n bytes more: as what is written stays at the end, it moves. */
static int make_room(flatbuffer *f, size_t n)
{
    if (n > most || f->used + n > most) {
        return error_set(LS_EUSAGE, "the weights are more than the 2 GiB that such a file can hold");
    }
    size_t size = f->size < START ? START : f->size;
    while (size < f->used + n) {
        size *= 2;
    }
    if (size == f->size) {
        return LS_OK;
    }
    unsigned char *grown = malloc(size);
    if (grown == NULL) {
        return error_set(LS_ENOMEM, "out of memory for a file of %zu bytes", f->used + n);
    }
    if (f->used > 0) {
        memcpy(grown + size - f->used, f->bytes + f->size - f->used, f->used);
    }
    free(f->bytes);
    f->bytes = grown;
    f->size = size;
    return LS_OK;
}

/* n bytes in front of all others, whose content the caller sets; NULL after a failure. */
static unsigned char *take(flatbuffer *f, size_t n)
{
    if (f->code == LS_OK) {
        f->code = make_room(f, n);
    }
    if (f->code != LS_OK) {
        return NULL;
    }
    f->used += n;
    return f->bytes + f->size - f->used;
}

/* Zeros, so that what begins `after` bytes in front of them is aligned. Distances to the end decide, and the end is. */
static void align(flatbuffer *f, size_t after, size_t alignment)
{
    const size_t gap = size_round_up(f->used + after, alignment) - f->used - after;
    unsigned char *to = take(f, gap);
    f->alignment = alignment > f->alignment ? alignment : f->alignment;
    if (to != NULL) {
        memset(to, 0, gap);
    }
}

static void put(unsigned char *to, uint64_t value, size_t width)
{
    for (size_t i = 0; to != NULL && i < width; i++) {
        to[i] = (unsigned char)(value >> (8 * i));
    }
}

/* Aligned to its own width. */
static void add(flatbuffer *f, uint64_t value, size_t width)
{
    align(f, width, width);
    put(take(f, width), value, width);
}

/* How far a reference is from what it refers to; it is the next to be written. */
static void add_ref(flatbuffer *f, flatbuffer_ref to)
{
    align(f, WIDTH_OF_REF, WIDTH_OF_REF);
    add(f, f->used + WIDTH_OF_REF - to, WIDTH_OF_REF);
}

static flatbuffer_ref here(const flatbuffer *f)
{
    return f->code == LS_OK ? (flatbuffer_ref)f->used : 0;
}

static void copy_little_endian(unsigned char *to, const void *values, size_t count, size_t width)
{
    if (count > 0) {
        memcpy(to, values, count * width);
    }
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (size_t i = 0; i < count * width; i += width) {
        for (size_t k = 0; k < width / 2; k++) {
            const unsigned char first = to[i + k];
            to[i + k] = to[i + width - 1 - k];
            to[i + width - 1 - k] = first;
        }
    }
#endif
}

flatbuffer_ref flatbuffer_text(flatbuffer *f, const char *text)
{
    if (text == NULL) {
        return 0;
    }
    const size_t n = strlen(text);
    align(f, n + 1, WIDTH_OF_REF);
    unsigned char *to = take(f, n + 1);
    if (to != NULL) {
        memcpy(to, text, n + 1);
    }
    add(f, n, WIDTH_OF_REF);
    return here(f);
}

flatbuffer_ref flatbuffer_vector(flatbuffer *f, const void *values, size_t count, size_t width, size_t alignment)
{
    size_t bytes = 0;
    if (size_mul(&bytes, count, width) != 0) {
        bytes = SIZE_MAX;
    }
    align(f, bytes < most ? bytes : 0, alignment > WIDTH_OF_REF ? alignment : WIDTH_OF_REF);
    unsigned char *to = take(f, bytes);
    if (to != NULL) {
        copy_little_endian(to, values, count, width);
    }
    add(f, count, WIDTH_OF_REF);
    return here(f);
}

flatbuffer_ref flatbuffer_list(flatbuffer *f, const flatbuffer_ref *refs, size_t count)
{
    align(f, count * WIDTH_OF_REF, WIDTH_OF_REF);
    for (size_t i = count; i-- > 0;) {
        add_ref(f, refs[i]);
    }
    add(f, count, WIDTH_OF_REF);
    return here(f);
}

void flatbuffer_begin(flatbuffer *f)
{
    memset(f->fields, 0, sizeof f->fields);
    f->table = f->used;
}

void flatbuffer_whole(flatbuffer *f, int field, uint64_t value, size_t width)
{
    add(f, value, width);
    f->fields[field] = f->used;
}

void flatbuffer_real(flatbuffer *f, int field, float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    flatbuffer_whole(f, field, bits, sizeof bits);
}

void flatbuffer_refer(flatbuffer *f, int field, flatbuffer_ref to)
{
    if (to != 0) {
        add_ref(f, to);
        f->fields[field] = f->used;
    }
}

/* Before a table lies the list of where its fields are; the table begins with the distance to it. */
flatbuffer_ref flatbuffer_end(flatbuffer *f)
{
    size_t count = FLATBUFFER_MOST_FIELDS;
    while (count > 0 && f->fields[count - 1] == 0) {
        count--;
    }
    const size_t slots = (2 + count) * WIDTH_OF_SLOT;
    align(f, WIDTH_OF_REF, WIDTH_OF_REF);
    unsigned char *distance = take(f, WIDTH_OF_REF);
    const size_t start = f->used;
    put(distance, slots, WIDTH_OF_REF);
    align(f, slots, WIDTH_OF_SLOT);
    unsigned char *to = take(f, slots);
    if (to == NULL) {
        return 0;
    }
    put(to, slots, WIDTH_OF_SLOT);
    put(to + WIDTH_OF_SLOT, start - f->table, WIDTH_OF_SLOT);
    for (size_t i = 0; i < count; i++) {
        const size_t field = f->fields[i];
        put(to + (2 + i) * WIDTH_OF_SLOT, field == 0 ? 0 : start - field, WIDTH_OF_SLOT);
    }
    return (flatbuffer_ref)start;
}

const unsigned char *flatbuffer_finish(flatbuffer *f, size_t *size, flatbuffer_ref root, const char identifier[4])
{
    enum { HEAD = WIDTH_OF_REF + 4 };
    align(f, HEAD, f->alignment > WIDTH_OF_REF ? f->alignment : WIDTH_OF_REF);
    unsigned char *to = take(f, 4);
    if (to != NULL) {
        memcpy(to, identifier, 4);
    }
    add_ref(f, root);
    *size = f->used;
    return f->code == LS_OK ? f->bytes + f->size - f->used : NULL;
}

void flatbuffer_release(flatbuffer *f)
{
    free(f->bytes);
    *f = (flatbuffer){0};
}
