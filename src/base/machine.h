#ifndef LOCKSTEP_BASE_MACHINE_H
#define LOCKSTEP_BASE_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* What the system says of itself and of this process. */

/* The processor's name, "AMD EPYC 7763 64-Core Processor"; "unknown" where the system does not say. */
void machine_processor(char *out, size_t size);

/* The most memory, in bytes, that was resident for this process at one time; 0 where the system does not say. */
double machine_peak_resident(void);

/* Bytes of address space that are mapped for this process; 0 where the system does not say. root: as below. */
uint64_t machine_mapped(const char *root);

/* This machine's name, cut off where it does not fit; "host" where the system does not say. */
void machine_host(char *out, size_t size);

/* An amount of memory that several processes have to share, in bytes. */
enum { MACHINE_LIMITS = 16, MACHINE_NAME_SIZE = 160 };
typedef struct machine_limit {
    char name[MACHINE_NAME_SIZE]; /* "this machine", "the cgroup /slurm/uid_0/job_3" */
    uint64_t id;                  /* processes of a machine for which it is equal share this one; 0: the machine's */
    uint64_t bytes;     /* all that they may have, with the swap space they may use; beyond it they are killed */
    uint64_t available; /* what is left of it now in memory proper, counting what is only cached as left */
} machine_limit;

typedef struct machine_memory {
    machine_limit limits[MACHINE_LIMITS]; /* the machine; `ulimit -v`; this process' cgroup and those it is in */
    size_t count;                         /* 0: the system does not say */
} machine_memory;

/*
 * What memory this process has: the machine's (/proc/meminfo), its own address space (`ulimit -v`), and the limits of
 * its cgroups of version 2 (memory.max) and 1 (memory.limit_in_bytes) from its own up to the outermost that can be
 * seen; a batch system's limits for a job and a step are such. root: "" for this system, or a folder that holds a proc
 * and a sys of its own, for tests.
 */
void machine_memory_of(machine_memory *out, const char *root);

#endif
