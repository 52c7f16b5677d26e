#ifndef LOCKSTEP_BASE_SNAPSHOT_H
#define LOCKSTEP_BASE_SNAPSHOT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Something that one thread tells others, which always get one of its words whole: a few bytes of no pointers. The
 * writer never waits, takes no lock and allocates nothing. Starts as zeros.
 */
enum { SNAPSHOT_WORDS = 160 };
typedef struct snapshot {
    _Atomic uint64_t turn; /* odd while it is written; 0: nothing was yet */
    _Atomic uint64_t words[SNAPSHOT_WORDS];
} snapshot;

/* n: at most 8 * SNAPSHOT_WORDS bytes, always the same of a snapshot. One thread only. */
void snapshot_write(snapshot *s, const void *bytes, size_t n);

/* The newest, n as it was written; any thread. 0 where nothing was written yet, or the writer is always faster. */
int snapshot_read(snapshot *s, void *bytes, size_t n);

#endif
