#ifndef LOCKSTEP_DATA_PACK_NUMBERS_H
#define LOCKSTEP_DATA_PACK_NUMBERS_H

#include <stdint.h>

#include "data/pack_list.h"

/*
 * Classes whose names come with their pictures: numbered as they come, so that no picture's name of its class is kept,
 * and in alphabetical order (by bytes) at the end. Starts as zeros, ends with pack_numbers_release.
 */
typedef struct pack_numbers {
    pack_names names; /* in alphabetical order */
    int32_t *numbers; /* owned; [names.count] as each came; after pack_numbers_finish the other way round: places */
    size_t capacity;  /* of numbers */
} pack_numbers;

/* The number of a name, the next one where it is new. Returns 0 or LS_ENOMEM. */
int pack_numbers_find(pack_numbers *n, const char *name, int32_t *out);

/* Whether a name has a number, and which. Not after pack_numbers_finish. */
bool pack_numbers_has(const pack_numbers *n, const char *name, int32_t *out);

/* After the last: add the names to `classes`, which is empty, in their order. Returns 0 or LS_ENOMEM. */
int pack_numbers_finish(pack_numbers *n, pack_names *classes);

/* Then: the class of a number that pack_numbers_find gave. */
int32_t pack_numbers_place(const pack_numbers *n, int32_t number);

void pack_numbers_release(pack_numbers *n);

#endif
