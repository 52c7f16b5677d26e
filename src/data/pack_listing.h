#ifndef LOCKSTEP_DATA_PACK_LISTING_H
#define LOCKSTEP_DATA_PACK_LISTING_H

#include "data/pack_fields.h"
#include "data/pack_label.h"
#include "data/packing.h"

/*
 * The rows of lists of pictures, read before any picture, so that it is known what classes there are. Of each its path
 * is kept, and numbers; what is passed over by its label or split is accounted for.
 */
typedef struct pack_listing_file {
    const pack_input *input; /* the list; not owned */
    char *root;              /* the folder that its paths begin in; owned */
    pack_fields fields;
} pack_listing_file;

typedef struct pack_listed {
    char *listed; /* the path, plain (data/pack_paths.h); owned */
    const pack_listing_file *of;
    size_t line;
    int32_t label; /* for pack_labels_class */
    dataset_split split;
    bool again; /* it stands before with the same label for the same split */
} pack_listed;

/* Starts as zeros but for the first two, ends with pack_listing_release. */
typedef struct pack_listing {
    packing *to;                          /* its classes are made here; not owned */
    const pack_manifest_options *options; /* not owned */
    pack_listing_file *lists;             /* owned; [list_count] */
    size_t list_count;
    pack_labels labels;
    pack_listed *rows; /* owned; [count] in their order */
    size_t count, capacity;
} pack_listing;

/* Read all lists. Returns 0, LS_EUSAGE, LS_EIO, LS_ENOMEM, or LS_EFORMAT naming the line. */
int pack_listing_read(pack_listing *s, const pack_input *inputs, size_t count);

void pack_listing_release(pack_listing *s);

#endif
