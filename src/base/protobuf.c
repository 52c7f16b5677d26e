#include "base/protobuf.h"

#include <string.h>

#include "base/error.h"

/* --- Writing ------------------------------------------------------------------------------------------------------ */

/* Seven bits a byte, the lowest first. */
static void add_varint(text_builder *out, uint64_t value)
{
    char bytes[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7) {
        bytes[n++] = (char)(value | 0x80);
    }
    bytes[n++] = (char)value;
    text_add_bytes(out, bytes, n);
}

static void add_key(text_builder *out, unsigned field, unsigned wire)
{
    add_varint(out, (uint64_t)field << 3 | wire);
}

void proto_add_number(text_builder *message, unsigned field, uint64_t value)
{
    add_key(message, field, PROTO_NUMBER);
    add_varint(message, value);
}

/* The bits of a float or double, the lowest byte first. */
static void add_fixed(text_builder *out, uint64_t bits, size_t width)
{
    char bytes[8];
    for (size_t i = 0; i < width; i++) {
        bytes[i] = (char)(bits >> (8 * i));
    }
    text_add_bytes(out, bytes, width);
}

void proto_add_float(text_builder *message, unsigned field, float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    add_key(message, field, PROTO_4_BYTES);
    add_fixed(message, bits, sizeof bits);
}

void proto_add_double(text_builder *message, unsigned field, double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    add_key(message, field, PROTO_8_BYTES);
    add_fixed(message, bits, sizeof bits);
}

void proto_add_length(text_builder *message, unsigned field, size_t n)
{
    add_key(message, field, PROTO_BYTES);
    add_varint(message, n);
}

void proto_add_bytes(text_builder *message, unsigned field, const char *bytes, size_t n)
{
    proto_add_length(message, field, n);
    text_add_bytes(message, bytes, n);
}

void proto_add_text(text_builder *message, unsigned field, const char *text)
{
    proto_add_bytes(message, field, text, strlen(text));
}

void proto_add_message(text_builder *message, unsigned field, text_builder *inner)
{
    proto_add_bytes(message, field, text_of(inner), inner->length);
    message->failed = message->failed || inner->failed;
    text_release(inner);
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static int take_varint(proto_part *p, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (p->left == 0) {
            return LS_EFORMAT;
        }
        const uint8_t byte = *p->at++;
        p->left--;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return LS_OK;
        }
    }
    return LS_EFORMAT;
}

static int take_bytes(proto_part *p, uint64_t n, proto_part *out)
{
    if (n > p->left) {
        return LS_EFORMAT;
    }
    *out = (proto_part){p->at, (size_t)n};
    p->at += n;
    p->left -= (size_t)n;
    return LS_OK;
}

int proto_next(proto_part *message, proto_field *out)
{
    uint64_t length = 0;
    int code = take_varint(message, &out->number);
    out->wire = out->number & 7;
    out->number >>= 3;
    if (code != LS_OK) {
        return code;
    }
    switch (out->wire) {
    case PROTO_NUMBER: return take_varint(message, &out->value);
    case PROTO_8_BYTES: return take_bytes(message, 8, &out->content);
    case PROTO_4_BYTES: return take_bytes(message, 4, &out->content);
    case PROTO_BYTES:
        code = take_varint(message, &length);
        return code == LS_OK ? take_bytes(message, length, &out->content) : code;
    default: return LS_EFORMAT;
    }
}

int proto_find(proto_part message, uint64_t number, proto_part *out)
{
    proto_field f = {0};
    while (message.left > 0) {
        const int code = proto_next(&message, &f);
        if (code != LS_OK) {
            return code;
        }
        if (f.number == number && f.wire == PROTO_BYTES) {
            *out = f.content;
            return LS_OK;
        }
    }
    return LS_OK;
}

bool proto_is(const proto_part *bytes, const char *text)
{
    return bytes->at != NULL && bytes->left == strlen(text) && memcmp(bytes->at, text, bytes->left) == 0;
}
