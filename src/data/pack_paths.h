#ifndef LOCKSTEP_DATA_PACK_PATHS_H
#define LOCKSTEP_DATA_PACK_PATHS_H

#include "data/pack_layout.h"

/*
 * What the paths of files in an archive say of their classes and splits: SPLIT/<class>/.../<picture>, or
 * <class>/.../<picture>, perhaps with more folders around all of it. A path is as pack_path_plain leaves it.
 */
typedef struct pack_paths {
    const char *first; /* one of the paths; not owned */
    size_t around;     /* bytes at its beginning, folders around all that matters, which other files may lie beside */
    bool split;        /* the folders there are splits, with the class folders in them */
} pack_paths;

/* Drop "./" and doubled slashes, in place. */
void pack_path_plain(char *path);

/* Why a file is passed over by its path alone: PACK_HIDDEN, PACK_SYSTEM; PACK_REASONS: it is not. */
pack_reason pack_path_reason(const char *path);

/* Decide by the paths of all files. archive: for messages. Returns 0, LS_EUSAGE (it could be both) or LS_ENOMEM. */
int pack_paths_decide(pack_paths *out, const pack_names *paths, pack_layout layout, const char *archive);

/* A file's class, [*n] bytes of its path, and split. false: it lies beside the class folders, or in no split's. */
bool pack_paths_class(const pack_paths *p, const char *path, const char **name, size_t *n, dataset_split *split);

#endif
