#ifndef LOCKSTEP_DATA_PACK_SEEN_H
#define LOCKSTEP_DATA_PACK_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* A set of folders, by device and number. Starts as zeros. */
typedef struct pack_seen {
    struct {
        dev_t device;
        ino_t number; /* 0: free */
    } * places;       /* [capacity], owned */
    size_t count, capacity;
} pack_seen;

/* Add one; *before: whether it was there. Returns 0 or LS_ENOMEM. */
int pack_seen_add(pack_seen *s, const struct stat *folder, bool *before);

/* Empty it. */
void pack_seen_clear(pack_seen *s);

void pack_seen_release(pack_seen *s);

#endif
