#ifndef LOCKSTEP_EXCHANGE_ARCHIVE_H
#define LOCKSTEP_EXCHANGE_ARCHIVE_H

#include <stddef.h>
#include <stdio.h>

/*
 * A ZIP archive of one file, not compressed, behind what has been written to a file so far; so much, and the archive,
 * below 4 GiB. Programs look for it at the end. Errors stay with the file (ferror).
 */
void archive_append(FILE *to, const char *name, const char *bytes, size_t size);

#endif
