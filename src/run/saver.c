#include "run/saver.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "base/trace.h"
#include "base/watch.h"
#include "io/h5.h"
#include "store/checkpoint_name.h"

struct saver {
    saver_options options;
    state copy;           /* owned */
    checkpoint_info info; /* of the copy */
    pthread_t thread;
    bool running;     /* the thread */
    trace_lane *lane; /* not owned */

    pthread_mutex_t lock; /* guards what follows; the copy belongs to the thread while pending */
    pthread_cond_t changed;
    bool pending, stop;
    double started;
    saver_cost cost;
    saved_error failure; /* of a write, not yet reported */
};

uint64_t saver_room(const state *s)
{
    enum { AROUND = 2 << 20 }; /* HDF5's own, configuration and class names */
    return 2 * state_memory_like(s) + AROUND;
}

/*
 * What is more than is to be kept goes first, so that a full disk can be got out of by keeping less; the newest stays
 * until the new one is in its place and has been read back.
 */
static int write_copy(const saver *s)
{
    char path[CHECKPOINT_PATH_SIZE];
    const saver_options *o = &s->options;
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < SAVER_LOGS && o->logs[i] != NULL; i++) {
        code = h5_sync(o->logs[i]);
    }
    if (code == LS_OK) {
        code = checkpoint_path(path, sizeof path, o->run_dir, s->copy.step);
    }
    if (code == LS_OK) {
        code = run_folder_prune(o->folder, o->keep, o->keep_best);
    }
    if (code == LS_OK) {
        code = run_folder_make_way(o->folder, s->copy.step);
    }
    if (code == LS_OK) {
        code = checkpoint_write(path, &s->copy, &s->info);
    }
    if (code == LS_OK) {
        code = run_folder_add(o->folder, s->copy.step);
    }
    if (code == LS_OK) {
        code = run_folder_prune(o->folder, o->keep, o->keep_best);
    }
    return run_folder_explain_room(o->run_dir, code, saver_room(&s->copy), o->keep);
}

static double processor_seconds(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *work(void *context)
{
    static const trace_label writing = {"write checkpoint", "saving", {"after_step"}};
    saver *s = context;
    trace_adopt(s->lane);
    pthread_mutex_lock(&s->lock);
    while (!s->stop || s->pending) {
        if (!s->pending) {
            pthread_cond_wait(&s->changed, &s->lock);
            continue;
        }
        pthread_mutex_unlock(&s->lock);
        trace_begin_of(&writing, (int64_t)s->copy.step);
        const int code = write_copy(s);
        trace_end();
        pthread_mutex_lock(&s->lock);
        const double took = clock_seconds() - s->started;
        s->cost.written += code == LS_OK;
        s->cost.busy = processor_seconds();
        s->cost.longest = took > s->cost.longest ? took : s->cost.longest;
        if (code != LS_OK) {
            error_save(&s->failure, code);
        }
        s->pending = false;
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

int saver_create(saver **out, const saver_options *options)
{
    *out = NULL;
    saver *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return error_set(LS_ENOMEM, "out of memory for saving checkpoints");
    }
    s->options = *options;
    s->lane = trace_add_lane(TRACE_SAVING, 0);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->changed, NULL);
    int code = state_create_like(&s->copy, options->state);
    if (code == LS_OK) {
        code = thread_start(&s->thread, work, s, "writing checkpoints");
        s->running = code == LS_OK;
    }
    if (code != LS_OK) {
        saver_free(s);
        return code;
    }
    *out = s;
    return LS_OK;
}

/* Under the lock: a failure is reported once. */
static int take_code(saver *s)
{
    const int code = error_restore(&s->failure);
    s->failure.code = LS_OK;
    return code;
}

static void wait_idle(saver *s)
{
    const watch_phase before = watch_enter(WATCH_SAVING);
    while (s->pending) {
        pthread_cond_wait(&s->changed, &s->lock);
    }
    (void)watch_enter(before);
}

int saver_start(saver *s, const checkpoint_info *info, const state *st)
{
    const double started = clock_seconds();
    pthread_mutex_lock(&s->lock);
    wait_idle(s);
    const int code = take_code(s);
    if (code == LS_OK) {
        state_copy(&s->copy, st);
        s->info = *info;
        s->started = started;
        s->pending = true;
        pthread_cond_broadcast(&s->changed);
    }
    s->cost.waited += clock_seconds() - started;
    pthread_mutex_unlock(&s->lock);
    return code;
}

int saver_poll(saver *s)
{
    pthread_mutex_lock(&s->lock);
    const int code = take_code(s);
    pthread_mutex_unlock(&s->lock);
    return code;
}

int saver_finish(saver *s)
{
    pthread_mutex_lock(&s->lock);
    wait_idle(s);
    const int code = take_code(s);
    pthread_mutex_unlock(&s->lock);
    return code;
}

saver_cost saver_costs(saver *s)
{
    pthread_mutex_lock(&s->lock);
    const saver_cost cost = s->cost;
    pthread_mutex_unlock(&s->lock);
    return cost;
}

void saver_free(saver *s)
{
    if (s == NULL) {
        return;
    }
    if (s->running) {
        pthread_mutex_lock(&s->lock);
        s->stop = true;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
        (void)pthread_join(s->thread, NULL);
    }
    (void)pthread_cond_destroy(&s->changed);
    (void)pthread_mutex_destroy(&s->lock);
    state_release(&s->copy);
    free(s);
}
