#ifndef LOCKSTEP_DATA_PACK_LAYOUT_H
#define LOCKSTEP_DATA_PACK_LAYOUT_H

#include "data/pack_walk.h"

/* What names of folders say, and what those with a split's name hold. Starts as zeros. */
typedef struct pack_evidence {
    size_t others;       /* folders of other names */
    const char *split;   /* the first with a split's name; NULL: none */
    const char *holding; /* the first of those that holds folders; NULL: none */
    bool train_holds;    /* one for training does */
} pack_evidence;

/* Add a folder: its name, which must last, and whether it holds folders that could be classes. */
void pack_evidence_add(pack_evidence *e, const char *name, bool holds);

/* Whether they are splits, or else classes. where: for messages. LS_EUSAGE: they could be both. */
int pack_evidence_decide(bool *split, const pack_evidence *e, const char *where);

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
