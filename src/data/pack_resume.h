#ifndef LOCKSTEP_DATA_PACK_RESUME_H
#define LOCKSTEP_DATA_PACK_RESUME_H

#include <stdbool.h>
#include <sys/stat.h>

#include "data/dataset_writer.h"
#include "data/pack_store.h"

/*
 * What an interrupted packing leaves for the next one to the same place: DATA.h5.partial, a data set of the pictures
 * that it had taken, in one class. A picture's name in it is a record: its mark, and what else is known of it. The mark
 * is a hash of what it was made of, of a file its path, inode, size and time of change, else of its name and bytes; and
 * of the form in which it is stored. Whatever has the same mark is taken from there, and neither read nor decoded
 * again; all else, such as classes and splits, comes from the sources as ever. So the result is that of a packing that
 * was not interrupted.
 */
typedef struct pack_resume pack_resume;

/*
 * Look for one beside `path`, which must last. What stands there and is none is named in a warning and never touched.
 * Returns 0 or LS_ENOMEM. *out: pack_resume_free.
 */
int pack_resume_open(pack_resume **out, const char *path);
void pack_resume_free(pack_resume *r);

/* Whether a file's name (without folder) is that of what `path` leaves. */
bool pack_resume_is_named(const char *path, const char *name);

/* Marks, never 0: of a file; of bytes that have a name. */
uint64_t pack_resume_mark_file(const char *path, const struct stat *info, const pack_storing *how);
uint64_t pack_resume_mark_bytes(const char *name, uint64_t hash, size_t size, const pack_storing *how);

/*
 * Any thread: whether there is a picture with the item's mark. Then all that the item says of it is filled in, and its
 * bytes are in the buffer. false also where they are damaged. Pictures with the mark 0 are never there.
 */
bool pack_resume_get(const pack_resume *r, dataset_item *item, dataset_buffer *buffer);

/*
 * An interrupted packing: what was written, the items' bytes in their order, becomes the partial data set, unless there
 * is one that holds as many and `used` of its pictures, more than none, were taken. to: committed, or as it was; NULL:
 * nothing was written. Returns 0, LS_EIO, LS_ENOMEM, or LS_EUSAGE where something else stands there. *kept: how many
 * pictures are in it.
 */
int pack_resume_keep(pack_resume *r, dataset_writer *to, const dataset_item *items, size_t count, size_t used,
                     size_t *kept);

/* A packing that is whole: say how many pictures were taken from the partial data set, and remove it. */
void pack_resume_finish(pack_resume *r, size_t used);

#endif
