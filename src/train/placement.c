#include "train/placement.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/cpus.h"
#include "base/error.h"
#include "base/log.h"

/* How many CPUs are missing on this rank's machine; also settles the threads where none are. */
static int settle(pool *threads, cpus_share *share, int *cpus, const cpu_set_t *all, int ranks, int own)
{
    int have = 0;
    int want = 0;
    const int online = (int)sysconf(_SC_NPROCESSORS_ONLN);
    *share = cpus_divide(cpus, &have, &want, all, ranks, own, pool_threads(threads), online);
    switch (*share) {
    case CPUS_OWN: pool_settle(threads, cpus); return 0;
    case CPUS_ENOUGH: pool_settle(threads, NULL); return 0;
    case CPUS_SHORT: return want - have;
    default: return 0;
    }
}

int placement_settle(comm *c, pool *threads, cpus_share *share)
{
    cpu_set_t mine;
    void *all = NULL;
    int ranks = 0;
    int own = 0;
    int missing = 0;
    *share = CPUS_UNKNOWN;
    int *cpus = calloc((size_t)pool_threads(threads), sizeof *cpus);
    int code = comm_agree(c, cpus == NULL ? error_set(LS_ENOMEM, "out of memory for placing threads") : LS_OK);
    cpus_allowed(&mine);
    if (code == LS_OK) {
        code = comm_gather_machine(c, &mine, sizeof mine, &all, &ranks, &own);
    }
    if (code == LS_OK) {
        code = comm_max(c, settle(threads, share, cpus, all, ranks, own), &missing);
    }
    if (code == LS_OK && missing > 0) {
        log_warn("the computing threads of a machine outnumber the CPUs they may use by %d, so they wait for each "
                 "other; lower train.threads or the ranks a machine, or let the launcher give a rank more CPUs",
                 missing);
    }
    free(all);
    free(cpus);
    return code;
}
