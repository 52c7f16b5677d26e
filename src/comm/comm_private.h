#ifndef LOCKSTEP_COMM_COMM_PRIVATE_H
#define LOCKSTEP_COMM_COMM_PRIVATE_H

#include <mpi.h>

#include "comm/comm.h"

/* What comm.c and comm_tree.c share. */

/* A vector that grows when asked for more. */
typedef struct comm_buffer {
    void *data; /* owned */
    size_t size;
} comm_buffer;

/* Buffers in use never exceed the nodes of a front and the one vector that is on its way. */
enum { COMM_BUFFERS = TREE_MAX_NODES + 1 };

struct comm {
    MPI_Comm world; /* a duplicate, so that nothing else in the process can take our messages */
    int rank, size;
    char host[MPI_MAX_PROCESSOR_NAME];
    comm_buffer buffers[COMM_BUFFERS];
};

/* Most elements of one message: MPI counts are int, and some transports dislike more than INT_MAX bytes. */
enum { COMM_CHUNK = 1 << 27 };

/* 0, or LS_ECOMM with MPI's own words for `rc`. */
int comm_check(const comm *c, int rc, const char *what);

/* Broadcast n elements from rank 0 in messages that fit an int. Collective. */
int comm_broadcast_typed(comm *c, void *data, size_t n, size_t width, MPI_Datatype type);

#endif
