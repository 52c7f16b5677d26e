#ifndef LOCKSTEP_DATA_PACK_LAYOUT_H
#define LOCKSTEP_DATA_PACK_LAYOUT_H

#include "data/pack_walk.h"

/* What the folders in the folder that was given are. */
typedef struct pack_parts {
    bool split; /* false: each is a class */
    /* Each split's folder of class folders, or NULL: a name in the list that was given; "": the folder at hand itself.
     */
    const char *folders[DATASET_SPLITS];
} pack_parts;

/*
 * Decide it for the folder at hand, with these folders in it. Returns 0, LS_EUSAGE (it could be both, or there are two
 * folders of one split), LS_EIO or LS_ENOMEM.
 */
int pack_parts_decide(pack_parts *out, pack_walk *w, const pack_names *folders, pack_layout layout);

#endif
