#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"

typedef struct helper {
    pool *owner;
    pthread_t thread;
    int number;
} helper;

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t start; /* a new round, or stop */
    pthread_cond_t done;  /* the last helper of a round is through */
    helper *helpers;      /* owned; threads - 1 of them */
    int threads;
    int started; /* helpers really running */
    int busy;    /* helpers still in this round */
    unsigned long round;
    int stop;
    pool_work work;
    void *context;
    size_t count;
    atomic_size_t next;
};

static void take_pieces(pool *p, int thread)
{
    for (;;) {
        const size_t index = atomic_fetch_add(&p->next, 1);
        if (index >= p->count) {
            return;
        }
        p->work(p->context, index, thread);
    }
}

static void *helper_main(void *argument)
{
    const helper *self = argument;
    pool *p = self->owner;
    unsigned long seen = 0;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->round == seen && !p->stop) {
            pthread_cond_wait(&p->start, &p->lock);
        }
        if (p->stop) {
            break;
        }
        seen = p->round;
        pthread_mutex_unlock(&p->lock);
        take_pieces(p, self->number);
        pthread_mutex_lock(&p->lock);
        if (--p->busy == 0) {
            pthread_cond_signal(&p->done);
        }
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
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
    pthread_cond_init(&p->done, NULL);
    p->helpers = calloc((size_t)threads, sizeof *p->helpers);
    if (p->helpers == NULL) {
        pool_free(p);
        return error_set(LS_ENOMEM, "out of memory for the thread pool");
    }
    for (int i = 1; i < threads; i++) {
        helper *h = &p->helpers[i - 1];
        *h = (helper){.owner = p, .number = i};
        if (pthread_create(&h->thread, NULL, helper_main, h) != 0) {
            pool_free(p);
            return error_set(LS_ERROR, "cannot start compute thread %d of %d; lower `threads`", i + 1, threads);
        }
        p->started++;
    }
    *out = p;
    return LS_OK;
}

void pool_run(pool *p, pool_work work, void *context, size_t count)
{
    if (p->started == 0 || count <= 1) {
        for (size_t i = 0; i < count; i++) {
            work(context, i, 0);
        }
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->work = work;
    p->context = context;
    p->count = count;
    atomic_store(&p->next, 0);
    p->busy = p->started;
    p->round++;
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    take_pieces(p, 0);
    pthread_mutex_lock(&p->lock);
    while (p->busy > 0) {
        pthread_cond_wait(&p->done, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
}

int pool_threads(const pool *p)
{
    return p->threads;
}

void pool_free(pool *p)
{
    if (p == NULL) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->stop = 1;
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++) {
        pthread_join(p->helpers[i].thread, NULL);
    }
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->start);
    pthread_mutex_destroy(&p->lock);
    free(p->helpers);
    free(p);
}
