#ifndef LOCKSTEP_EXCHANGE_FLATBUFFER_H
#define LOCKSTEP_EXCHANGE_FLATBUFFER_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes a FlatBuffer: tables of numbered fields, texts, and vectors of numbers, of structures and of references.
 *
 * It is built from its end to its beginning, so whatever a table or a vector refers to comes before it in time. Start
 * as zeros. The first failure (LS_ENOMEM; LS_EUSAGE where it grows beyond the 2 GiB that its offsets reach) stays in
 * `code`, with its message in base/error.h, and nothing is added after it; so a file is written without looking at
 * each.
 */
enum { FLATBUFFER_MOST_FIELDS = 16 };

typedef struct flatbuffer {
    unsigned char *bytes; /* owned; [size], of which the last `used` are written */
    size_t size, used;
    size_t alignment; /* of the whole: the largest of its parts */
    int code;
    size_t fields[FLATBUFFER_MOST_FIELDS]; /* of the table that is open: `used` after each; 0: left out */
    size_t table;                          /* `used` before it */
} flatbuffer;

/* Something written: how far its beginning is from the buffer's end. 0: nothing. */
typedef uint32_t flatbuffer_ref;

/* A text, which ends before a NUL. NULL: nothing. */
flatbuffer_ref flatbuffer_text(flatbuffer *f, const char *text);

/*
 * A vector of count numbers of `width` bytes each (1, 2, 4, 8), in this machine's order. The first is aligned to
 * `alignment` bytes, a power of two, in the finished file.
 */
flatbuffer_ref flatbuffer_vector(flatbuffer *f, const void *values, size_t count, size_t width, size_t alignment);

/* A vector of references, none of which is 0. */
flatbuffer_ref flatbuffer_list(flatbuffer *f, const flatbuffer_ref *refs, size_t count);

/*
 * A table: begin, its fields by their numbers in the schema (below FLATBUFFER_MOST_FIELDS) in any order, end. Tables do
 * not nest. A field that is not set has the schema's default; a reference to nothing is not set.
 */
void flatbuffer_begin(flatbuffer *f);
void flatbuffer_whole(flatbuffer *f, int field, uint64_t value, size_t width); /* 1, 2, 4 or 8 bytes; also enums */
void flatbuffer_real(flatbuffer *f, int field, float value);
void flatbuffer_refer(flatbuffer *f, int field, flatbuffer_ref to);
flatbuffer_ref flatbuffer_end(flatbuffer *f);

/* The last: what the whole is, and the four letters that say of which schema. *size bytes from the result on. */
const unsigned char *flatbuffer_finish(flatbuffer *f, size_t *size, flatbuffer_ref root, const char identifier[4]);

void flatbuffer_release(flatbuffer *f);

#endif
