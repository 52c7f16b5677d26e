#ifndef LOCKSTEP_TRAIN_FIRST_HEAD_H
#define LOCKSTEP_TRAIN_FIRST_HEAD_H

#include "data/dataset.h"
#include "exchange/import.h"
#include "tensor/state.h"

/*
 * The dense layers of a file of weights, whose classes may have other names than the data set's, or another order: by
 * number alone each output would stand for another class.
 */

typedef enum first_head {
    FIRST_HEAD_TAKEN,   /* the file's, its outputs in the data set's order */
    FIRST_HEAD_NONE,    /* the state's own: the file has none that fits */
    FIRST_HEAD_CLASSES, /* likewise: it has, but of other classes */
} first_head;

/*
 * As import_read, of a network for the data set's classes. Where either has no names of classes, or numbers only, the
 * file's are taken as they are. Errors as import_read.
 */
int first_head_read(first_head *out, const importer *from, state *s, const dataset *d);

#endif
