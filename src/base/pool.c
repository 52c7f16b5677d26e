#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/cpus.h"
#include "base/error.h"
#include "base/fpu.h"
#include "base/trace.h"
#include "base/watch.h"

/* How long a settled thread stays awake: longer than most pauses within a step, nothing beside a time slice. */
static const double AWAKE_SECONDS = 50e-6;

typedef struct helper {
    pool *owner;
    pthread_t thread;
    int number;
    trace_lane *lane; /* not owned */
} helper;

/*
 * A round is one pool_run. `ticket` holds its number and how many pieces nobody has taken; taking one is a
 * compare-and-swap, so a helper that comes late to a round finds nothing to take, and nobody waits for it. The fields
 * of a round are set before its ticket and stay until all taken pieces are done. The lock is for falling asleep only:
 * who is about to sleep says so, then looks once more; who hands out work looks whether somebody sleeps.
 */
struct pool {
    helper *helpers; /* owned; threads - 1 of them */
    int threads;
    int started; /* helpers really running */
    int bound;   /* the caller is, and was allowed `before` */
    cpu_set_t before;
    atomic_int settled;

    pool_work work; /* of the round */
    void *context;
    size_t count;
    const trace_slice *caller; /* what its pieces are a part of */
    int backward;              /* the last piece first */
    _Atomic uint64_t ticket;   /* round << 32 | pieces left */
    atomic_size_t done;        /* pieces */
    int swept_forward;         /* the last pool_sweep went from the first piece to the last */

    atomic_int stop;
    atomic_int asleep;  /* helpers */
    atomic_int waiting; /* the caller sleeps */
    pthread_mutex_t lock;
    pthread_cond_t start; /* a new round, or stop */
    pthread_cond_t end;   /* the last piece of a round is done */
};

static uint64_t pieces_left(uint64_t ticket)
{
    return ticket & UINT32_MAX;
}

static void finish_piece(pool *p, size_t count)
{
    if (atomic_fetch_add(&p->done, 1) + 1 == count && atomic_load(&p->waiting)) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_signal(&p->end);
        pthread_mutex_unlock(&p->lock);
    }
}

static void do_piece(pool *p, size_t nth, int thread)
{
    p->work(p->context, p->backward ? p->count - 1 - nth : nth, thread);
    if (thread == 0) {
        watch_beat();
    }
}

/* What a helper does of a round is a slice: from its first piece until it takes none of that round any more. */
typedef struct share {
    bool open;
    uint64_t round;
} share;

static void leave_share(share *s)
{
    if (s->open) {
        trace_end();
    }
    s->open = false;
}

static void enter_share(share *s, const pool *p, uint64_t round)
{
    if (!s->open || s->round != round) {
        leave_share(s);
        trace_begin_as(p->caller);
        *s = (share){true, round};
    }
}

static void take_pieces(pool *p, int thread)
{
    share own = {0};
    uint64_t ticket = atomic_load(&p->ticket);
    while (pieces_left(ticket) > 0) {
        if (atomic_compare_exchange_weak(&p->ticket, &ticket, ticket - 1)) {
            const size_t count = p->count;
            if (thread > 0) {
                enter_share(&own, p, ticket >> 32);
            }
            do_piece(p, count - pieces_left(ticket), thread);
            finish_piece(p, count);
            ticket = atomic_load(&p->ticket);
        }
    }
    leave_share(&own);
}

static int has_work(pool *p)
{
    return pieces_left(atomic_load(&p->ticket)) > 0 || atomic_load(&p->stop);
}

static int all_done(pool *p)
{
    return atomic_load(&p->done) == p->count;
}

/* Tell the CPU that this is a loop that waits. */
static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Look for a while, if threads may stay awake. Returns whether it has come true. */
static int watch(pool *p, int (*come)(pool *p))
{
    enum { LOOKS = 64 };
    const double end = atomic_load(&p->settled) ? clock_seconds() + AWAKE_SECONDS : 0;
    do {
        for (int i = 0; i < LOOKS; i++) {
            if (come(p)) {
                return 1;
            }
            relax();
        }
    } while (end > 0 && clock_seconds() < end);
    return 0;
}

static void sleep_until_work(pool *p)
{
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->asleep, 1);
    while (!has_work(p)) {
        pthread_cond_wait(&p->start, &p->lock);
    }
    atomic_fetch_sub(&p->asleep, 1);
    pthread_mutex_unlock(&p->lock);
}

