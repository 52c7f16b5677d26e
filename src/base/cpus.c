#include "base/cpus.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

_Static_assert(CPU_SETSIZE >= CPUS_MOST, "a cpu_set_t holds what a cpus_set does");

static int has(const cpus_set *set, int cpu)
{
    return (int)(set->bits[cpu / 64] >> (cpu % 64) & 1);
}

void cpus_allowed(cpus_set *out)
{
    cpu_set_t set;
    memset(out, 0, sizeof *out);
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return;
    }
    for (int cpu = 0; cpu < CPUS_MOST; cpu++) {
        out->bits[cpu / 64] |= (uint64_t)(CPU_ISSET(cpu, &set) != 0) << (cpu % 64);
    }
}

void cpus_bind(pthread_t thread, const cpus_set *set)
{
    cpu_set_t wanted;
    CPU_ZERO(&wanted);
    for (int cpu = 0; cpu < CPUS_MOST; cpu++) {
        if (has(set, cpu)) {
            CPU_SET(cpu, &wanted);
        }
    }
    (void)pthread_setaffinity_np(thread, sizeof wanted, &wanted);
}

int cpus_count(const cpus_set *set)
{
    int count = 0;
    for (int cpu = 0; cpu < CPUS_MOST; cpu++) {
        count += has(set, cpu);
    }
    return count;
}

int cpus_online(void)
{
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

static int overlap(const cpus_set *a, const cpus_set *b)
{
    uint64_t common = 0;
    for (int i = 0; i < CPUS_MOST / 64; i++) {
        common |= a->bits[i] & b->bits[i];
    }
    return common != 0;
}

/* CPUs number first, first + 1, ... of the set. */
static void take(int *out, const cpus_set *set, int first, int count)
{
    int seen = 0;
    for (int cpu = 0; cpu < CPUS_MOST; cpu++) {
        if (has(set, cpu)) {
            if (seen >= first && seen < first + count) {
                out[seen - first] = cpu;
            }
            seen++;
        }
    }
}

cpus_share cpus_divide(int *out, int *have, int *want, const cpus_set *all, int processes, int own, int threads,
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
    *have = cpus_count(&all[own]);
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
