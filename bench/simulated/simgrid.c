/*
 * The simulated world. Compiled with smpicc, together with src/base, and of src/comm what sums and agrees. Left out are
 * comm's threads, which watch whether a job gets on: a simulated one cannot hang for a network's sake.
 */
#include <stdlib.h>

#include "base/error.h"
#include "comm/guard.h"
#include "comm/watchdog.h"
#include "simulated/in_simulation.h"
#include "simulated/simulated.h"

#undef malloc
#undef free
#undef MPI_Init_thread

void simulated_compute(double seconds)
{
    enum { FLOPS = 1000000000 }; /* a second, of each core of the platform */
    smpi_execute_flops(seconds * FLOPS);
}

int simulated_init_thread(int *argc, char ***argv, int required, int *provided)
{
    *provided = required;
    return MPI_Init(argc, argv);
}

/* Ranks of a simulation take turns in one process and share its variables. */
static void *block(void **at, size_t *size, size_t bytes)
{
    if (bytes > *size) {
        void *larger = calloc(1, bytes); /* the smaller one stays: others use it */
        *at = larger != NULL ? larger : *at;
        *size = larger != NULL ? bytes : *size;
    }
    return bytes <= *size ? *at : NULL;
}

void *simulated_shared(size_t bytes, int which)
{
    static void *memory[2];
    static size_t sizes[2];
    return block(&memory[which], &sizes[which], bytes > 0 ? bytes : 1);
}

/* Blocks that are shared; a few, as each is larger than all before it. */
enum { MOST_SHARED = 64 };
static void *shared_blocks[MOST_SHARED];
static int shared_count;

void *large_memory_get(size_t bytes)
{
    static void *memory;
    static size_t size;
    if (bytes < LARGE_MEMORY) {
        return malloc(bytes);
    }
    void *const before = memory;
    void *const got = block(&memory, &size, bytes);
    if (memory != before && shared_count < MOST_SHARED) {
        shared_blocks[shared_count++] = memory;
    }
    return got;
}

void large_memory_free(void *memory)
{
    for (int i = 0; i < shared_count; i++) {
        if (shared_blocks[i] == memory) {
            return;
        }
    }
    free(memory);
}

int guard_begin(guard **out)
{
    *out = NULL;
    return LS_OK;
}

void guard_end(guard *g)
{
    (void)g;
}

int watchdog_start(watchdog **out, comm *c)
{
    (void)c;
    *out = NULL;
    return LS_OK;
}

void watchdog_stop(watchdog *w)
{
    (void)w;
}

void watchdog_set(watchdog *w, const comm_timeouts *t)
{
    (void)w;
    (void)t;
}
