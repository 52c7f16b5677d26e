#ifndef LOCKSTEP_COMM_COMM_H
#define LOCKSTEP_COMM_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reducer.h"
#include "base/shards.h"
#include "base/tree.h"

/* The only door to MPI. One process without mpirun is rank 0 of 1 and uses the same code. */
typedef struct comm comm;

/*
 * Start MPI (thread level FUNNELED), and a thread that watches whether this rank and the others get on. Collective.
 * *out owned by the caller, ended with comm_finish. Where MPI does not start in time (LOCKSTEP_START_TIMEOUT) the
 * process ends with EXIT_STALLED.
 */
int comm_start(comm **out, int *argc, char ***argv);
/* Shut MPI down; NULL is fine. Collective. */
void comm_finish(comm *c);

/*
 * How long no rank may make progress, in seconds, until rank 0 reports who is waited for (`stall`), and until the ranks
 * end with EXIT_STALLED (`abort`); 0: for ever. Not collective, but all ranks should set the same.
 */
typedef struct comm_timeouts {
    double stall, abort;
} comm_timeouts;
#define COMM_TIMEOUTS_DEFAULT                                                                                          \
    {                                                                                                                  \
        60, 300                                                                                                        \
    }
void comm_set_timeouts(comm *c, const comm_timeouts *t);

/*
 * How the ranks get on, as rank 0's watchdog saw it a second ago or two. A rank's shares are of its time in the last
 * half minute or so, 0 to 1.
 */
enum { COMM_HOST_SIZE = 64, COMM_WAITED_SIZE = 256 };
typedef struct comm_standing {
    double idle;                   /* seconds since any rank's last progress */
    char waited[COMM_WAITED_SIZE]; /* whom the others wait for, a sentence; "": they get on */
    int slowest;                   /* the rank that waits least for the others; -1: not known, or there is only one */
    char slowest_host[COMM_HOST_SIZE];
    double slowest_waits, slowest_pictures; /* shares of it: for others, and for pictures */
    double others_wait;                     /* mean of the other ranks' */
} comm_standing;

/* On rank 0, any of its threads, without waiting; 0 on others, and where it is not known yet. */
int comm_standing_now(const comm *c, comm_standing *out);

/* End every rank of the job with this exit code; does not return. Not collective. */
_Noreturn void comm_abort(comm *c, int exit_code);
/*
 * After a collective call: a failure on one rank of several leaves the others waiting, so it ends the job with its
 * message. Returns code when it is LS_OK, or when this is the only rank.
 */
int comm_or_abort(comm *c, int code);

/*
 * Ranks of a node are neighbours, nodes in the order of their first ranks: where a launcher deals ranks out to nodes in
 * turn, these are not its own numbers. Rank 0 is its rank 0. Not collective.
 */
int comm_rank(const comm *c);
int comm_size(const comm *c);
int comm_nodes(const comm *c); /* how many nodes the ranks are on */
/* This rank's number among those of its node, and how many they are. */
int comm_node_rank(const comm *c);
int comm_node_size(const comm *c);
/* What the node is called, as in the messages of comm_agree. Owned by the communicator. */
const char *comm_node_name(const comm *c);
/* From the node's first rank to its others; n at most INT_MAX. Collective on the node. Returns 0 or LS_ECOMM. */
int comm_node_broadcast(comm *c, void *bytes, size_t n);
/* *out: the lowest code that a rank of the node brought; messages stay where they are. Collective on the node. */
int comm_node_worst(comm *c, int code, int *out);
/* How many nodes there are whose first rank brought a flag other than 0. Collective. Returns 0 or LS_ECOMM. */
int comm_node_count(comm *c, int flag, int *out);
/* Name and version of the MPI library that runs, such as "Open MPI v4.1.4". Static; any time, MPI started or not. */
const char *comm_mpi_version(void);
bool comm_renumbered(const comm *c); /* whether the launcher has other numbers for any rank */
/* Where a Slurm job's script or shell started this process itself, without mpirun or srun: its tasks; else 0. */
int comm_job_tasks(const comm *c);

