#ifndef LOCKSTEP_STORE_EVENT_RECORD_H
#define LOCKSTEP_STORE_EVENT_RECORD_H

#include <stdint.h>
#include <stdio.h>

#include "base/text.h"

/*
 * TFRecord files, in which TensorBoard's events lie: a record is its length in 8 bytes, their checksum, its bytes and
 * their checksum; numbers have the lowest byte first, checksums are crc32c_masked.
 */
enum { EVENT_RECORD_MOST = 1 << 24 }; /* bytes of a record; a longer one counts as damaged */

/* Add a record of these bytes. */
void event_record_add(text_builder *out, const char *bytes, size_t n);

/* Records of a file, one after the other. Starts as {.file = …, .name = …}, ends with event_records_release. */
typedef struct event_records {
    FILE *file;       /* not owned; stands at its beginning at first */
    const char *name; /* for messages */
    uint64_t end;     /* where the last whole record ends */
    uint8_t *bytes;   /* owned; [length]: of the last record */
    size_t length, room;
} event_records;

/*
 * Read the next one. 1: it is there; 0: there is no more, but for the beginning of one, where the file ends; LS_EFORMAT
 * where its checksum is wrong, LS_EIO, LS_ENOMEM.
 */
int event_records_next(event_records *r);
void event_records_release(event_records *r);

#endif
