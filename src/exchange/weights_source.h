#ifndef LOCKSTEP_EXCHANGE_WEIGHTS_SOURCE_H
#define LOCKSTEP_EXCHANGE_WEIGHTS_SOURCE_H

#include "exchange/source.h"
#include "store/weights_file.h"

/* A file of the article's network (store/weights_file.h) as a source: a checkpoint, or Keras weights by position. */
typedef struct weights_source {
    weights_file file; /* owned */
    source s;          /* owned; reads from the file, so that the structure must stay where it is */
} weights_source;

/* weights_source_close in any case. Errors as weights_file_open. */
int weights_source_open(weights_source *out, const char *path);
void weights_source_close(weights_source *w);

#endif
