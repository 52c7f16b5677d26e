#ifndef LOCKSTEP_DATA_PACK_HEAD_H
#define LOCKSTEP_DATA_PACK_HEAD_H

#include <stdbool.h>
#include <stddef.h>

/* How many lines, and the bytes of the longest that a list may have. */
enum { PACK_HEAD_LINES = 16, PACK_HEAD_LINE = 65536 };

/* The first lines of a list of pictures that are not empty. Starts as zeros, ends with pack_head_release. */
typedef struct pack_head {
    char *lines[PACK_HEAD_LINES]; /* owned */
    size_t count;
    size_t first; /* the first one's number in the file */
    bool utf16;   /* it is text, but in that encoding: there are none */
} pack_head;

/* Read them. Returns 0, LS_EUSAGE, LS_EIO, LS_ENOMEM, or LS_EFORMAT where it is no text (data/pack_text.h). */
int pack_head_read(pack_head *head, const char *path);
void pack_head_release(pack_head *head);

/*
 * What divides cells: the tab, semicolon or comma that makes the same number of cells of each line, or else the most
 * frequent in the first; blanks where all lines have two or three words, one of them called as pictures are. '\0' where
 * this is no list: there is one cell.
 */
char pack_head_separator(const pack_head *head);

#endif
