#include "store/event_message.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

/* How a field is stored. */
enum { WIRE_NUMBER = 0, WIRE_8_BYTES = 1, WIRE_BYTES = 2, WIRE_4_BYTES = 5 };

/* Fields of tensorboard.Event and of what is in it, by their numbers in the .proto files. */
enum { EVENT_WALL = 1, EVENT_STEP = 2, EVENT_VERSION = 3, EVENT_SUMMARY = 5, EVENT_SESSION = 7, EVENT_SOURCE = 10 };
enum { SOURCE_WRITER = 1, SESSION_STATUS = 1, SESSION_START = 1, SUMMARY_VALUE = 1 };
enum { VALUE_TAG = 1, VALUE_SIMPLE = 2, VALUE_TENSOR = 8, VALUE_METADATA = 9 };
enum { METADATA_PLUGIN = 1, METADATA_DESCRIPTION = 3, METADATA_CLASS = 4, PLUGIN_NAME = 1 };
enum { CLASS_SCALAR = 1, CLASS_TENSOR = 2 };
enum { TENSOR_TYPE = 1, TENSOR_SHAPE = 2, TENSOR_STRING = 8, TYPE_STRING = 7 };

static const char version[] = "brain.Event:2";
static const char writer[] = "lockstep";

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static void put_varint(text_builder *out, uint64_t value)
{
    char bytes[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7) {
        bytes[n++] = (char)(value | 0x80);
    }
    bytes[n++] = (char)value;
    text_add_bytes(out, bytes, n);
}

static void put_key(text_builder *out, unsigned field, unsigned wire)
{
    put_varint(out, (uint64_t)field << 3 | wire);
}

static void put_number(text_builder *out, unsigned field, uint64_t value)
{
    put_key(out, field, WIRE_NUMBER);
    put_varint(out, value);
}

static void put_bytes(text_builder *out, unsigned field, const char *bytes, size_t n)
{
    put_key(out, field, WIRE_BYTES);
    put_varint(out, n);
    text_add_bytes(out, bytes, n);
}

static void put_text(text_builder *out, unsigned field, const char *text)
{
    put_bytes(out, field, text, strlen(text));
}

/* The bits of a float or double, the lowest byte first. */
static void put_fixed(text_builder *out, unsigned field, uint64_t bits, size_t width)
{
    char bytes[8];
    for (size_t i = 0; i < width; i++) {
        bytes[i] = (char)(bits >> (8 * i));
    }
    put_key(out, field, width == sizeof(double) ? WIRE_8_BYTES : WIRE_4_BYTES);
    text_add_bytes(out, bytes, width);
}

/* A message within another; `of` is empty afterwards. */
static void put_message(text_builder *out, unsigned field, text_builder *of)
{
    put_bytes(out, field, text_of(of), of->length);
    out->failed = out->failed || of->failed;
    text_release(of);
}

static void put_moment(text_builder *out, double wall, uint64_t step)
{
    uint64_t bits = 0;
    memcpy(&bits, &wall, sizeof bits);
    put_fixed(out, EVENT_WALL, bits, sizeof bits);
    if (step != 0) { /* which is what stands for a missing number */
        put_number(out, EVENT_STEP, step);
    }
}

void event_add_version(text_builder *out, double wall)
{
    text_builder source = {0};
    put_moment(out, wall, 0);
    put_text(out, EVENT_VERSION, version);
    put_text(&source, SOURCE_WRITER, writer);
    put_message(out, EVENT_SOURCE, &source);
}

void event_add_start(text_builder *out, double wall, uint64_t step)
{
    text_builder session = {0};
    put_moment(out, wall, step);
    put_number(&session, SESSION_STATUS, SESSION_START);
    put_message(out, EVENT_SESSION, &session);
}

/* Which part of TensorBoard shows a value. */
static void put_metadata(text_builder *value, const char *plugin, unsigned class, const char *description)
{
    text_builder metadata = {0};
    text_builder shown_by = {0};
    put_text(&shown_by, PLUGIN_NAME, plugin);
    put_message(&metadata, METADATA_PLUGIN, &shown_by);
    if (description != NULL) {
        put_text(&metadata, METADATA_DESCRIPTION, description);
    }
    put_number(&metadata, METADATA_CLASS, class);
    put_message(value, VALUE_METADATA, &metadata);
}

