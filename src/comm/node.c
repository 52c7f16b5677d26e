/* Who is where: the ranks that share this rank's node, and what ranks bring. */
#include <stdlib.h>

#include "base/error.h"
#include "base/watch.h"
#include "comm/comm_private.h"

static int first_of_node(const comm *c)
{
    return layout_first_rank(&c->ranks, LAYOUT_NODES, layout_unit_of(&c->ranks, LAYOUT_NODES, c->rank));
}

int comm_nodes(const comm *c)
{
    return c->ranks.nodes;
}

int comm_node_rank(const comm *c)
{
    return c->rank - first_of_node(c);
}

int comm_node_size(const comm *c)
{
    const int node = layout_unit_of(&c->ranks, LAYOUT_NODES, c->rank);
    return layout_first_rank(&c->ranks, LAYOUT_NODES, node + 1) - first_of_node(c);
}

int comm_job_tasks(const comm *c)
{
    return c->tasks;
}

bool comm_renumbered(const comm *c)
{
    return c->renumbered != 0;
}

/* A caller of a gathering that failed is left nothing to free. */
static int keep(int code, void **all)
{
    if (code != LS_OK) {
        free(*all);
        *all = NULL;
    }
    return code;
}

int comm_gather_machine(comm *c, const void *mine, size_t n, void **all, int *ranks, int *own)
{
    *own = comm_node_rank(c);
    *ranks = comm_node_size(c);
    *all = malloc((size_t)*ranks * n);
    if (*all == NULL) {
        return error_set(LS_ENOMEM, "out of memory for what the ranks of a node bring");
    }
    watch_collective_begin();
    const int rc = MPI_Allgather(mine, (int)n, MPI_BYTE, *all, (int)n, MPI_BYTE, c->node);
    return keep(comm_waited(c, rc, "gathering from the ranks of a node"), all);
}

int comm_gather(comm *c, const void *mine, size_t n, void **all)
{
    const int leads = c->rank == 0;
    *all = leads ? malloc((size_t)c->size * n) : NULL;
    int code =
        comm_agree(c, leads && *all == NULL ? error_set(LS_ENOMEM, "out of memory for what the ranks bring") : LS_OK);
    if (code != LS_OK) {
        return code;
    }
    watch_collective_begin();
    const int rc = MPI_Gather(mine, (int)n, MPI_BYTE, *all, (int)n, MPI_BYTE, 0, c->world);
    return keep(comm_waited(c, rc, "gathering from all ranks"), all);
}

enum { COLLECTED = 1 << 20 }; /* bytes at a time */

static int send_collected(comm *c, const unsigned char *mine, size_t n)
{
    const uint64_t size = n;
    int rc = MPI_Send(&size, 1, MPI_UINT64_T, 0, COMM_TAG_COLLECT, c->world);
    for (size_t i = 0; i < n && rc == MPI_SUCCESS; i += COLLECTED) {
        const int count = (int)(n - i < COLLECTED ? n - i : COLLECTED);
        rc = MPI_Send(mine + i, count, MPI_BYTE, 0, COMM_TAG_COLLECT, c->world);
    }
    return comm_check(c, rc, "sending to rank 0");
}

/* What a rank sends; *taken stays as it is once taking has failed. */
static int receive_collected(comm *c, int rank, void *space, int (*take)(void *context, const void *bytes, size_t n),
                             void *context, int *taken)
{
    uint64_t size = 0;
    int rc = MPI_Recv(&size, 1, MPI_UINT64_T, rank, COMM_TAG_COLLECT, c->world, MPI_STATUS_IGNORE);
    for (uint64_t i = 0; i < size && rc == MPI_SUCCESS; i += COLLECTED) {
        const int count = (int)(size - i < COLLECTED ? size - i : COLLECTED);
        rc = MPI_Recv(space, count, MPI_BYTE, rank, COMM_TAG_COLLECT, c->world, MPI_STATUS_IGNORE);
        if (rc == MPI_SUCCESS && *taken == LS_OK) {
            *taken = take(context, space, (size_t)count);
        }
        watch_beat();
    }
    return comm_check(c, rc, "receiving from all ranks");
}

int comm_collect(comm *c, const void *mine, size_t n, int (*take)(void *context, const void *bytes, size_t n),
                 void *context)
{
    const bool leads = c->rank == 0;
    void *space = leads ? malloc(COLLECTED) : NULL;
    int taken = LS_OK;
    int code =
        comm_agree(c, leads && space == NULL ? error_set(LS_ENOMEM, "out of memory for what the ranks bring") : LS_OK);
    if (code != LS_OK) {
        free(space);
        return code;
    }
    watch_collective_begin();
    if (leads) {
        taken = n > 0 ? take(context, mine, n) : LS_OK;
        for (int r = 1; r < c->size && code == LS_OK; r++) {
            code = receive_collected(c, r, space, take, context, &taken);
        }
    } else {
        code = send_collected(c, mine, n);
    }
    watch_collective_end();
    free(space);
    return code == LS_OK ? comm_agree(c, taken) : code; /* others wait where messages fail: then the job must end */
}

const char *comm_node_name(const comm *c)
{
    return c->host;
}

int comm_node_broadcast(comm *c, void *bytes, size_t n)
{
    watch_collective_begin();
    return comm_waited(c, MPI_Bcast(bytes, (int)n, MPI_BYTE, 0, c->node), "a broadcast among this node's ranks");
}

int comm_node_worst(comm *c, int code, int *out)
{
    *out = code;
    watch_collective_begin();
    return comm_waited(c, MPI_Allreduce(&code, out, 1, MPI_INT, MPI_MIN, c->node),
                       "an agreement between this node's ranks");
}

int comm_node_count(comm *c, int flag, int *out)
{
    const int mine = flag != 0 && comm_node_rank(c) == 0;
    *out = mine;
    watch_collective_begin();
    return comm_waited(c, MPI_Allreduce(&mine, out, 1, MPI_INT, MPI_SUM, c->world), "counting nodes");
}
