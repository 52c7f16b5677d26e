#ifndef LOCKSTEP_STORE_RUN_FOLDER_PRIVATE_H
#define LOCKSTEP_STORE_RUN_FOLDER_PRIVATE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "store/run_folder.h"

/* What its two parts share: finding out what files are, and changing them. */

/* What became of a file with a checkpoint's name. */
typedef enum standing {
    UNKNOWN,    /* not looked at, or changed since */
    USABLE,     /* the run's own, whole, and where its name says */
    DAMAGED,    /* a checkpoint once */
    FOREIGN,    /* another run's, at another step than its name says, of an older format, or no checkpoint at all */
    NEWER,      /* of a format that this program does not know yet */
    UNREADABLE, /* the system refuses to read it */
} standing;

typedef struct run_folder_entry {
    uint64_t step;
    standing what;
    bool regular;      /* a file itself, not a link to one or something else */
    bool stranger;     /* foreign, and no work of this run can be in it */
    bool said;         /* why it is passed over */
    struct stat found; /* when it was looked at */
    double score, cross_entropy;
    char why[256]; /* it is not usable */
} run_folder_entry;

struct run_folder {
    char *dir; /* owned */
    run_folder_owns owns;
    void *context;             /* not owned */
    run_folder_entry *entries; /* owned; by step, ascending */
    size_t count;
};

/* Find out what the file is, unless that is known and it has not changed. false: it is not there any more. */
bool run_folder_examine(run_folder *f, run_folder_entry *e);
/* Whether it is the run's own, and a file that may be removed. */
bool run_folder_is_own(run_folder *f, run_folder_entry *e);
void run_folder_settle(run_folder_entry *e, standing what, const char *why);

/* NULL when there is none of this step. */
run_folder_entry *run_folder_find(const run_folder *f, uint64_t step);
/* As run_folder_find, with a new one where there is none; NULL with LS_ENOMEM's message. */
run_folder_entry *run_folder_find_or_add(run_folder *f, uint64_t step);
/* Take it off the list; those before it keep their places. */
void run_folder_forget(run_folder *f, const run_folder_entry *e);

/*
 * The best of those that were examined and validated and are not marked in `taken` [count] (NULL: none is); NULL for
 * none.
 */
run_folder_entry *run_folder_best_of(run_folder *f, const bool *taken);

#endif
