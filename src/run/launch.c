#include "run/launch.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/storage.h"
#include "base/text.h"
#include "comm/comm.h"
#include "io/h5.h"

enum { HOST_SIZE = 64, SHOWN_HOSTS = 8 };

/* What each rank reports of itself. */
typedef struct place {
    char host[HOST_SIZE];
    int first; /* of its node's ranks */
    cpus_share share;
} place;

/* "node1 (4 ranks), node2 (3 ranks), ..." */
static void list_hosts(text_builder *out, const place *all, int ranks)
{
    int shown = 0;
    for (int r = 0; r < ranks; shown++) {
        int end = r + 1;
        while (end < ranks && !all[end].first) {
            end++;
        }
        if (shown == SHOWN_HOSTS) {
            text_add(out, ", ...");
            return;
        }
        text_add(out, "%s%s (%d rank%s)", shown == 0 ? "" : ", ", all[r].host, end - r, end - r == 1 ? "" : "s");
        r = end;
    }
}

/* How many ranks share CPUs in this way. */
static int count_share(const place *all, int ranks, cpus_share share)
{
    int n = 0;
    for (int r = 0; r < ranks; r++) {
        n += all[r].share == share;
    }
    return n;
}

static const char *binding(const place *all, int ranks)
{
    if (count_share(all, ranks, CPUS_SHORT) > 0) {
        return "threads outnumber the CPUs they may use";
    }
    if (count_share(all, ranks, CPUS_OWN) == ranks) {
        return "each thread on a CPU of its own";
    }
    return count_share(all, ranks, CPUS_UNKNOWN) > 0 ? "which CPUs threads have is not known"
                                                     : "CPUs enough, but not set aside for the job";
}

static void report(const session *s, const place *all)
{
    text_builder hosts = {0};
    const int ranks = comm_size(s->c);
    const int nodes = comm_nodes(s->c);
    list_hosts(&hosts, all, ranks);
    log_info("hosts       %d: %s; %s", nodes, text_of(&hosts), binding(all, ranks));
    text_release(&hosts);
    log_info("libraries   %s, HDF5 %s", comm_mpi_version(), h5_version());
    if (comm_renumbered(s->c)) {
        log_info(
            "ranks       numbered anew, so that those of a host are neighbours; mpirun has other numbers for them");
    }
    const char *const kind = storage_kind(dataset_path(s->data));
    if (nodes > 1 && s->staged.copies == 0 && storage_is_shared(kind)) {
        log_warn("%s: lies on shared storage (%s), which %d hosts read across the network; if that is slow, set "
                 "data.stage to a folder on a disk of each host",
                 dataset_path(s->data), kind, nodes);
    }
}

int launch_refuse_alone(const comm *c)
{
    if (comm_size(c) > 1 || comm_job_tasks(c) <= 1) {
        return LS_OK;
    }
    return error_set(LS_EUSAGE,
                     "one process only, in a Slurm job of %d tasks: start it by mpirun, or by srun --mpi=pmix; if one "
                     "is meant, by mpirun -n 1",
                     comm_job_tasks(c));
}

int launch_report(const session *s)
{
    place mine = {.first = comm_node_rank(s->c) == 0, .share = s->share};
    void *all = NULL;
    machine_host(mine.host, sizeof mine.host);
    int code = comm_gather(s->c, &mine, sizeof mine, &all);
    if (code == LS_OK && all != NULL) {
        report(s, all);
    }
    free(all);
    return code;
}
