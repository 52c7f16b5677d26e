#ifndef LOCKSTEP_BASE_CPUS_H
#define LOCKSTEP_BASE_CPUS_H

#include <sched.h>

/* Which CPUs the processes of one machine may use, and whether their threads can have one each. */

/* The CPUs that the calling thread may use: what a launcher, a container or taskset left. Empty where it is unknown. */
void cpus_allowed(cpu_set_t *out);

/* How many those are; 1 where it is unknown. */
int cpus_count(void);

typedef enum cpus_share {
    CPUS_UNKNOWN, /* sets are unknown, or overlap without being the same */
    CPUS_SHORT,   /* fewer CPUs than threads */
    CPUS_ENOUGH,  /* a CPU for each thread, but which is the system's choice */
    CPUS_OWN,     /* a CPU for each thread, and this one */
} cpus_share;

/*
 * How `processes` processes of one machine, with the sets all[0..processes-1] and `threads` threads each, share its
 * CPUs; pure. Processes with the same set divide it in order. Threads get CPUs of their own only where the set is a
 * part of the machine (`online` CPUs), so that somebody has set it aside: on a whole machine others may run, and a
 * thread that cannot move away from them holds up all the rest. For process `own`: its threads' CPUs into
 * out[0..threads-1] (CPUS_OWN only), and how many CPUs its whole group has and wants.
 */
cpus_share cpus_divide(int *out, int *have, int *want, const cpu_set_t *all, int processes, int own, int threads,
                       int online);

#endif
