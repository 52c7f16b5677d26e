#ifndef LOCKSTEP_BASE_POOL_H
#define LOCKSTEP_BASE_POOL_H

#include <stddef.h>

/*
 * Threads that share out numbered pieces of work (shards). The caller takes part. Which thread takes which piece is
 * left to chance, so a piece must write only to places of its own: results then never depend on the threads.
 *
 * All of them flush subnormal numbers to zero (base/fpu.h): the helpers always, the thread that creates the pool until
 * it frees it, also between two calls of pool_run, and whoever calls pool_run within it. It is set here, as nobody can
 * compute without a pool: model_create wants one. What the thread of a pool does by itself is covered as well: sums
 * over ranks, BatchNorm's constants, the update, figures of an epoch.
 */
typedef struct pool pool;

/* One piece: index in [0, count), thread in [0, threads). */
typedef void (*pool_work)(void *context, size_t index, int thread);

/*
 * Start threads - 1 helpers. Returns 0 or a negative code; *out is owned by the caller, which frees it in the thread
 * that created it. Pools of one thread may overlap.
 */
int pool_create(pool **out, int threads);

/*
 * Each thread has a CPU to itself, so that those who wait for work, or for its end, may stay awake for a moment: a step
 * hands out work hundreds of times, a fraction of a millisecond apart. cpus: [threads] the CPUs to bind the threads to,
 * the calling thread, which must be the one that calls pool_run, to the first of them until pool_free; NULL: the system
 * places them. Threads that are started later by the caller inherit its binding. Not between pool_run and its return.
 */
void pool_settle(pool *p, const int *cpus);

/* Do work for indices 0..count-1, fewer than 2^32, and return when all are done. Not reentrant. */
void pool_run(pool *p, pool_work work, void *context, size_t count);

/*
 * As pool_run, but each call begins with the piece with which the call before it ended: what was written last is still
 * in the cache when the next layer reads it.
 */
void pool_sweep(pool *p, pool_work work, void *context, size_t count);

/* Number of threads, the caller included. */
int pool_threads(const pool *p);

/* Stop and join the helpers; NULL is fine. */
void pool_free(pool *p);

#endif
