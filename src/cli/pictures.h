#ifndef LOCKSTEP_CLI_PICTURES_H
#define LOCKSTEP_CLI_PICTURES_H

#include <stdbool.h>
#include <stddef.h>

#include "data/dataset.h"
#include "data/pack_walk.h"

/*
 * The files that arguments and lists name. Starts as zeros, ends with pictures_release. What cannot be listed is
 * reported (log_error), counted as failed, and passed over.
 */
typedef struct pictures {
    pack_names paths;      /* in order; "-": standard input */
    size_t failed;         /* folders and lists that could not be read, or hold no pictures */
    size_t hidden, others; /* entries of folders that were passed over: hidden or a system's; no pictures */
    size_t repeated;       /* and links to folders that the same argument had led to before */
    pack_walk walk;        /* through the folder at hand, and those seen on the way */
    bool gathered;         /* from folders or lists, too */
} pictures;

/*
 * Add what an argument names: a file, "-", or all pictures of a folder and those in it, in the order of their names. In
 * folders hidden and system entries are passed over, and what neither begins nor is called as picture files are. A
 * folder is looked through once, however many links lead to it. Returns 0 or LS_ENOMEM.
 */
int pictures_add(pictures *p, const char *argument);

/*
 * Add what the lines of a file name ("-": standard input), each as pictures_add does; none for an empty line. A line
 * that is longer than a path can be ends the list.
 */
int pictures_add_list(pictures *p, const char *path);

/*
 * Read one, "-" and pipes to their end; at most `limit` bytes. Returns 0, LS_EIO, LS_ENOMEM or LS_EFORMAT (larger).
 */
int pictures_read(dataset_buffer *buffer, size_t *size, const char *path, size_t limit);

void pictures_release(pictures *p);

#endif
