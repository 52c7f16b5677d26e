#include "base/cpus.h"

#include <string.h>

void cpus_allowed(cpu_set_t *out)
{
    if (sched_getaffinity(0, sizeof *out, out) != 0) {
        CPU_ZERO(out);
    }
}

int cpus_count(void)
{
    cpu_set_t set;
    cpus_allowed(&set);
    return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}

static int overlap(const cpu_set_t *a, const cpu_set_t *b)
{
    cpu_set_t common;
    CPU_AND(&common, a, b);
    return CPU_COUNT(&common) > 0;
}

/* CPUs number first, first + 1, ... of the set. */
static void take(int *out, const cpu_set_t *set, int first, int count)
{
    int seen = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, set)) {
            if (seen >= first && seen < first + count) {
                out[seen - first] = cpu;
            }
            seen++;
        }
    }
}

cpus_share cpus_divide(int *out, int *have, int *want, const cpu_set_t *all, int processes, int own, int threads,
                       int online)
{
    int sharing = 0;
    int before = 0;
    int mixed = 0;
    for (int p = 0; p < processes; p++) {
        const int same = memcmp(&all[p], &all[own], sizeof all[p]) == 0;
        sharing += same;
        before += same && p < own;
        mixed |= !same && overlap(&all[p], &all[own]);
    }
    *have = CPU_COUNT(&all[own]);
    *want = sharing * threads;
    if (*have == 0 || mixed) {
        return CPUS_UNKNOWN;
    }
    if (*have < *want) {
        return CPUS_SHORT;
    }
    if (*have >= online) {
        return CPUS_ENOUGH;
    }
    take(out, &all[own], before * threads, threads);
    return CPUS_OWN;
}
