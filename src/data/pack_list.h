#ifndef LOCKSTEP_DATA_PACK_LIST_H
#define LOCKSTEP_DATA_PACK_LIST_H

#include <stddef.h>

#include "data/dataset.h"
#include "data/pack.h"

/* Lists that packing works with; both start as zeros. */

typedef struct pack_names {
    char **names; /* owned, each too */
    size_t count, capacity;
} pack_names;

typedef struct pack_items {
    dataset_item *items; /* owned, what they point to too */
    size_t count, capacity;
} pack_items;

/* Append a copy. Returns 0 or LS_ENOMEM. */
int pack_names_add(pack_names *l, const char *name);

/* Sort by bytes and drop what is there twice. */
void pack_names_sort(pack_names *l);

void pack_names_release(pack_names *l);

/* Append; the item's memory becomes the list's, also on failure. Returns 0 or LS_ENOMEM. */
int pack_items_add(pack_items *l, dataset_item item);

void pack_items_release(pack_items *l);

/*
 * Write the data set, count and log what is in it, by class; warn of classes without training pictures. result->bad
 * and hidden are already set.
 */
int pack_finish(const char *out, const pack_items *items, const char *const *classes, size_t class_count,
                pack_result *result);

#endif
