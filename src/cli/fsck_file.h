#ifndef LOCKSTEP_CLI_FSCK_FILE_H
#define LOCKSTEP_CLI_FSCK_FILE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct fsck_job {
    const char *path;
    bool decode; /* every picture of a data set */
    bool of_run; /* a run's folder holds it under one of a run's names: what is of another kind is damaged */
} fsck_job;

typedef enum fsck_verdict {
    FSCK_OK,
    FSCK_DAMAGED,
    FSCK_FOREIGN, /* whole, for all that is known, and nothing that Lockstep reads */
} fsck_verdict;

/* Check one file, of whichever kind it is: text [size] says what it is, or what is wrong. */
fsck_verdict fsck_check_file(char *text, size_t size, const fsck_job *job);

#endif
