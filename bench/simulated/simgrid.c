/*
 * The simulated world. Compiled with smpicc, together with src/base, and of src/comm what sums and agrees. Left out are
 * comm's threads, which watch whether a job gets on: a simulated one cannot hang for a network's sake.
 */
#include <math.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "comm/guard.h"
#include "comm/watchdog.h"
#include "simulated/in_simulation.h"
#include "simulated/simulated.h"

#undef malloc
#undef free
#undef MPI_Init_thread
#undef MPI_Irecv
#undef MPI_Testall

void simulated_compute(double seconds)
{
    /* Not by SMPI's executing: that looks for itself among all messages that the rank has ever had. */
    const double whole = floor(seconds);
    const struct timespec time = {.tv_sec = (time_t)whole, .tv_nsec = (long)((seconds - whole) * 1e9)};
    (void)nanosleep(&time, NULL);
}

/*
 * What a message costs the receiver, LOCKSTEP_RECEIVE_NS nanoseconds, is paid here. SMPI lets it pass when one arrives
 * that its sender need not wait for (smpi/or), and looks for each of those among all of its kind that are on their way.
 */
int simulated_irecv(void *to, int count, MPI_Datatype type, int from, int tag, MPI_Comm where, MPI_Request *request)
{
    static struct timespec cost;
    if (cost.tv_nsec == 0) {
        const char *const text = getenv("LOCKSTEP_RECEIVE_NS");
        cost.tv_nsec = text != NULL ? strtol(text, NULL, 10) : 0;
    }
    if (cost.tv_nsec > 0) {
        (void)nanosleep(&cost, NULL);
    }
    return MPI_Irecv(to, count, type, from, tag, where, request);
}

int simulated_init_thread(int *argc, char ***argv, int required, int *provided)
{
    *provided = required;
    return MPI_Init(argc, argv);
}

/*
 * SMPI's own asks each request and lets time pass for each. Here time passes once for a call, as that is what it costs
 * MPI, and the first request that is not done ends it.
 */
int simulated_testall(int count, MPI_Request *requests, int *all_done, MPI_Status *statuses)
{
    enum { MICROSECONDS = 1 }; /* of a call that finds something to wait for */
    (void)statuses;
    *all_done = 1;
    for (int i = 0; i < count && *all_done; i++) {
        if (requests[i] != MPI_REQUEST_NULL) {
            const int rc = MPI_Test(&requests[i], all_done, MPI_STATUS_IGNORE);
            if (rc != MPI_SUCCESS) {
                return rc;
            }
        }
    }
    if (!*all_done) {
        (void)usleep(MICROSECONDS);
    }
    return MPI_SUCCESS;
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
