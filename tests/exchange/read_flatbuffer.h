#ifndef LOCKSTEP_TESTS_READ_FLATBUFFER_H
#define LOCKSTEP_TESTS_READ_FLATBUFFER_H

/* Reads a FlatBuffer in memory, and checks that nothing it refers to is outside of it or not aligned. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct read_buffer {
    const unsigned char *bytes;
    size_t size;
} read_buffer;

/* A number of `width` bytes; 0 as a place is that of nothing. */
static inline uint64_t read_at(const read_buffer *b, size_t at, size_t width)
{
    uint64_t value = 0;
    ck_assert_msg(at + width <= b->size && at % width == 0, "%zu bytes at %zu of %zu", width, at, b->size);
    memcpy(&value, b->bytes + at, width);
    return value;
}

static inline size_t read_root(const read_buffer *b, const char *identifier)
{
    ck_assert_uint_ge(b->size, 8);
    ck_assert_mem_eq(b->bytes + 4, identifier, 4);
    return (size_t)read_at(b, 0, 4);
}

/* Where a table's field is; 0: it has none. */
static inline size_t read_field(const read_buffer *b, size_t table, size_t field)
{
    const size_t slots = table - (size_t)(int32_t)read_at(b, table, 4);
    const size_t size = (size_t)read_at(b, slots, 2);
    const size_t in_table = (size_t)read_at(b, slots + 2, 2);
    const size_t slot = 4 + 2 * field;
    const size_t offset = slot < size ? (size_t)read_at(b, slots + slot, 2) : 0;
    ck_assert_uint_lt(offset, in_table);
    return offset == 0 ? 0 : table + offset;
}

static inline uint64_t read_whole(const read_buffer *b, size_t table, size_t field, size_t width)
{
    const size_t at = read_field(b, table, field);
    return at == 0 ? 0 : read_at(b, at, width);
}

/* What a field refers to; 0: nothing. */
static inline size_t read_ref(const read_buffer *b, size_t table, size_t field)
{
    const size_t at = read_field(b, table, field);
    return at == 0 ? 0 : at + (size_t)read_at(b, at, 4);
}

/* How many a vector has, and where its first is. */
static inline size_t read_vector(const read_buffer *b, size_t vector, size_t width, size_t *first)
{
    const size_t count = (size_t)read_at(b, vector, 4);
    *first = vector + 4;
    ck_assert_uint_le(*first + count * width, b->size);
    ck_assert_uint_eq(*first % width, 0);
    return count;
}

/* Number i of a vector of references. */
static inline size_t read_item(const read_buffer *b, size_t vector, size_t i)
{
    size_t first = 0;
    ck_assert_uint_lt(i, read_vector(b, vector, 4, &first));
    return first + 4 * i + (size_t)read_at(b, first + 4 * i, 4);
}

static inline size_t read_count(const read_buffer *b, size_t vector)
{
    size_t first = 0;
    return vector == 0 ? 0 : read_vector(b, vector, 1, &first);
}

static inline const char *read_text(const read_buffer *b, size_t text)
{
    size_t first = 0;
    const size_t n = read_vector(b, text, 1, &first);
    ck_assert_uint_lt(first + n, b->size);
    ck_assert_uint_eq(b->bytes[first + n], 0);
    return (const char *)b->bytes + first;
}

#endif
