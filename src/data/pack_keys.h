#ifndef LOCKSTEP_DATA_PACK_KEYS_H
#define LOCKSTEP_DATA_PACK_KEYS_H

#include "data/pack_list.h"

/*
 * The labels of one archive of a WebDataset: KEY.cls holds that of all files that are called KEY.something, where KEY
 * is a path up to the first dot of its last part. Starts as zeros, ends with pack_keys_release.
 */
typedef struct pack_key {
    char *key, *label; /* owned */
    int32_t number;    /* of its class; after pack_keys_number */
} pack_key;

typedef struct pack_keys {
    pack_key *keys; /* owned; sorted after pack_keys_number */
    size_t count, capacity;
} pack_keys;

/* Whether a path is a label's. */
bool pack_keys_is_label(const char *path);

/* Add one: what a .cls file holds. Returns 0, LS_ENOMEM, or LS_EFORMAT (empty, too long or no text). */
int pack_keys_add(pack_keys *k, const char *path, const char *bytes, size_t n);

/*
 * Number the classes of all archives together, and add their names: where all labels are numbers, those up to the
 * largest, otherwise the labels in alphabetical order (by bytes). Returns 0, LS_EFORMAT (too large a number) or
 * LS_ENOMEM.
 */
int pack_keys_number(pack_keys *all, size_t count, pack_names *classes);

/* The class of a file; false: it has no label. */
bool pack_keys_find(const pack_keys *k, const char *path, int32_t *label);

void pack_keys_release(pack_keys *k);

#endif
