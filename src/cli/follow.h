#ifndef LOCKSTEP_CLI_FOLLOW_H
#define LOCKSTEP_CLI_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "run/run_lock.h"
#include "store/runlog.h"
#include "store/status_file.h"

/*
 * What can be seen of a run from its folder alone, on any machine, while it trains, between two jobs and afterwards:
 * its status file, its lock, its log and the names of its checkpoints. Nothing is changed there.
 */
typedef enum follow_stage {
    FOLLOW_NOTHING,  /* has begun here */
    FOLLOW_STARTING, /* a process is at work, and has not said how far */
    FOLLOW_TRAINING, /* it is at work */
    FOLLOW_AWAY,     /* no process is at work, and none has said why */
    FOLLOW_SAVED,    /* nor any more: asked to stop */
    FOLLOW_FAILED,   /* it has ended with an error */
    FOLLOW_DONE,     /* all is trained */
} follow_stage;

enum { FOLLOW_NOTE_SIZE = 320, FOLLOW_NAME_SIZE = 64 };

/* Starts as {.dir = …}, ends with follow_release. Times are seconds since 1970 by this machine's clock, or NaN. */
typedef struct follow {
    const char *dir; /* not owned */
    follow_stage stage;
    double now;
    bool reported;        /* there is a status file; else the report is of the newest checkpoint and the log */
    status_report report; /* as it was last read */
    double heard;         /* seconds since the status file was last seen to change */
    run_lock_look lock;
    double *losses; /* owned; [steps]: of the log's rows */
    size_t steps;
    runlog_epoch_row *epochs; /* owned; [epoch_count] */
    size_t epoch_count;
    char checkpoint[FOLLOW_NAME_SIZE]; /* the newest by its name, "": none */
    double saved;                      /* when */
    char note[FOLLOW_NOTE_SIZE];       /* what could not be read */
    /* How it was when it was last looked at: */
    double turn, changed, looked; /* of the status file; when it changed, and when the log was read, on the clock */
    ino_t log_file;
    struct timespec log_time;
} follow;

/* Look again. LS_EUSAGE where there is no such folder, LS_ENOMEM; what is damaged in it is only noted. */
int follow_look(follow *f);
void follow_release(follow *f);

/* Whether a run with such a report will not be gone on with by itself: it failed in a way that no launcher repeats. */
bool follow_is_over(const follow *f);

#endif
