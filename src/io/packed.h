#ifndef LOCKSTEP_IO_PACKED_H
#define LOCKSTEP_IO_PACKED_H

#include <stddef.h>

/* The bytes of a file one after the other: as they are, or unpacked where gzip, bzip2, xz or zstd packed them. */
typedef struct packed packed;

/* Returns 0, LS_ENOTFOUND, LS_EIO, LS_ENOMEM or LS_EFORMAT. *out: packed_close. */
int packed_open(packed **out, const char *path);
void packed_close(packed *p);

/* The next n bytes; *got is less only at the file's end. Returns 0, or LS_EFORMAT where what was packed is damaged. */
int packed_read(packed *p, void *out, size_t n, size_t *got);

/* The same where they must be there: LS_EFORMAT, "ends before `missing`", where they are not. */
int packed_read_all(packed *p, void *out, size_t n, const char *missing);

#endif