void event_put_scalar(text_builder *values, const char *tag, const char *description, double value)
{
    text_builder v = {0};
    const float rounded = (float)value;
    uint32_t bits = 0;
    if (isnan(value)) {
        return;
    }
    memcpy(&bits, &rounded, sizeof bits);
    put_text(&v, VALUE_TAG, tag);
    put_fixed(&v, VALUE_SIMPLE, bits, sizeof bits);
    if (description != NULL) {
        put_metadata(&v, "scalars", CLASS_SCALAR, description);
    }
    put_message(values, SUMMARY_VALUE, &v);
}

void event_put_text(text_builder *values, const char *tag, const char *text)
{
    text_builder v = {0};
    text_builder tensor = {0};
    put_number(&tensor, TENSOR_TYPE, TYPE_STRING);
    put_text(&tensor, TENSOR_SHAPE, ""); /* no dimensions: one text, and not a table of them */
    put_text(&tensor, TENSOR_STRING, text);
    put_text(&v, VALUE_TAG, tag);
    put_message(&v, VALUE_TENSOR, &tensor);
    put_metadata(&v, "text", CLASS_TENSOR, NULL);
    put_message(values, SUMMARY_VALUE, &v);
}

void event_add_values(text_builder *out, double wall, uint64_t step, const text_builder *values)
{
    put_moment(out, wall, step);
    put_bytes(out, EVENT_SUMMARY, text_of(values), values->length);
    out->failed = out->failed || values->failed;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

/* A part of a message that is left to read. */
typedef struct part {
    const uint8_t *at;
    size_t left;
} part;

static int take_varint(part *p, uint64_t *out)
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

static int take_bytes(part *p, uint64_t n, part *out)
{
    if (n > p->left) {
        return LS_EFORMAT;
    }
    *out = (part){p->at, (size_t)n};
    p->at += n;
    p->left -= (size_t)n;
    return LS_OK;
}

/* A field: its number and how it is stored; a number is in *value, all else in *content. */
typedef struct field {
    uint64_t number, wire, value;
    part content;
} field;

static int take_field(part *p, field *out)
{
    uint64_t length = 0;
    int code = take_varint(p, &out->number);
    out->wire = out->number & 7;
    out->number >>= 3;
    if (code != LS_OK) {
        return code;
    }
    switch (out->wire) {
    case WIRE_NUMBER: return take_varint(p, &out->value);
    case WIRE_8_BYTES: return take_bytes(p, 8, &out->content);
    case WIRE_4_BYTES: return take_bytes(p, 4, &out->content);
    case WIRE_BYTES: code = take_varint(p, &length); return code == LS_OK ? take_bytes(p, length, &out->content) : code;
    default: return LS_EFORMAT;
    }
}

static bool is(const part *p, const char *text)
{
    return p->at != NULL && p->left == strlen(text) && memcmp(p->at, text, p->left) == 0;
}

/* The first field of bytes with this number in a message; left as it was where there is none. */
static int find_bytes(part message, uint64_t number, part *out)
{
    field f = {0};
    while (message.left > 0) {
        const int code = take_field(&message, &f);
        if (code != LS_OK) {
            return code;
        }
        if (f.number == number && f.wire == WIRE_BYTES) {
            *out = f.content;
            return LS_OK;
        }
    }
    return LS_OK;
}

static int read_first_tag(event_info *out, part summary)
{
    part value = {0};
    part tag = {0};
    int code = find_bytes(summary, SUMMARY_VALUE, &value);
    if (code == LS_OK) {
        code = find_bytes(value, VALUE_TAG, &tag);
    }
    const size_t n = tag.left < sizeof out->tag - 1 ? tag.left : sizeof out->tag - 1;
    if (n > 0) {
        memcpy(out->tag, tag.at, n);
    }
    out->tag[n] = '\0';
    return code;
}

int event_read(event_info *out, const uint8_t *bytes, size_t n)
{
    part message = {bytes, n};
    part by = {0};
    field f = {0};
    int code = LS_OK;
    *out = (event_info){0};
    while (code == LS_OK && message.left > 0) {
        code = take_field(&message, &f);
        if (code != LS_OK) {
            return code;
        }
        if (f.number == EVENT_STEP && f.wire == WIRE_NUMBER) {
            out->step = f.value;
        } else if (f.number == EVENT_VERSION && f.wire == WIRE_BYTES) {
            out->begins = is(&f.content, version);
        } else if (f.number == EVENT_SOURCE && f.wire == WIRE_BYTES) {
            code = find_bytes(f.content, SOURCE_WRITER, &by);
            out->own = is(&by, writer);
        } else if (f.number == EVENT_SUMMARY && f.wire == WIRE_BYTES) {
            out->values = true;
            code = read_first_tag(out, f.content);
        }
    }
    return code;
}
