#include "comm/watchdog.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/thread.h"
#include "comm/comm_private.h"
#include "comm/watchdog_private.h"

static const double USUAL_INTERVAL = 1, SHORTEST_INTERVAL = 0.1, INTERVALS_IN_A_STALL = 8;
static const double REPORTS_A_SECOND = 1024; /* cost rank 0 a few thousandths of a CPU */

comm_timeouts watchdog_timeouts(const watchdog *w)
{
    return (comm_timeouts){(double)atomic_load_explicit(&w->stall_ms, memory_order_relaxed) / 1000,
                           (double)atomic_load_explicit(&w->abort_ms, memory_order_relaxed) / 1000};
}

void watchdog_set(watchdog *w, const comm_timeouts *t)
{
    atomic_store_explicit(&w->stall_ms, (uint64_t)(t->stall * 1000), memory_order_relaxed);
    atomic_store_explicit(&w->abort_ms, (uint64_t)(t->abort * 1000), memory_order_relaxed);
}

double watchdog_interval(const comm_timeouts *t, int ranks)
{
    const double spread = (double)ranks / REPORTS_A_SECOND;
    double wanted = spread > USUAL_INTERVAL ? spread : USUAL_INTERVAL;
    const double limits[] = {t->stall, t->abort};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        if (limits[i] > 0 && limits[i] / INTERVALS_IN_A_STALL < wanted) {
            wanted = limits[i] / INTERVALS_IN_A_STALL;
        }
    }
    return wanted > SHORTEST_INTERVAL ? wanted : SHORTEST_INTERVAL;
}

static void note_own_progress(watchdog *w)
{
    const uint64_t beats = watch_read().beats;
    if (beats != w->beats) {
        w->beats = beats;
        w->progressed = w->now;
        w->latest = w->now;
    }
}

double watchdog_turn(watchdog *w, double now)
{
    const comm_timeouts t = watchdog_timeouts(w);
    const double interval = watchdog_interval(&t, w->size);
    w->now = clock_turn(&w->clock, now);
    watchdog_receive(w);
    if (w->now >= w->due) {
        note_own_progress(w);
        watchdog_send(w);
        watchdog_check(w);
        watchdog_tell(w);
        w->due = w->now + interval;
    }
    return interval < CLOCK_TURN / 2 ? interval : CLOCK_TURN / 2;
}

/* The first turn comes at once, so that a rank is known from the start. */
static void *watch(void *context)
{
    watchdog *w = context;
    struct pollfd events[2] = {{.fd = w->wake[0], .events = POLLIN}, {.fd = w->socket, .events = POLLIN}};
    double pause = 0;
    for (;;) {
        (void)poll(events, 2, (int)(pause * 1000));
        if (events[0].revents != 0) {
            return NULL;
        }
        pause = watchdog_turn(w, clock_seconds());
    }
}

/* What this rank needs for itself. A job whose ranks have no sockets is watched by each rank alone. */
static int prepare(watchdog *w, const comm *c)
{
    const size_t peers = c->rank == 0 ? (size_t)c->size : 1;
    const comm_timeouts usual = COMM_TIMEOUTS_DEFAULT;
    w->rank = c->rank;
    w->size = c->size;
    interfaces_advice(w->advice, sizeof w->advice);
    w->name.pid = (long)getpid();
    (void)snprintf(w->name.host, sizeof w->name.host, "%.*s", WATCHDOG_HOST_SIZE - 1, c->host);
    watchdog_set(w, &usual);
    w->peers = calloc(peers, sizeof *w->peers);
    w->table = calloc(peers, sizeof *w->table);
    w->paces = calloc(peers, sizeof *w->paces);
    if (w->peers == NULL || w->table == NULL || w->paces == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the watchdog");
    }
    w->peers[0].name = w->name; /* elsewhere than on rank 0 it gets rank 0's */
    if (pipe2(w->wake, O_CLOEXEC) != 0) {
        w->wake[0] = w->wake[1] = -1;
        return error_set(LS_ERROR, "the watchdog gets no pipe: %m");
    }
    w->socket = c->size > 1 ? post_open() : -1;
    return LS_OK;
}

/* Rank 0 learns everybody's name; all learn its, and where it listens. */
static int introduce(watchdog *w, comm *c)
{
    void *all = NULL;
    if (w->rank == 0) {
        post_describe(&w->place, w->socket);
    }
    int code = comm_broadcast(c, &w->place, sizeof w->place);
    if (code == LS_OK) {
        code = comm_broadcast(c, &w->peers[0].name, sizeof w->peers[0].name);
    }
    if (code == LS_OK) {
        code = comm_gather(c, &w->name, sizeof w->name, &all);
    }
    const watchdog_name *names = all;
    for (int r = 1; code == LS_OK && names != NULL && r < w->size; r++) {
        w->peers[r].name = names[r];
    }
    free(all);
    return code;
}

static void release(watchdog *w)
{
    if (w == NULL) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (w->wake[i] >= 0) {
            (void)close(w->wake[i]);
        }
    }
    if (w->socket >= 0) {
        (void)close(w->socket);
    }
    free(w->paces);
    free(w->table);
    free(w->peers);
    free(w);
}

static int create(watchdog **out, const comm *c)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the watchdog");
    }
    (*out)->socket = (*out)->wake[0] = (*out)->wake[1] = -1;
    return prepare(*out, c);
}

int watchdog_start(watchdog **out, comm *c)
{
    watchdog *w = NULL;
    int started = 0;
    *out = NULL;
    int code = comm_agree(c, create(&w, c));
    if (code == LS_OK && w != NULL && c->size > 1) { /* the second is in the first, which clang-tidy cannot see */
        watch_count_spent();                         /* the calling thread is the one that trains */
        code = introduce(w, c);
    }
    if (code == LS_OK && w != NULL) {
        code = thread_start(&w->thread, watch, w, "the watchdog");
        started = code == LS_OK;
        code = comm_agree(c, code);
    }
    if (code == LS_OK) {
        *out = w;
    } else if (started) {
        watchdog_stop(w);
    } else {
        release(w);
    }
    return code;
}

int watchdog_standing(watchdog *w, comm_standing *out)
{
    return snapshot_read(&w->standing, out, sizeof *out);
}

void watchdog_stop(watchdog *w)
{
    if (w == NULL) {
        return;
    }
    const char stop = 0;
    if (write(w->wake[1], &stop, 1) == 1) {
        (void)pthread_join(w->thread, NULL);
        release(w);
    }
}
