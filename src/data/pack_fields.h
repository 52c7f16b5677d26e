#ifndef LOCKSTEP_DATA_PACK_FIELDS_H
#define LOCKSTEP_DATA_PACK_FIELDS_H

#include "data/pack.h"
#include "data/pack_head.h"

/*
 * Which column of a list of pictures is which. A header calls them so, in any case:
 *   path   path, filepath, file_path, image_path, filename, file_name, file, image, image_name, image_file, image_id,
 *          img, id
 *   label  label, class, target, category, y
 *   split  split, partition, subset, set, fold
 * Without a header, or where it has none of these names, the path is the column in which most of the first rows name
 * files that are there; of three columns without a header the split is the one with names of splits; and the label is
 * the one that is left. Of several columns called as paths are, the one counts in which most name files, then the one
 * that stands first above.
 */
typedef struct pack_fields {
    char separator;
    bool header;               /* the first line is one */
    size_t count;              /* columns */
    size_t path, label, split; /* from 0; split: `count` where there is none */
} pack_fields;

/*
 * Find the columns; the head's lines are cut into cells. path: the list, for messages; root: the folder that its paths
 * begin in. Returns 0, LS_EUSAGE or LS_EFORMAT: the message says which option decides.
 */
int pack_fields_find(pack_fields *out, pack_head *head, const char *path, const char *root,
                     const pack_manifest_options *options);

#endif
