#ifndef LOCKSTEP_IO_ARCHIVE_MEMBER_H
#define LOCKSTEP_IO_ARCHIVE_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * Files within a zip file, which is input: a member may unpack to at most 1024 times the archive's size, so that a
 * small file cannot fill a disk, and to at most `most` bytes. LS_EFORMAT where there are more than 1000 files, and
 * where one of the name that is asked for is there twice, as programs differ in which of them they read.
 */

/* Whether a member of this name is as asked for. */
typedef bool archive_member_wanted(const char *name);

/* Whether there is a member that is wanted: *out. Returns 0, LS_ENOTFOUND, LS_EIO, LS_ENOMEM or LS_EFORMAT. */
int archive_member_any(bool *out, const char *path, archive_member_wanted *wanted);

/* A member as text: added to *out. LS_ENOTFOUND where there is none of this name. */
int archive_member_text(text_builder *out, const char *path, const char *member, uint64_t most);

/*
 * A member as a file that has no name any more, in $TMPDIR or /tmp: *descriptor is the caller's to close after a
 * success. Errors as archive_member_text.
 */
int archive_member_file(int *descriptor, const char *path, const char *member, uint64_t most);

#endif
