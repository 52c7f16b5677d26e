#include "store/event_record.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/error.h"

enum { LENGTH_SIZE = 8, SUM_SIZE = 4, HEAD_SIZE = LENGTH_SIZE + SUM_SIZE };

static void put(char *out, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        out[i] = (char)(value >> (8 * i));
    }
}

static uint64_t get(const uint8_t *bytes, size_t width)
{
    uint64_t value = 0;
    for (size_t i = width; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}

void event_record_add(text_builder *out, const char *bytes, size_t n)
{
    char head[HEAD_SIZE];
    char sum[SUM_SIZE];
    put(head, n, LENGTH_SIZE);
    put(head + LENGTH_SIZE, crc32c_masked(head, LENGTH_SIZE), SUM_SIZE);
    put(sum, crc32c_masked(bytes, n), SUM_SIZE);
    text_add_bytes(out, head, sizeof head);
    text_add_bytes(out, bytes, n);
    text_add_bytes(out, sum, sizeof sum);
}

static int damaged(const event_records *r)
{
    return error_set(LS_EFORMAT, "%s: the record at byte %llu is damaged", r->name, (unsigned long long)r->end);
}

/* 1, or 0 where the file ends before, or LS_EIO. */
static int take(event_records *r, void *out, size_t n)
{
    if (fread(out, 1, n, r->file) == n) {
        return 1;
    }
    return ferror(r->file) ? error_set(LS_EIO, "%s: cannot be read: %m", r->name) : 0;
}

static int make_room(event_records *r, size_t n)
{
    if (n <= r->room) {
        return LS_OK;
    }
    uint8_t *const bytes = realloc(r->bytes, n);
    if (bytes == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for a record", r->name);
    }
    r->bytes = bytes;
    r->room = n;
    return LS_OK;
}

int event_records_next(event_records *r)
{
    uint8_t head[HEAD_SIZE];
    int got = take(r, head, sizeof head);
    if (got <= 0) {
        return got;
    }
    const uint64_t n = get(head, LENGTH_SIZE);
    if (get(head + LENGTH_SIZE, SUM_SIZE) != crc32c_masked(head, LENGTH_SIZE) || n > EVENT_RECORD_MOST) {
        return damaged(r);
    }
    const int code = make_room(r, (size_t)n + SUM_SIZE);
    if (code != LS_OK) {
        return code;
    }
    got = take(r, r->bytes, (size_t)n + SUM_SIZE);
    if (got <= 0) {
        return got;
    }
    if (get(r->bytes + n, SUM_SIZE) != crc32c_masked(r->bytes, (size_t)n)) {
        return damaged(r);
    }
    r->length = (size_t)n;
    r->end += HEAD_SIZE + n + SUM_SIZE;
    return 1;
}

void event_records_release(event_records *r)
{
    free(r->bytes);
    *r = (event_records){0};
}
