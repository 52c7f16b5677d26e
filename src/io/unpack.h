#ifndef LOCKSTEP_IO_UNPACK_H
#define LOCKSTEP_IO_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What lies in an archive, in its order: tar (also of GNU and pax), plain or packed by gzip, bzip2, xz or zstd; zip.
 * Nothing is ever unpacked to where a name in it says. An archive is input: it may be damaged, and claim anything.
 */
typedef struct unpack unpack;

/* Whether a file begins as an archive does, or as something packed that may be one. Anything that cannot be read: no.
 */
bool unpack_is_archive(const char *path);

/* Returns 0, LS_ENOTFOUND, LS_EIO, LS_ENOMEM or LS_EFORMAT (no archive). *out: unpack_close. */
int unpack_open(unpack **out, const char *path);
void unpack_close(unpack *u);

typedef enum unpack_kind { UNPACK_FILE, UNPACK_FOLDER, UNPACK_OTHER } unpack_kind; /* other: a link, a device */

/*
 * Go to the next: 1; 0 at the end; LS_EFORMAT where the archive is damaged, LS_ENOMEM. *name is valid until the next
 * call.
 */
int unpack_next(unpack *u, const char **name, unpack_kind *kind);

/*
 * All bytes of the file at hand. *bytes, of *capacity, is memory that grows as needed, the caller's to free. LS_EFORMAT
 * where it is damaged; LS_EUSAGE where it is larger than limit: no more than that is taken. Both messages say what is
 * wrong and not where.
 */
int unpack_read(unpack *u, uint8_t **bytes, size_t *capacity, size_t *size, size_t limit);

#endif
