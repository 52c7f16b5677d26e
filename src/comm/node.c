#include "comm/node.h"

#include "base/watch.h"
#include "comm/comm_private.h"

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
