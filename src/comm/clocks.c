/* How far the clocks of the ranks' nodes are apart. */
#include "base/error.h"
#include "base/watch.h"
#include "comm/comm_private.h"

/* Messages there and back: the fastest of them says most. */
enum { ROUNDS = 32 };

/*
 * Rank 0 and the first rank of another node. The peer reads its clock between the moments in which rank 0 sends and has
 * the answer: it is ahead of rank 0's by what it reads less the middle of the two, and that is wrong by half of the
 * time between them, at most.
 */
static int ask(const comm *c, int peer, int64_t (*now)(void))
{
    int64_t theirs = 0;
    int64_t best[2] = {0, INT64_MAX}; /* ahead, error */
    int rc = MPI_SUCCESS;
    for (int i = 0; i < ROUNDS && rc == MPI_SUCCESS; i++) {
        const int64_t sent = now();
        rc = MPI_Send(NULL, 0, MPI_BYTE, peer, COMM_TAG_CLOCK, c->world);
        if (rc == MPI_SUCCESS) {
            rc = MPI_Recv(&theirs, 1, MPI_INT64_T, peer, COMM_TAG_CLOCK, c->world, MPI_STATUS_IGNORE);
        }
        const int64_t half = (now() - sent + 1) / 2;
        if (half < best[1]) {
            best[0] = theirs - (sent + half);
            best[1] = half;
        }
    }
    watch_beat();
    return rc == MPI_SUCCESS ? MPI_Send(best, 2, MPI_INT64_T, peer, COMM_TAG_CLOCK, c->world) : rc;
}

static int answer(const comm *c, int64_t (*now)(void), int64_t best[2])
{
    int rc = MPI_SUCCESS;
    for (int i = 0; i < ROUNDS && rc == MPI_SUCCESS; i++) {
        rc = MPI_Recv(NULL, 0, MPI_BYTE, 0, COMM_TAG_CLOCK, c->world, MPI_STATUS_IGNORE);
        const int64_t own = now();
        if (rc == MPI_SUCCESS) {
            rc = MPI_Send(&own, 1, MPI_INT64_T, 0, COMM_TAG_CLOCK, c->world);
        }
    }
    return rc == MPI_SUCCESS ? MPI_Recv(best, 2, MPI_INT64_T, 0, COMM_TAG_CLOCK, c->world, MPI_STATUS_IGNORE) : rc;
}

/* Node after node; the ranks of a node have one clock. */
static int compare(comm *c, int64_t (*now)(void), int64_t best[2])
{
    int rc = MPI_Barrier(c->world);
    for (int node = 1; node < c->ranks.nodes && rc == MPI_SUCCESS; node++) {
        const int first = layout_first_rank(&c->ranks, LAYOUT_NODES, node);
        if (c->rank == 0) {
            rc = ask(c, first, now);
        } else if (c->rank == first) {
            rc = answer(c, now, best);
        }
    }
    return rc == MPI_SUCCESS ? MPI_Bcast(best, 2, MPI_INT64_T, 0, c->node) : rc;
}

int comm_compare_clocks(comm *c, int64_t (*now)(void), comm_clock *out)
{
    int64_t best[2] = {0};
    int code = LS_OK;
    if (c->size > 1) {
        watch_collective_begin();
        code = comm_waited(c, compare(c, now, best), "comparing clocks");
    }
    *out = (comm_clock){.at = now(), .ahead = best[0], .error = best[1]};
    return code;
}
