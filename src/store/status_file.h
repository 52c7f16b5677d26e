#ifndef LOCKSTEP_STORE_STATUS_FILE_H
#define LOCKSTEP_STORE_STATUS_FILE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a run is doing, RUN/status.json: a JSON object of numbers and texts that rank 0 replaces about once a second,
 * for `lockstep watch` and other programs. docs/watching.md describes its members.
 */
typedef enum status_state {
    STATUS_RUNNING, /* or it was when it was last heard of */
    STATUS_DONE,
    STATUS_SAVED, /* asked to stop; to be gone on with */
    STATUS_FAILED,
} status_state;

/* Numbers that are not known are NaN; texts are "" then. Times are seconds since 1970 by the writer's clock. */
typedef struct status_report {
    status_state state;
    char message[512]; /* FAILED: the error */
    double exit_status;
    double turn; /* grows with each writing of a start */
    double written, started;
    double limit; /* when the run has to have ended */

    char run[128];
    char host[64], job[64]; /* of rank 0; "Slurm job 42" */
    double pid;
    double ranks, nodes;
    char phase[32]; /* of rank 0 */

    double epoch;      /* the current one, counted from 1 */
    double epochs;     /* to train */
    double step;       /* steps behind it */
    double epoch_step; /* those of the epoch */
    double epoch_steps;
    double images_per_second, seconds_per_step; /* in training, lately */
    double between_epochs;                      /* seconds from the last step of an epoch to the next */
    double loss, accuracy;                      /* of the epoch so far, training */
    double learning_rate;
    double val_epoch, val_loss, val_accuracy; /* the last validation */
    char verdict[320];                        /* of the instrument */

    double idle;          /* seconds since any rank's last progress */
    char waited[256];     /* whom the others wait for */
    double slow_rank;     /* which waits least for the others */
    char slow_host[64];   /* where it is */
    double slow_waits;    /* share of its time, lately, that it waits for the others */
    double slow_pictures; /* and for pictures */
    double others_wait;   /* mean of the other ranks' */
} status_report;

/* Nothing is known. */
status_report status_unknown(void);

/* Replace the run's file. Not synced. LS_EIO, LS_ENOMEM. */
int status_file_write(const char *run_dir, const status_report *r);

/*
 * What it says. LS_ENOTFOUND where there is none, LS_EFORMAT where it is damaged or something else, LS_EIO. Members
 * that are not there, or not what they should be, are unknown.
 */
int status_file_read(status_report *out, const char *run_dir);

/*
 * At a start, with the run's lock held: something else that has its name is set aside, with a warning, and what a
 * killed writer left is removed. LS_EIO.
 */
int status_file_make_way(const char *run_dir);

/* The same, and remove it. LS_EIO. */
int status_file_clear(const char *run_dir);

#endif
