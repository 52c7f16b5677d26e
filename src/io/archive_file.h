#ifndef LOCKSTEP_IO_ARCHIVE_FILE_H
#define LOCKSTEP_IO_ARCHIVE_FILE_H

#include <archive.h>
#include <stdbool.h>
#include <stdint.h>

/* A regular file that libarchive reads. For io/ alone. Starts as zeros or with archive_file_open. */
typedef struct archive_file {
    struct archive *a;
    int descriptor; /* -1: none */
    uint64_t size;  /* of the file */
    char *path;     /* owned */
} archive_file;

/*
 * Open it; which formats it may have is said next, by archive_read_support_... Returns 0, LS_ENOTFOUND, LS_EIO,
 * LS_EFORMAT or LS_ENOMEM. archive_file_close in any case.
 */
int archive_file_open(archive_file *f, const char *path);

/* Have what gzip, bzip2, xz and zstd packed unpacked; by no program of the system. */
bool archive_file_filter(archive_file *f);

/* After that: begin to read. supported: whether all that was said could be. what: see archive_file_damaged. */
int archive_file_begin(archive_file *f, bool supported, const char *what);

/* LS_EFORMAT, "PATH: <what> is damaged: <why, in libarchive's words>". */
int archive_file_damaged(const archive_file *f, const char *what);

void archive_file_close(archive_file *f);

#endif
