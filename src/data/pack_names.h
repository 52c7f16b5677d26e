#ifndef LOCKSTEP_DATA_PACK_NAMES_H
#define LOCKSTEP_DATA_PACK_NAMES_H

#include <stdbool.h>

#include "data/dataset.h"

/* What names of files and folders mean to packing. */

/*
 * Whether this is something that systems leave in people's folders (lost+found, Thumbs.db, __MACOSX, @eaDir and the
 * like, in any case): never a class or a picture, and not to be opened. Hidden names are not asked about.
 */
bool pack_is_system(const char *name);

/* Whether this is a usual name of a split, in any case, and of which. */
bool pack_split_named(dataset_split *out, const char *name);

/* Whether a file is called as pictures are: by what follows the last dot, in any case. It may be none all the same. */
bool pack_is_picture_name(const char *path);

#endif
