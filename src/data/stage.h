#ifndef LOCKSTEP_DATA_STAGE_H
#define LOCKSTEP_DATA_STAGE_H

#include <limits.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * A copy of a file in a folder of this machine's own. It has a name only until all who want it have opened it, while it
 * is still empty; from then on it lives as long as somebody has it open, so whatever ends the processes, a SIGKILL too,
 * nothing is left behind.
 */
typedef struct stage {
    int original, copy;  /* descriptors, owned; -1: none */
    uint64_t bytes;      /* of the original */
    struct stat found;   /* what the original was when it was opened */
    char name[PATH_MAX]; /* of the copy, "" once it has none */
    const char *path;    /* of the original; not owned */
    const char *folder;  /* as it is written in the configuration; not owned */
} stage;

/* What identifies a file of a machine. */
typedef struct stage_identity {
    uint64_t device, file;
} stage_identity;

/* Called after each piece: how many bytes are copied. */
typedef void (*stage_progress)(void *context, uint64_t done, uint64_t all);

/*
 * Open the original, and make the empty copy in a folder, in whose name $NAME and ${NAME} stand for environment
 * variables. Returns 0; LS_EIO where that folder cannot be used (no such folder or variable, no permission, no room);
 * LS_ENOTFOUND, LS_EFORMAT or LS_EUSAGE where the original is no file that can be read. *s is released with stage_end,
 * on failure too.
 */
int stage_begin(stage *s, const char *path, const char *folder);

/* The empty copy, for stage_join in other processes. */
stage_identity stage_identity_of(const stage *s);

/* Another process' part of a copy: open it by its name. Returns 0 or LS_EIO. *descriptor: the caller's to close. */
int stage_join(int *descriptor, const char *name, const stage_identity *expected);

/* Take the name away: whoever has not opened the copy cannot any more. */
void stage_unname(stage *s);

/*
 * Copy, and compare what can be read back with what was read. Ends early where a signal asks this process to stop.
 * Returns 0; LS_EIO where reading or writing fails (no room); LS_ENOMEM; LS_EFORMAT where the original was changed or
 * replaced meanwhile. report may be NULL.
 */
int stage_fill(stage *s, stage_progress report, void *context);

/* Close both files, and remove a name that is left. Fine twice. */
void stage_end(stage *s);

#endif
