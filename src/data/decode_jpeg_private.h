#ifndef LOCKSTEP_DATA_DECODE_JPEG_PRIVATE_H
#define LOCKSTEP_DATA_DECODE_JPEG_PRIVATE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>

#include "data/image.h"

/* Decoding a JPEG, and what libjpeg reports meanwhile: errors, warnings, the start of scans. */
typedef struct jpeg_decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    int code;
    JSAMPLE *row;           /* one line of CMYK, owned */
    size_t size;            /* of the file */
    const image_wish *wish; /* not owned; NULL: none */
    size_t whole;           /* how much of the file made all of a picture of several scans; 0: nothing yet */
    size_t usable;          /* what of the file may be tried again after a failure */
    bool again;             /* this is that try */
    bool ended;             /* the file was over before its end marker */
    bool ended_in_scan;     /* and while a scan's data was read */
    bool drawn;             /* all lines are in the picture */
    bool coarse;            /* scans that would refine it are not there */
    int oddities;           /* other warnings, and the first of them: */
    char first[JMSG_LENGTH_MAX];
} jpeg_decoder;

/* Have libjpeg report what it finds. Before anything else is done with d->jpeg; client_data is d. */
void jpeg_events_set(jpeg_decoder *d);
/* And of restart markers, once it has its source. */
void jpeg_events_set_source(jpeg_decoder *d);

/* Whether all components had a scan; and, if they were refined step by step, whether all bits of them are there. */
bool jpeg_all_seen(const struct jpeg_decompress_struct *jpeg, bool refined);

/* What is odd about a file that was read, "" for nothing. */
void jpeg_write_note(char *out, size_t size, const jpeg_decoder *d);

#endif
