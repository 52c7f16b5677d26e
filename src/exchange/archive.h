#ifndef LOCKSTEP_EXCHANGE_ARCHIVE_H
#define LOCKSTEP_EXCHANGE_ARCHIVE_H

#include <stddef.h>
#include <stdio.h>

/*
 * A ZIP archive of one file, not compressed, behind what has been written to a file so far; so much, and the archive,
 * below 4 GiB. Programs look for it at the end. Errors stay with the file (ferror).
 *
 * libarchive, which reads archives elsewhere, cannot write this: it counts the places in an archive's directory from
 * the archive's own beginning, so that behind other bytes they are wrong, which `unzip` warns of and not every reader
 * makes up for. It also leaves length and checksum of an entry to a record behind the data, where this has them before
 * it.
 */
void archive_append(FILE *to, const char *name, const char *bytes, size_t size);

#endif
