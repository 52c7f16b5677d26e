#ifndef LOCKSTEP_DATA_PACK_LABEL_H
#define LOCKSTEP_DATA_PACK_LABEL_H

#include "data/pack_numbers.h"

/* The labels of a table's rows, and the classes that follow from them. Starts as zeros, ends with pack_labels_release.
 */
typedef struct pack_labels {
    pack_names *classes;                                        /* are made here; not owned */
    bool named;                                                 /* they were given */
    enum { LABELS_UNKNOWN, LABELS_NUMBERS, LABELS_NAMES } kind; /* known from the first row on */
    int32_t largest;                                            /* of those that are numbers; -1: none */
    pack_numbers names;                                         /* all of them */
} pack_labels;

/* Begin, and check the names that are given for 0, 1, 2, if any are. Returns 0, LS_EUSAGE or LS_ENOMEM. */
int pack_labels_begin(pack_labels *l, pack_names *classes, const char *const *given, size_t count);

/*
 * The number of the next row's label, for pack_labels_class. path and line: for messages. Returns 0, LS_EFORMAT or
 * LS_ENOMEM.
 */
int pack_labels_read(pack_labels *l, int32_t *out, const char *label, const char *path, size_t line);

/* After the last row: make the classes. Returns 0 or LS_ENOMEM. */
int pack_labels_finish(pack_labels *l);

/* Then: the class of a number that pack_labels_read gave. */
int32_t pack_labels_class(const pack_labels *l, int32_t number);

void pack_labels_release(pack_labels *l);

#endif
