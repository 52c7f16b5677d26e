#ifndef LOCKSTEP_DATA_PACK_WALK_H
#define LOCKSTEP_DATA_PACK_WALK_H

#include <limits.h>

#include "data/packing.h"

/*
 * Going through folders of pictures: every file in them is added to a list, not yet looked into, all else is accounted
 * for. Folders that are looked through are no entries; what is in them is.
 */
typedef struct pack_walk {
    packing *to;         /* not owned */
    pack_items *files;   /* likewise: where pack_walk_take puts them, with label, split, and the path below root */
    char path[PATH_MAX]; /* the folder or file at hand */
    size_t length;       /* of path */
    size_t root;         /* so many bytes of it are the folder that was given, with its slash */
    void *seen;          /* owned; folders on the way to the one at hand, and what was looked through from there */
} pack_walk;

/* Begin in a folder. Ends with pack_walk_unmark. Returns 0 or LS_EUSAGE: too long, no folder. */
int pack_walk_begin(pack_walk *w, packing *to, pack_items *files, const char *root);

/* Names in the folder at hand, sorted by bytes, accounted for nowhere. Returns 0, LS_EIO (errno is why) or LS_ENOMEM.
 */
int pack_walk_list(const pack_walk *w, pack_names *out);

/* Go into what lies in the folder at hand under a name (false: its path would be too long), and out again. */
bool pack_walk_enter(pack_walk *w, const char *name, size_t *before);
void pack_walk_leave(pack_walk *w, size_t before);

/* Remember the folder at hand, by device and number; *before: whether it was known. Returns 0 or LS_ENOMEM. */
int pack_walk_mark(pack_walk *w, bool *before);
/* Forget all of them. */
void pack_walk_unmark(pack_walk *w);

/*
 * The folders in the folder at hand; all else there is accounted for, files as lying beside them. Returns 0, LS_EIO (it
 * cannot be listed), LS_ENOMEM, or what pack_pass returns.
 */
int pack_walk_folders(pack_walk *w, pack_names *out);

/*
 * Take all files of the folder at hand, and of those in it. One that cannot be listed is accounted for. Returns 0,
 * LS_ENOMEM, LS_EUSAGE where one of the files is the output, or what pack_pass returns.
 */
int pack_walk_take(pack_walk *w, int32_t label, dataset_split split);

#endif
