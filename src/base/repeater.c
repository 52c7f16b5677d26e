#include "base/repeater.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"

struct repeater {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool over;
    void (*turn)(void *context);
    void *context; /* not owned */
    double seconds;
};

static void *repeat(void *context)
{
    repeater *r = context;
    pthread_mutex_lock(&r->lock);
    while (!r->over) {
        r->turn(r->context);
        clock_condition_wait(&r->change, &r->lock, r->seconds);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static void release(repeater *r)
{
    (void)pthread_cond_destroy(&r->change);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

int repeater_start(repeater **out, void (*turn)(void *context), void *context, double seconds, const char *purpose)
{
    *out = NULL;
    repeater *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return error_set(LS_ENOMEM, "out of memory for %s", purpose);
    }
    r->turn = turn;
    r->context = context;
    r->seconds = seconds;
    (void)pthread_mutex_init(&r->lock, NULL);
    clock_condition_init(&r->change);
    const int code = thread_start(&r->thread, repeat, r, purpose);
    if (code != LS_OK) {
        release(r);
        return code;
    }
    *out = r;
    return LS_OK;
}

void repeater_stop(repeater *r)
{
    if (r == NULL) {
        return;
    }
    pthread_mutex_lock(&r->lock);
    r->over = true;
    pthread_cond_signal(&r->change);
    pthread_mutex_unlock(&r->lock);
    (void)pthread_join(r->thread, NULL);
    release(r);
}
