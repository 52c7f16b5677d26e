#ifndef LOCKSTEP_BASE_PROTOBUF_H
#define LOCKSTEP_BASE_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * Protocol buffers, in which TensorBoard's events and ONNX's models are: a message is a row of fields, each with its
 * number from a .proto file; a message within another is a field of bytes. What follows adds fields to a message. Where
 * memory runs out, the builder says so (text_builder.failed) and all else goes on.
 */
void proto_add_number(text_builder *message, unsigned field, uint64_t value);
void proto_add_float(text_builder *message, unsigned field, float value);
void proto_add_double(text_builder *message, unsigned field, double value);
void proto_add_text(text_builder *message, unsigned field, const char *text);
void proto_add_bytes(text_builder *message, unsigned field, const char *bytes, size_t n);

/* The key and the length of n bytes that the caller adds next, for what would be copied once more otherwise. */
void proto_add_length(text_builder *message, unsigned field, size_t n);

/* A message within another; `inner` is empty afterwards. */
void proto_add_message(text_builder *message, unsigned field, text_builder *inner);

/* Bytes of a message that are left to read. */
typedef struct proto_part {
    const uint8_t *at; /* not owned; [left] */
    size_t left;
} proto_part;

/* How a field is stored. */
enum { PROTO_NUMBER = 0, PROTO_8_BYTES = 1, PROTO_BYTES = 2, PROTO_4_BYTES = 5 };

typedef struct proto_field {
    uint64_t number, wire; /* its number, and which of the above */
    uint64_t value;        /* of PROTO_NUMBER */
    proto_part content;    /* of all others */
} proto_field;

/* Take the next field of what is left; there has to be some. Returns 0, or LS_EFORMAT without a message. */
int proto_next(proto_part *message, proto_field *out);

/*
 * The first field of bytes that has this number; *out stays as it was where there is none. Returns 0, or LS_EFORMAT
 * without a message.
 */
int proto_find(proto_part message, uint64_t number, proto_part *out);

/* Whether these bytes are this text. */
bool proto_is(const proto_part *bytes, const char *text);

#endif
