#include "store/event_message.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/protobuf.h"

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

static void put_moment(text_builder *out, double wall, uint64_t step)
{
    proto_add_double(out, EVENT_WALL, wall);
    if (step != 0) { /* which is what stands for a missing number */
        proto_add_number(out, EVENT_STEP, step);
    }
}

void event_add_version(text_builder *out, double wall)
{
    text_builder source = {0};
    put_moment(out, wall, 0);
    proto_add_text(out, EVENT_VERSION, version);
    proto_add_text(&source, SOURCE_WRITER, writer);
    proto_add_message(out, EVENT_SOURCE, &source);
}

void event_add_start(text_builder *out, double wall, uint64_t step)
{
    text_builder session = {0};
    put_moment(out, wall, step);
    proto_add_number(&session, SESSION_STATUS, SESSION_START);
    proto_add_message(out, EVENT_SESSION, &session);
}

/* Which part of TensorBoard shows a value. */
static void put_metadata(text_builder *value, const char *plugin, unsigned class, const char *description)
{
    text_builder metadata = {0};
    text_builder shown_by = {0};
    proto_add_text(&shown_by, PLUGIN_NAME, plugin);
    proto_add_message(&metadata, METADATA_PLUGIN, &shown_by);
    if (description != NULL) {
        proto_add_text(&metadata, METADATA_DESCRIPTION, description);
    }
    proto_add_number(&metadata, METADATA_CLASS, class);
    proto_add_message(value, VALUE_METADATA, &metadata);
}

void event_put_scalar(text_builder *values, const char *tag, const char *description, double value)
{
    text_builder v = {0};
    if (isnan(value)) {
        return;
    }
    proto_add_text(&v, VALUE_TAG, tag);
    proto_add_float(&v, VALUE_SIMPLE, (float)value);
    if (description != NULL) {
        put_metadata(&v, "scalars", CLASS_SCALAR, description);
    }
    proto_add_message(values, SUMMARY_VALUE, &v);
}

void event_put_text(text_builder *values, const char *tag, const char *text)
{
    text_builder v = {0};
    text_builder tensor = {0};
    proto_add_number(&tensor, TENSOR_TYPE, TYPE_STRING);
    proto_add_text(&tensor, TENSOR_SHAPE, ""); /* no dimensions: one text, and not a table of them */
    proto_add_text(&tensor, TENSOR_STRING, text);
    proto_add_text(&v, VALUE_TAG, tag);
    proto_add_message(&v, VALUE_TENSOR, &tensor);
    put_metadata(&v, "text", CLASS_TENSOR, NULL);
    proto_add_message(values, SUMMARY_VALUE, &v);
}

void event_add_values(text_builder *out, double wall, uint64_t step, const text_builder *values)
{
    put_moment(out, wall, step);
    proto_add_bytes(out, EVENT_SUMMARY, text_of(values), values->length);
    out->failed = out->failed || values->failed;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static int read_first_tag(event_info *out, proto_part summary)
{
    proto_part value = {0};
    proto_part tag = {0};
    int code = proto_find(summary, SUMMARY_VALUE, &value);
    if (code == LS_OK) {
        code = proto_find(value, VALUE_TAG, &tag);
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
    proto_part message = {bytes, n};
    proto_part by = {0};
    proto_field f = {0};
    int code = LS_OK;
    *out = (event_info){0};
    while (code == LS_OK && message.left > 0) {
        code = proto_next(&message, &f);
        if (code != LS_OK) {
            return code;
        }
        if (f.number == EVENT_STEP && f.wire == PROTO_NUMBER) {
            out->step = f.value;
        } else if (f.number == EVENT_VERSION && f.wire == PROTO_BYTES) {
            out->begins = proto_is(&f.content, version);
        } else if (f.number == EVENT_SOURCE && f.wire == PROTO_BYTES) {
            code = proto_find(f.content, SOURCE_WRITER, &by);
            out->own = proto_is(&by, writer);
        } else if (f.number == EVENT_SUMMARY && f.wire == PROTO_BYTES) {
            out->values = true;
            code = read_first_tag(out, f.content);
        }
    }
    return code;
}
