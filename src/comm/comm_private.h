#ifndef LOCKSTEP_COMM_COMM_PRIVATE_H
#define LOCKSTEP_COMM_COMM_PRIVATE_H

#include <mpi.h>

#include "comm/comm.h"
#include "comm/flight_private.h"
#include "comm/layout.h"
#include "comm/watchdog.h"

/* What the files of this folder share. */

/* Tags in `world`. */
enum { COMM_TAG_SUM = 1, COMM_TAG_CLOCK, COMM_TAG_COLLECT };

struct comm {
    MPI_Comm world;      /* a duplicate, so that nothing else in the process can take our messages */
    MPI_Comm background; /* a communicator for sums that are under way while others come and go */
    int next_tag;        /* in `background` */
    int rank, size;
    layout ranks;   /* which of them share a node */
    MPI_Comm node;  /* those that share this rank's */
    int renumbered; /* whether the launcher had other numbers for the ranks */
    int tasks;      /* of the Slurm job in which this process was started without a launcher; else 0 */
    char host[MPI_MAX_PROCESSOR_NAME];
    flight sum;       /* the one that all wait for */
    flight agreement; /* between comm_agree_begin and comm_agree_end */
    int brought;      /* this rank's code in it */
    /* How many ranks brought a code, and how many each request. */
    double counted[1 + COMM_REQUESTS];
    watchdog *dog; /* owned */
};

/* A tag for a sum in `background`. All ranks start these in the same order, so they agree on tags. */
int comm_next_tag(comm *c);

/*
 * Sum partials [shards][n] along the tree as far as they go; the front's vectors end up first, in order. Returns how
 * many they are. Not collective.
 */
size_t comm_reduce_shards(double *partials, size_t n, const shard_range *range);

/* Most elements of one message: MPI counts are int, and some transports dislike more than INT_MAX bytes. */
enum { COMM_CHUNK = 1 << 27 };

/* 0, or LS_ECOMM with MPI's own words for `rc`. */
int comm_check(const comm *c, int rc, const char *what);
/* The same at the end of what began with watch_collective_begin. */
int comm_waited(const comm *c, int rc, const char *what);

#endif
