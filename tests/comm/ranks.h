#ifndef LOCKSTEP_TESTS_COMM_RANKS_H
#define LOCKSTEP_TESTS_COMM_RANKS_H

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "comm/comm.h"

/*
 * For programs that run under mpirun on any number of ranks, hence no Check: a test that leaves early on one rank would
 * hang the rest. Every rank counts its failures; the job fails when any rank has one.
 */
static int failures;

#define EXPECT(condition, ...)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            failures++;                                                                                                \
            fprintf(stderr, "%s:%d: rank %d: %s: ", __FILE__, __LINE__, comm_rank(c), #condition);                     \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fprintf(stderr, "\n");                                                                                     \
        }                                                                                                              \
    } while (0)

/* Whether any rank failed, told by rank 0; ends MPI. Returns main's result. Collective. */
static inline int ranks_finish(comm *c)
{
    int failed = 1;
    if (comm_max(c, failures > 0, &failed) == LS_OK && comm_rank(c) == 0) {
        printf("%d ranks: %s\n", comm_size(c), failed ? "FAILED" : "ok");
    }
    comm_finish(c);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
