#ifndef LOCKSTEP_DATA_PACK_PLACE_H
#define LOCKSTEP_DATA_PACK_PLACE_H

#include <limits.h>
#include <sys/stat.h>

#include "data/pack.h"

/* Where the file lies that a list names. */
typedef struct pack_place {
    char path[PATH_MAX]; /* to open it by, whether it is there or not */
    size_t listed;       /* from here on it is as the list has it */
    struct stat info;    /* where it is there */
    const char *why;     /* it is not taken; static or the system's; NULL: it is a file */
} pack_place;

/*
 * Find a file: `listed` in the folder `root`, or where it says if it begins with a slash. Where no file is called so,
 * and it has not the ending of a picture, with one: .jpg, .jpeg, .png, .JPG, .JPEG, .PNG, the first that is there; and
 * last with slashes in place of backslashes, as Windows writes paths. Returns PACK_REASONS, or why there is no such
 * file.
 */
pack_reason pack_place_find(pack_place *out, const char *root, const char *listed);

#endif
