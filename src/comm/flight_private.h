#ifndef LOCKSTEP_COMM_FLIGHT_PRIVATE_H
#define LOCKSTEP_COMM_FLIGHT_PRIVATE_H

#include <mpi.h>

#include "comm/comm.h"
#include "comm/plan.h"

/* The element type of a sum. */
typedef struct element {
    size_t width;
    MPI_Datatype type;
    void (*add)(void *restrict into, const void *restrict from, size_t n); /* into += from */
} element;

extern const element element_f64, element_real;

/* What is summed. */
typedef struct flight_sum {
    const element *e;
    void *out;     /* [n]; may be vectors */
    void *vectors; /* this rank's front nodes, overwritten: node k's vector begins at element k * stride */
    size_t stride, n;
    size_t front; /* how many */
    size_t total; /* shards of the global batch */
    MPI_Comm where;
    int tag; /* not that of another sum on its way */
} flight_sum;

/*
 * A sum along the shard tree that is on its way. MPI moves messages on only while it is called, so whoever has flights
 * polls them. Starts as zeros; memory is kept from sum to sum.
 */
typedef struct flight {
    flight_sum sum;
    comm *c; /* not owned */
    plan plan;
    size_t at;             /* the next step */
    unsigned char *memory; /* owned: scratch vectors */
    size_t memory_size;
    MPI_Request *requests; /* owned; [request_capacity] */
    int request_count, request_capacity;
    int active;
} flight;

/* Start, without waiting for anybody. All ranks start the same sums in the same order. Collective with the end. */
int flight_start(flight *f, comm *c, const flight_sum *sum);
/* Get on as far as goes without waiting; f->active is 0 once out holds the sum. Not collective. */
int flight_poll(flight *f);
/* Wait until it has arrived. */
int flight_wait(flight *f);
void flight_release(flight *f);

#endif