static void sleep_until_done(pool *p)
{
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->waiting, 1);
    while (!all_done(p)) {
        pthread_cond_wait(&p->end, &p->lock);
    }
    atomic_store(&p->waiting, 0);
    pthread_mutex_unlock(&p->lock);
}

/* Best effort, as all binding here: a refusal changes nothing but speed. */
static void bind_to(pthread_t thread, int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)pthread_setaffinity_np(thread, sizeof set, &set);
}

static void *helper_main(void *argument)
{
    const helper *self = argument;
    pool *p = self->owner;
    fpu_flush_begin(); /* whatever the thread that created this one does */
    trace_adopt(self->lane);
    while (!atomic_load(&p->stop)) {
        if (!watch(p, has_work)) {
            sleep_until_work(p);
        }
        take_pieces(p, self->number);
    }
    return NULL;
}

static void wake_helpers(pool *p)
{
    if (atomic_load(&p->asleep) > 0) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_broadcast(&p->start);
        pthread_mutex_unlock(&p->lock);
    }
}

/* Stop and join what runs, and free. */
static void release(pool *p)
{
    atomic_store(&p->stop, 1);
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++) {
        pthread_join(p->helpers[i].thread, NULL);
    }
    if (p->bound) {
        (void)pthread_setaffinity_np(pthread_self(), sizeof p->before, &p->before);
    }
    pthread_cond_destroy(&p->end);
    pthread_cond_destroy(&p->start);
    pthread_mutex_destroy(&p->lock);
    free(p->helpers);
    free(p);
}

int pool_create(pool **out, int threads)
{
    *out = NULL;
    pool *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the thread pool");
    }
    p->threads = threads;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->start, NULL);
    pthread_cond_init(&p->end, NULL);
    p->helpers = calloc((size_t)threads, sizeof *p->helpers);
    if (p->helpers == NULL) {
        release(p);
        return error_set(LS_ENOMEM, "out of memory for the thread pool");
    }
    for (int i = 1; i < threads; i++) {
        helper *h = &p->helpers[i - 1];
        *h = (helper){.owner = p, .number = i, .lane = trace_add_lane(TRACE_COMPUTING, i)};
        if (pthread_create(&h->thread, NULL, helper_main, h) != 0) {
            release(p);
            return error_set(LS_ERROR, "cannot start compute thread %d of %d; lower `threads`", i + 1, threads);
        }
        p->started++;
    }
    fpu_flush_begin(); /* to pool_free */
    *out = p;
    return LS_OK;
}

void pool_settle(pool *p, const int *cpus)
{
    if (cpus != NULL) {
        if (!p->bound) {
            cpus_allowed(&p->before);
            p->bound = 1;
        }
        bind_to(pthread_self(), cpus[0]);
        for (int i = 0; i < p->started; i++) {
            bind_to(p->helpers[i].thread, cpus[i + 1]);
        }
    }
    atomic_store(&p->settled, 1);
}

static void wait_until_done(pool *p)
{
    static const trace_label waiting = {"wait for threads", "waiting", {NULL}};
    if (all_done(p)) {
        return;
    }
    trace_begin(&waiting);
    if (!watch(p, all_done)) {
        sleep_until_done(p);
    }
    trace_end();
}

static void share_out(pool *p, pool_work work, void *context, size_t count, int backward)
{
    p->work = work;
    p->context = context;
    p->count = count;
    p->caller = trace_innermost();
    p->backward = backward;
    if (p->started == 0 || count <= 1) {
        for (size_t i = 0; i < count; i++) {
            do_piece(p, i, 0);
        }
        return;
    }
    atomic_store(&p->done, 0);
    const uint64_t round = (atomic_load(&p->ticket) >> 32) + 1;
    atomic_store(&p->ticket, round << 32 | count);
    wake_helpers(p);
    take_pieces(p, 0);
    wait_until_done(p);
}

/* Whatever the caller's code has done between two rounds, its pieces are computed as the helpers' are. */
static void run_round(pool *p, pool_work work, void *context, size_t count, int backward)
{
    fpu_flush_begin();
    share_out(p, work, context, count, backward);
    fpu_flush_end();
}

void pool_run(pool *p, pool_work work, void *context, size_t count)
{
    run_round(p, work, context, count, 0);
}

void pool_sweep(pool *p, pool_work work, void *context, size_t count)
{
    run_round(p, work, context, count, p->swept_forward);
    p->swept_forward = !p->swept_forward;
}

int pool_threads(const pool *p)
{
    return p->threads;
}

void pool_free(pool *p)
{
    if (p != NULL) {
        release(p);
        fpu_flush_end();
    }
}
