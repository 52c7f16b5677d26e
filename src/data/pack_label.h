#ifndef LOCKSTEP_DATA_PACK_LABEL_H
#define LOCKSTEP_DATA_PACK_LABEL_H

#include "data/packing.h"

/* The labels of a table's rows, and the classes that follow from them. Starts as zeros, ends with pack_labels_release.
 */
typedef struct pack_labels {
    packing *to;                                                /* its classes are made here; not owned */
    const pack_csv_options *options;                            /* not owned */
    enum { LABELS_UNKNOWN, LABELS_NUMBERS, LABELS_NAMES } kind; /* known from the first row on */
    int32_t largest;                                            /* of those that are numbers; -1: none */
    pack_names rows; /* of each row, where labels are names that nobody has numbered */
} pack_labels;

/* Begin, and check options->classes. Returns 0, LS_EUSAGE or LS_ENOMEM. */
int pack_labels_begin(pack_labels *l, packing *to, const pack_csv_options *options);

/*
 * The class of the next row by its label; a name that is not numbered yet gives 0. path and line: for messages. Returns
 * 0, LS_EFORMAT or LS_ENOMEM.
 */
int pack_labels_read(pack_labels *l, int32_t *out, const char *label, const char *path, size_t line);

/* After the last row: make the classes, and number the packing's items. Returns 0, LS_EFORMAT or LS_ENOMEM. */
int pack_labels_finish(pack_labels *l, const char *path);

void pack_labels_release(pack_labels *l);

#endif
