#include "data/ahead.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "base/thread.h"
#include "base/watch.h"
#include "data/order_window.h"

enum { SLOTS = 2 };

/* What is read for some steps. Its span is the thread's own until it is published. */
typedef struct slot {
    span span;
    size_t number;      /* of the steps number * ahead.length and so on */
    size_t ready, left; /* samples that are read; uses of samples that are still to come */
    bool published;     /* and not yet used up */
} slot;

struct ahead {
    span_options options;
    size_t length, steps; /* of a span, of an epoch */
    order order;          /* the thread's */
    pthread_t thread;
    bool started;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    slot slots[SLOTS];
    uint64_t epoch;
    size_t first; /* step of the epoch at which it was started */
    size_t next;  /* number of the span to be read next */
    bool running, busy, stop;
};

size_t ahead_memory(const span_options *o)
{
    const size_t each = dataset_bytes(o->data) / dataset_samples(o->data) + 1;
    const size_t most = span_most(o, order_window_steps(o->samples, &o->order));
    size_t bytes = 0;
    return size_mul(&bytes, SLOTS * (most < o->samples ? most : o->samples), each + sizeof(void *)) == 0 ? bytes : 0;
}

/* Of a slot that is not published, what it is to hold. */
static void list_samples(ahead *a, slot *s, size_t number)
{
    const size_t begin = number * a->length;
    const size_t end = a->steps - begin < a->length ? a->steps : begin + a->length;
    span_list(&s->span, &a->options, &a->order, a->epoch, begin > a->first ? begin : a->first, end);
    s->number = number;
    s->ready = 0;
    s->left = s->span.uses;
}

/* Called and left with the lock held; let go meanwhile. Without memory nothing is there to be taken. */
static void fill_slot(ahead *a, slot *s)
{
    a->busy = true;
    const size_t number = a->next++;
    pthread_mutex_unlock(&a->lock);
    list_samples(a, s, number);
    const bool room = span_make_room(&s->span, &a->options);
    uint8_t *to = s->span.bytes;
    pthread_mutex_lock(&a->lock);
    s->published = s->left > 0;
    while (a->running && s->ready < s->span.count) {
        pthread_mutex_unlock(&a->lock);
        const size_t end = span_piece(&s->span, &a->options, s->ready);
        if (room) {
            to = span_read(&s->span, &a->options, s->ready, end, to);
        } else {
            memset(s->span.places + s->ready, 0, (end - s->ready) * sizeof *s->span.places);
        }
        watch_beat(); /* a window takes long, but it comes */
        pthread_mutex_lock(&a->lock);
        s->ready = end;
        pthread_cond_broadcast(&a->changed);
    }
    a->busy = false;
    pthread_cond_broadcast(&a->changed);
}

static void *work(void *context)
{
    ahead *a = context;
    pthread_mutex_lock(&a->lock);
    while (!a->stop) {
        slot *s = &a->slots[a->next % SLOTS];
        if (a->running && !s->published && a->next * a->length < a->steps) {
            fill_slot(a, s);
        } else {
            pthread_cond_wait(&a->changed, &a->lock);
        }
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

static int allocate(ahead *a)
{
    const span_options *o = &a->options;
    int code = order_init(&a->order, o->samples, o->order.seed, true);
    if (code == LS_OK) {
        code = order_narrow(&a->order, &o->order);
    }
    for (int i = 0; code == LS_OK && i < SLOTS; i++) {
        code = span_create(&a->slots[i].span, span_most(o, a->length));
    }
    return code;
}

int ahead_create(ahead **out, const span_options *options)
{
    *out = NULL;
    ahead *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return error_set(LS_ENOMEM, "data: no memory to read ahead");
    }
    (void)pthread_mutex_init(&a->lock, NULL);
    (void)pthread_cond_init(&a->changed, NULL);
    a->options = *options;
    a->length = order_window_steps(options->samples, &options->order);
    a->steps = order_steps(options->samples, options->order.batch, options->order.steps_per_epoch);
    int code = allocate(a);
    if (code == LS_OK) {
        code = thread_start(&a->thread, work, a, "reading pictures");
        a->started = code == LS_OK;
    }
    if (code != LS_OK) {
        ahead_free(a);
        return code;
    }
    *out = a;
    return LS_OK;
}

void ahead_stop(ahead *a)
{
    pthread_mutex_lock(&a->lock);
    a->running = false;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
}

void ahead_start(ahead *a, uint64_t epoch, size_t first_step)
{
    pthread_mutex_lock(&a->lock);
    a->running = false;
    while (a->busy) {
        pthread_cond_wait(&a->changed, &a->lock);
    }
    for (int i = 0; i < SLOTS; i++) {
        a->slots[i].published = false;
    }
    a->epoch = epoch;
    a->first = first_step;
    a->next = first_step / a->length;
    a->running = true;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
}

const uint8_t *ahead_take(ahead *a, size_t step, uint32_t index)
{
    const size_t number = step / a->length;
    const uint8_t *bytes = NULL;
    pthread_mutex_lock(&a->lock);
    const slot *s = &a->slots[number % SLOTS];
    while (a->running && !(s->published && s->number == number)) {
        pthread_cond_wait(&a->changed, &a->lock);
    }
    if (a->running) {
        const size_t place = span_find(&s->span, index);
        while (a->running && place < s->span.count && place >= s->ready) {
            pthread_cond_wait(&a->changed, &a->lock);
        }
        bytes = place < s->ready ? s->span.places[place] : NULL;
    }
    pthread_mutex_unlock(&a->lock);
    return bytes;
}

void ahead_done(ahead *a, size_t step)
{
    pthread_mutex_lock(&a->lock);
    slot *s = &a->slots[step / a->length % SLOTS];
    if (s->published && s->number == step / a->length && --s->left == 0) {
        s->published = false;
        pthread_cond_broadcast(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
}

void ahead_free(ahead *a)
{
    if (a == NULL) {
        return;
    }
    pthread_mutex_lock(&a->lock);
    a->stop = true;
    a->running = false;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    if (a->started) {
        (void)pthread_join(a->thread, NULL);
    }
    for (int i = 0; i < SLOTS; i++) {
        span_release(&a->slots[i].span);
    }
    order_release(&a->order);
    (void)pthread_cond_destroy(&a->changed);
    (void)pthread_mutex_destroy(&a->lock);
    free(a);
}
