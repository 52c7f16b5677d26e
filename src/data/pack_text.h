#ifndef LOCKSTEP_DATA_PACK_TEXT_H
#define LOCKSTEP_DATA_PACK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <zlib.h>

/*
 * The lines of a text file in UTF-8, plain or gzip (by content). A line ends with LF, CR LF, CR or the file. A byte
 * order mark at the start is left out. What is no such text is refused: UTF-16, bytes that are 0, gzip data that is
 * damaged, cut short, or followed by something else (but by zeros, as tapes have them).
 */
typedef struct pack_text {
    const char *path; /* not owned */
    int file;         /* -1: none */
    bool gzip;        /* `inflate` is in use */
    bool in_member;   /* of gzip data, and its end has not come */
    bool padded;      /* zeros have come after the last member */
    z_stream inflate;
    unsigned char *read;     /* a block as the file has it; owned */
    unsigned char *unpacked; /* of gzip data; owned */
    const unsigned char *at; /* what is left of the block at hand */
    size_t left;
    bool after_cr;   /* a LF that comes now belongs to the last line's end */
    char *line;      /* the line at hand, without its end; owned */
    size_t length;   /* of it */
    size_t capacity; /* the longest that is taken, and its end */
    size_t number;   /* of it, from 1; 0 before the first */
} pack_text;

/*
 * Open; a line of more than `longest` bytes is an error. pack_text_close in any case. Returns 0, LS_EUSAGE where
 * there is no file that can be opened, LS_EIO, LS_ENOMEM or LS_EFORMAT.
 */
int pack_text_open(pack_text *t, const char *path, size_t longest);

/* Read the next line. Returns 1, 0 at the end of the file, LS_EFORMAT or LS_EIO. */
int pack_text_next(pack_text *t);

/* Whether the line at hand is UTF-8. Names in another encoding would be other names, or the same question marks for
 * different ones. */
bool pack_text_is_utf8(const pack_text *t);

void pack_text_close(pack_text *t);

#endif
