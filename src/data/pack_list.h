#ifndef LOCKSTEP_DATA_PACK_LIST_H
#define LOCKSTEP_DATA_PACK_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "data/dataset.h"

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

/* The same for names that come again and again: most of those that are there are dropped on the way. */
int pack_names_add_new(pack_names *l, const char *name);

/* Sort by bytes and drop what is there twice. */
void pack_names_sort(pack_names *l);

/* Where a name stands in a sorted list; it must be there. */
size_t pack_names_find(const pack_names *l, const char *name);

void pack_names_release(pack_names *l);

/* Append; the item's memory becomes the list's, also on failure. Returns 0 or LS_ENOMEM. */
int pack_items_add(pack_items *l, dataset_item item);

/* Free what an item points to. */
void pack_item_release(const dataset_item *item);

void pack_items_release(pack_items *l);

#endif
