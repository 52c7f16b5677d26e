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
