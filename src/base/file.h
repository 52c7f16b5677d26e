#ifndef LOCKSTEP_BASE_FILE_H
#define LOCKSTEP_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Read the n bytes of an open file that begin at a place, all of them. name: what an error calls the file. Returns 0 or
 * LS_EIO, also where the file ends before.
 */
int file_read_at(int fd, void *out, size_t n, uint64_t at, const char *name);

#endif
