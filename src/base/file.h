#ifndef LOCKSTEP_BASE_FILE_H
#define LOCKSTEP_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Read the n bytes of an open file that begin at a place, all of them. name: what an error calls the file. Returns 0 or
 * LS_EIO, also where the file ends before.
 */
int file_read_at(int fd, void *out, size_t n, uint64_t at, const char *name);

/* Write n bytes to an open file, pipe or device, all of them: 0, or -1 with errno. */
int file_write(int fd, const char *bytes, size_t n);

/* A path without the folders in it: a part of it, behind the last slash. */
const char *file_name(const char *path);

/*
 * Open a regular file for reading: *out is the caller's to close, *size its bytes. Anything else (a pipe, a device, a
 * folder) is refused without being waited for. Returns 0, LS_ENOTFOUND, LS_EIO or LS_EFORMAT.
 */
int file_open_regular(int *out, uint64_t *size, const char *path);

/*
 * Give a file, or whatever has this name, a name that is free: path + suffix, or with -2, -3, … behind. Nothing that is
 * there is replaced. A warning says so, beginning with why, which may be the last error's message, and ending with what
 * follows from it (""; " and ..."). Returns 0 or LS_EIO.
 */
int file_set_aside(const char *path, const char *suffix, const char *why, const char *then);

#endif
