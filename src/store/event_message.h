#ifndef LOCKSTEP_STORE_EVENT_MESSAGE_H
#define LOCKSTEP_STORE_EVENT_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/*
 * The messages in TensorBoard's event files: protocol buffers (tensorboard.Event), of which only what a run writes is
 * known here. Each function adds a message to `out`, or a value to the values of one.
 */

/* What a file begins with: the format's version, and who wrote it. wall: seconds since 1970, here as below. */
void event_add_version(text_builder *out, double wall);

/* From here on the run goes on at this step: a reader forgets what it has of this step and later. */
void event_add_start(text_builder *out, double wall, uint64_t step);

/*
 * A number under a tag; none where it is NaN. A reader plots float32. description: for people, in the first value of a
 * tag in a file; NULL in others.
 */
void event_put_scalar(text_builder *values, const char *tag, const char *description, double value);

/* A text (Markdown) under a tag. */
void event_put_text(text_builder *values, const char *tag, const char *text);

/* Values of one step. */
void event_add_values(text_builder *out, double wall, uint64_t step, const text_builder *values);

/* What is needed to find where a file has to end. */
typedef struct event_info {
    uint64_t step;
    bool begins;  /* a file, as event_add_version */
    bool own;     /* and this program wrote it */
    bool values;  /* it has some */
    char tag[64]; /* of the first of them, cut off where it does not fit */
} event_info;

/* Returns 0, or LS_EFORMAT without a message where the bytes are no event. */
int event_read(event_info *out, const uint8_t *bytes, size_t n);

#endif