int comm_barrier(comm *c);                          /* collective */
int comm_broadcast(comm *c, void *bytes, size_t n); /* from rank 0; collective */
/*
 * An agreement point: each rank brings its own code (0 or negative); all get the worst (lowest). A rank that brought 0
 * and gets another code finds the failing rank's number and message in error_message(). Collective.
 */
int comm_agree(comm *c, int code);
/*
 * The same in two parts, so that nobody waits: the codes travel while the ranks do other things, sums among them.
 * comm_agree_end returns what comm_agree would. Along travel requests, COMM_REQUESTS bits: *requests gets those that
 * any rank has, the same on all. One agreement at a time. Both are collective.
 */
enum { COMM_REQUESTS = 2 };
int comm_agree_begin(comm *c, int code, unsigned requests);
int comm_agree_end(comm *c, unsigned *requests);
/* The largest flag (>= 0) that any rank brought; collective. */
int comm_max(comm *c, int flag, int *out);
/* The same of n numbers (>= 0), in place of each; none is NaN. Collective. */
int comm_max_f64(comm *c, double *values, size_t n);
/* What all ranks bring, n bytes each: on rank 0 *all is [size][n], freed by the caller; elsewhere NULL. Collective. */
int comm_gather(comm *c, const void *mine, size_t n, void **all);
/*
 * What the ranks on this rank's machine bring, n bytes each, in the order of ranks: *all is [*ranks][n], freed by the
 * caller with free(); *own: which of them this rank is. Collective.
 */
int comm_gather_machine(comm *c, const void *mine, size_t n, void **all, int *ranks, int *own);

/*
 * What all ranks bring, one rank after the other: on rank 0 take gets n bytes at a time, in the order of ranks, and is
 * not called any more once it has failed, which is returned by all. Collective.
 */
int comm_collect(comm *c, const void *mine, size_t n, int (*take)(void *context, const void *bytes, size_t n),
                 void *context);

/* This rank's clock beside rank 0's. */
typedef struct comm_clock {
    int64_t at;    /* when it was read, by itself */
    int64_t ahead; /* of rank 0's */
    int64_t error; /* by which `ahead` may be wrong, at most */
} comm_clock;

/*
 * Compare the clocks of the ranks' nodes, by messages there and back. now: the clock, in nanoseconds, the same for all
 * processes of a node (clock_nanoseconds). No rank returns before all have called it. Collective.
 */
int comm_compare_clocks(comm *c, int64_t (*now)(void), comm_clock *out);

/*
 * Sum along the shard tree. local: this rank's front, vector k of n elements at vectors + k * n (slots 0..count-1, in
 * order); overwritten. out: [n], the sum over all shards, the same bits on every rank; may be vectors itself.
 * Scratch memory is the comm's own. Collective. stream.h has sums that nobody waits for.
 */
int comm_sum_f64(comm *c, double *out, double *vectors, size_t n, const tree_front *local, size_t total_shards);

/* The sum of all ranks' vectors of n elements, in place of each: each rank is one leaf of the tree. Collective. */
int comm_sum_ranks(comm *c, double *values, size_t n);

/*
 * A reducer (base/reducer.h) over one global batch. synchronized: over all ranks; otherwise over this rank's shards
 * alone, and then not collective. The reducer_context must outlive the reducer.
 */
typedef struct comm_reducer_context {
    comm *c; /* not owned */
    shard_range range;
    int synchronized;
} comm_reducer_context;
reducer comm_reducer(comm_reducer_context *context);

/*
 * Compare a 64-bit value across ranks: 0, or LS_ECOMM with a message that names the first rank whose value differs from
 * rank 0's. Collective.
 */
int comm_same(comm *c, uint64_t value, const char *what);

#endif
