/* The ranks that share this rank's machine. */
#include <stdlib.h>

#include "base/error.h"
#include "base/watch.h"
#include "comm/comm_private.h"

static int gather(comm *c, MPI_Comm machine, const void *mine, size_t n, void **all, int *ranks, int *own)
{
    int rc = MPI_Comm_size(machine, ranks);
    if (rc == MPI_SUCCESS) {
        rc = MPI_Comm_rank(machine, own);
    }
    if (rc == MPI_SUCCESS) {
        *all = malloc((size_t)*ranks * n);
        if (*all == NULL) {
            return error_set(LS_ENOMEM, "out of memory for what the ranks of a machine tell each other");
        }
        rc = MPI_Allgather(mine, (int)n, MPI_BYTE, *all, (int)n, MPI_BYTE, machine);
    }
    return comm_check(c, rc, "looking for the ranks of this machine");
}

int comm_gather_machine(comm *c, const void *mine, size_t n, void **all, int *ranks, int *own)
{
    MPI_Comm machine = MPI_COMM_NULL;
    *all = NULL;
    watch_collective_begin();
    int code = comm_check(c, MPI_Comm_split_type(c->world, MPI_COMM_TYPE_SHARED, c->rank, MPI_INFO_NULL, &machine),
                          "looking for the ranks of this machine");
    if (code == LS_OK) {
        code = gather(c, machine, mine, n, all, ranks, own);
        (void)MPI_Comm_free(&machine);
    }
    watch_collective_end();
    if (code != LS_OK) {
        free(*all);
        *all = NULL;
    }
    return code;
}
