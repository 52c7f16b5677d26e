#include "data/loader.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpus.h"
#include "base/error.h"
#include "base/fpu.h"
#include "base/thread.h"
#include "base/trace.h"
#include "base/watch.h"
#include "data/ahead.h"
#include "data/augment.h"
#include "data/order.h"
#include "data/ring.h"
#include "data/sample.h"

enum { DEFAULT_AHEAD = 3, MAX_DEFAULT_THREADS = 4 };

typedef struct loader_thread {
    struct loader *owner;
    pthread_t thread;
    trace_lane *lane; /* not owned */
} loader_thread;

/*
 * Threads take samples in order of position: (work_step, work_sample) is the next. Step s lives in slots[s % ahead];
 * steps in [released, released + ahead) may be worked on, step next - 1 is with the caller while `in_use`. All fields
 * below `lock` are guarded by it; what a slot points to is written by the thread that took the sample.
 */
struct loader {
    loader_options options;
    size_t split_samples;
    size_t steps;
    resolution most;         /* that there is room for */
    const uint32_t *indices; /* of the split; not owned */
    ring_slot *slots;
    loader_thread *threads;
    int thread_count; /* started */
    ahead *reader;    /* owned; NULL: each picture is read when it is wanted */

    pthread_mutex_t lock;
    pthread_cond_t work;  /* there may be something to take, or it is time to stop */
    pthread_cond_t ready; /* a sample is finished */
    order order;
    uint64_t epoch;
    size_t first; /* step that the epoch was started at */
    size_t work_step, work_sample;
    size_t released;
    size_t next;
    size_t busy;   /* threads at work on a sample */
    double waited; /* seconds, by who asked for batches */
    loader_work worked;
    bool in_use, running, stop;
};

static ring_slot *slot_of(loader *l, size_t step)
{
    return &l->slots[step % l->options.ahead];
}

/* Under the lock: whether there is a sample to take; prepares slots on its way and passes those without samples. */
static bool find_work(loader *l)
{
    while (l->running && l->work_step < l->steps && l->work_step < l->released + l->options.ahead) {
        ring_slot *p = slot_of(l, l->work_step);
        if (l->work_sample == 0) {
            ring_prepare(p, &l->options, l->split_samples, l->work_step);
        }
        if (l->work_sample < p->wanted) {
            return true;
        }
        if (p->wanted == 0) {
            pthread_cond_broadcast(&l->ready);
        }
        l->work_step++;
        l->work_sample = 0;
    }
    return false;
}

/* How many samples from number i of a part on lie one after the other in the file; 1 where the order is drawn. */
static size_t run_from(const loader *l, const ring_slot *p, size_t i, uint64_t position)
{
    size_t run = 1;
    if (l->options.order.shuffle || l->options.input.augmentation.repeats > 1) {
        return run;
    }
    const size_t place = (size_t)(position % l->split_samples);
    while (i + run < p->range.samples && place + run < l->split_samples &&
           l->indices[place + run] == l->indices[place] + run) {
        run++;
    }
    return run;
}

/* Under the lock: what a thread has spent on a sample is the loader's from now on. */
static void count_work(loader *l, sample_space *space)
{
    for (int i = 0; i < LOADER_PARTS; i++) {
        l->worked.seconds[i] += space->spent[i];
        space->spent[i] = 0;
    }
    l->worked.samples++;
}

/* Those of the sample at a place of the split. */
static int take_features(const loader *l, real *to, size_t i, size_t place, uint64_t epoch)
{
    const feature_table *f = l->options.features;
    const size_t variant = (size_t)(epoch % f->variants);
    memcpy(to + i * f->width, f->values + (variant * l->split_samples + place) * f->width, f->width * sizeof *to);
    return LS_OK;
}

/* A sample's picture, whose bytes are read ahead. */
static int make_sample(loader *l, real *to, size_t step, uint32_t index, uint64_t epoch, uint64_t position,
                       sample_space *space)
{
    static const trace_label reading = {"read", "loading", {NULL}};
    const loader_options *o = &l->options;
    const double before = clock_seconds();
    trace_begin(&reading);
    const uint8_t *bytes = ahead_take(l->reader, step, index);
    const bool good = bytes != NULL && dataset_check_bytes(o->data, index, bytes) == LS_OK;
    trace_end();
    space->spent[LOADER_READING] += clock_seconds() - before;
    const int code = good ? sample_make(to, o, index, bytes, dataset_span(o->data, index, 1), epoch, position, space)
                          : sample_load(to, o, index, 1, epoch, position, space);
    ahead_done(l->reader, step);
    return code;
}

/* Called and left with the lock held; let go meanwhile. */
static void work_on_one(loader *l, sample_space *space)
{
    static const trace_label picture = {"picture", "loading", {"batch_of_epoch", "picture"}};
    const loader_options *o = &l->options;
    const size_t step = l->work_step;
    const size_t i = l->work_sample++;
    ring_slot *p = slot_of(l, step);
    const uint64_t epoch = l->epoch;
    const uint64_t position = (uint64_t)step * o->order.batch + ring_place(p, i);
    const uint32_t place = order_sample(&l->order, epoch, position);
    const uint32_t index = l->indices[place];
    const size_t run = run_from(l, p, i, position);
    l->busy++;
    pthread_mutex_unlock(&l->lock);

    p->labels[i] = dataset_label(o->data, index);
    trace_begin_with(&picture, (int64_t)(step + 1), index, 0, 0);
    real *const to = p->images + i * ring_sample(o);
    const int code = o->features != NULL ? take_features(l, p->images, i, place, epoch)
                     : l->reader != NULL ? make_sample(l, to, step, index, epoch, position, space)
                                         : sample_load(to, o, index, run, epoch, position, space);
    trace_end();

    pthread_mutex_lock(&l->lock);
    if (code != LS_OK && (p->failure.code == LS_OK || i < p->failed)) {
        error_save(&p->failure, code);
        p->failed = i;
    }
    p->done++;
    if (p->done == p->wanted && ring_mixes(o)) {
        pthread_mutex_unlock(&l->lock);
        const double since = clock_thread();
        ring_mix(p, o, epoch, step);
        space->spent[LOADER_MAKING] += clock_thread() - since;
        pthread_mutex_lock(&l->lock);
    }
    count_work(l, space);
    p->mixed = p->done == p->wanted;
    l->busy--;
    watch_beat(); /* a large batch takes long, but it comes */
    if (p->mixed || l->busy == 0) {
        pthread_cond_broadcast(&l->ready);
    }
}

static void *work(void *context)
{
    const loader_thread *self = context;
    loader *l = self->owner;
    sample_space space = {0};
    fpu_flush_begin(); /* as predict does, which makes its pictures in a thread that computes */
    trace_adopt(self->lane);
    pthread_mutex_lock(&l->lock);
    while (!l->stop) {
        if (find_work(l)) {
            work_on_one(l, &space);
        } else {
            pthread_cond_wait(&l->work, &l->lock);
        }
    }
    pthread_mutex_unlock(&l->lock);
    sample_space_release(&space);
    return NULL;
}

/* A few of the processors that this process may use: most of them are for computing. */
static int threads_to_start(int asked)
{
    if (asked > 0) {
        return asked;
    }
    const int half = cpus_count() / 2;
    return half < 1 ? 1 : half > MAX_DEFAULT_THREADS ? MAX_DEFAULT_THREADS : half;
}

static int check_options(const loader_options *o)
{
    if (o->data == NULL || o->order.batch == 0 || o->order.shard_size == 0 || o->input.height == 0 ||
        o->input.width == 0 || o->input.height > IMAGE_MAX_SIDE || o->input.width > IMAGE_MAX_SIDE || o->size < 1 ||
        o->rank < 0 || o->rank >= o->size || o->input.loader_threads < 0) {
        return error_set(LS_EUSAGE, "data: impossible batch, shard, picture size, rank or number of loader threads");
    }
    if (o->order.window > 0 && o->order.shuffle &&
        (o->order.sampling == ORDER_BALANCED || o->input.augmentation.repeats > 1)) {
        return error_set(LS_EUSAGE, "data: shuffle_window goes with natural sampling without repeats only");
    }
    if (!(o->input.augment_min_scale >= 0 && o->input.augment_min_scale <= 1)) {
        return error_set(LS_EUSAGE, "data: augment_min_scale must be above 0 and at most 1");
    }
    return LS_OK;
}

static int start_threads(loader *l)
{
    const int count = l->options.features != NULL ? 1 : threads_to_start(l->options.input.loader_threads);
    l->threads = calloc((size_t)count, sizeof *l->threads);
    if (l->threads == NULL) {
        return error_set(LS_ENOMEM, "data: no memory for %d loader threads", count);
    }
    int code = LS_OK;
    while (code == LS_OK && l->thread_count < count) {
        loader_thread *t = &l->threads[l->thread_count];
        const bool traced = l->options.split == DATASET_TRAIN; /* validation is not */
        *t = (loader_thread){.owner = l, .lane = traced ? trace_add_lane(TRACE_LOADING, l->thread_count) : NULL};
        code = thread_start(&t->thread, work, t, "loading pictures");
        l->thread_count += code == LS_OK;
    }
    return l->thread_count > 0 ? LS_OK : code; /* fewer will do */
}

/* Fill in what the caller left open; validation has no chance in it. */
static loader_options settle(const loader_options *options)
{
    loader_options o = *options;
    o.ahead = o.ahead != 0 ? o.ahead : DEFAULT_AHEAD;
    o.input.augment_min_scale = o.input.augment_min_scale > 0 ? o.input.augment_min_scale : AUGMENT_MIN_SCALE;
    if (o.split != DATASET_TRAIN) {
        o.order.shuffle = false;
        o.input.augment = false;
        o.input.augmentation = (augment_options){0};
        o.input.resolution = (resolution_options){0};
        o.order.steps_per_epoch = 0;
    }
    return o;
}

size_t loader_memory(const loader_options *options)
{
    const loader_options o = settle(options);
    return ring_memory(&o);
}

/* Whether the order is shuffled within windows. */
static bool windowed(const loader_options *o)
{
    return o->order.shuffle && o->order.window > 0;
}

/* Whether pictures are read ahead then; *out: how. */
static bool reads_ahead(span_options *out, const loader_options *o)
{
    *out = (span_options){.data = o->data, .order = o->order, .rank = o->rank, .size = o->size, .mixes = ring_mixes(o)};
    out->indices = dataset_indices(o->data, o->split, &out->samples);
    return windowed(o) && o->features == NULL && !dataset_held(o->data) && out->samples > 0;
}

size_t loader_read_ahead(const loader_options *options)
{
    span_options by;
    const loader_options o = settle(options);
    return reads_ahead(&by, &o) ? ahead_memory(&by) : 0;
}

static int start_reader(loader *l)
{
    span_options by;
    return reads_ahead(&by, &l->options) ? ahead_create(&l->reader, &by) : LS_OK;
}

static int make_order(loader *l)
{
    const loader_options *o = &l->options;
    int code = order_init(&l->order, l->split_samples, o->order.seed, o->order.shuffle);
    l->order.repeats = o->input.augmentation.repeats > 1 ? (uint64_t)o->input.augmentation.repeats : 1;
    if (code == LS_OK && windowed(o)) {
        return order_narrow(&l->order, &o->order);
    }
    if (code != LS_OK || !o->order.shuffle || o->order.sampling != ORDER_BALANCED) {
        return code;
    }
    int32_t *labels = malloc(l->split_samples * sizeof *labels);
    if (labels == NULL) {
        return error_set(LS_ENOMEM, "data: no memory for the order of %zu samples", l->split_samples);
    }
    for (size_t i = 0; i < l->split_samples; i++) {
        labels[i] = dataset_label(o->data, l->indices[i]);
    }
    code = order_balance(&l->order, labels, dataset_classes(o->data));
    free(labels);
    return code;
}

int loader_create(loader **out, const loader_options *options)
{
    *out = NULL;
    int code = check_options(options);
    if (code != LS_OK) {
        return code;
    }
    loader *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return error_set(LS_ENOMEM, "data: no memory for a loader");
    }
    (void)pthread_mutex_init(&l->lock, NULL);
    (void)pthread_cond_init(&l->work, NULL);
    (void)pthread_cond_init(&l->ready, NULL);
    l->options = settle(options);
    l->most = ring_most(&l->options);
    l->indices = dataset_indices(options->data, options->split, &l->split_samples);
    l->steps = order_steps(l->split_samples, l->options.order.batch, l->options.order.steps_per_epoch);
    if (l->split_samples == 0 && options->split == DATASET_TRAIN) {
        code = error_set(LS_EUSAGE, "%s: there are no training pictures in it", dataset_path(options->data));
        goto cleanup;
    }
    code = ring_create(&l->slots, &l->options);
    if (code == LS_OK && l->split_samples != 0) {
        code = make_order(l);
    }
    if (code == LS_OK) {
        code = start_reader(l);
    }
    if (code == LS_OK) {
        code = start_threads(l);
    }
    if (code == LS_OK) {
        *out = l;
        l = NULL;
    }
cleanup:
    loader_free(l);
    return code;
}

size_t loader_steps(const loader *l)
{
    return l->steps;
}

size_t loader_samples(const loader *l)
{
    return l->options.order.steps_per_epoch != 0 ? l->steps * l->options.order.batch : l->split_samples;
}

double loader_waited(const loader *l)
{
    return l->waited;
}

int loader_threads(const loader *l)
{
    return l->thread_count;
}

loader_work loader_worked(loader *l)
{
    pthread_mutex_lock(&l->lock);
    const loader_work worked = l->worked;
    pthread_mutex_unlock(&l->lock);
    return worked;
}

/* Under the lock: no thread works on a picture any more. */
static void halt(loader *l)
{
    l->running = false;
    if (l->reader != NULL) {
        ahead_stop(l->reader);
    }
    const watch_phase before = watch_enter(WATCH_PICTURES);
    while (l->busy != 0) {
        pthread_cond_wait(&l->ready, &l->lock);
    }
    (void)watch_enter(before);
}

int loader_resize(loader *l, resolution size)
{
    data_options *input = &l->options.input;
    if (size.height > l->most.height || size.width > l->most.width) {
        return error_set(LS_EUSAGE, "data: pictures of %zux%zu are larger than the loader has room for", size.width,
                         size.height);
    }
    pthread_mutex_lock(&l->lock);
    if (input->height != size.height || input->width != size.width) {
        halt(l);
        input->height = size.height;
        input->width = size.width;
    }
    pthread_mutex_unlock(&l->lock);
    return LS_OK;
}

/* Under the lock: this start was made before, nothing has been handed out, and nothing has failed. */
static bool is_started(const loader *l, uint64_t epoch, size_t first_step)
{
    bool same = l->running && l->epoch == epoch && l->first == first_step && l->next == first_step && !l->in_use;
    for (size_t i = 0; same && i < l->options.ahead; i++) {
        same = !l->slots[i].prepared || l->slots[i].failure.code == LS_OK;
    }
    return same;
}

int loader_start_epoch(loader *l, uint64_t epoch, size_t first_step)
{
    if (first_step > l->steps) {
        return error_set(LS_EUSAGE, "data: an epoch has %zu steps, it cannot start at step %zu", l->steps, first_step);
    }
    pthread_mutex_lock(&l->lock);
    if (is_started(l, epoch, first_step)) {
        pthread_mutex_unlock(&l->lock);
        return LS_OK;
    }
    halt(l);
    for (size_t i = 0; i < l->options.ahead; i++) {
        l->slots[i].prepared = false;
    }
    l->epoch = epoch;
    l->first = l->work_step = l->released = l->next = first_step;
    l->work_sample = 0;
    l->in_use = false;
    l->running = true;
    if (l->reader != NULL) {
        ahead_start(l->reader, epoch, first_step);
    }
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    return LS_OK;
}

static bool is_ready(const ring_slot *p)
{
    return p->prepared && (p->mixed || p->wanted == 0);
}

/* Under the lock: wait until all of a slot's samples are done. */
static void wait_for_samples(loader *l, const ring_slot *p)
{
    static const trace_label waiting = {"wait for pictures", "waiting", {NULL}};
    if (is_ready(p)) {
        return;
    }
    const watch_phase before = watch_enter(WATCH_PICTURES);
    trace_begin(&waiting);
    const double since = clock_seconds();
    while (!is_ready(p)) {
        pthread_cond_wait(&l->ready, &l->lock);
    }
    l->waited += clock_seconds() - since;
    trace_end();
    (void)watch_enter(before);
}

/* Under the lock: wait for step `next` and hand it out. */
static int take_next(loader *l, batch *out)
{
    ring_slot *p = slot_of(l, l->next);
    wait_for_samples(l, p);
    *out =
        (batch){.images = p->images, .labels = p->labels, .others = p->others, .shares = p->shares, .range = p->range};
    if (l->options.features != NULL) {
        out->features = p->images;
        out->images = NULL;
    }
    if (p->failure.code != LS_OK) {
        return error_restore(&p->failure);
    }
    l->in_use = true;
    l->next++;
    return 1;
}

int loader_next(loader *l, batch *out)
{
    int result = 0;
    pthread_mutex_lock(&l->lock);
    if (l->in_use) {
        slot_of(l, l->released)->prepared = false;
        l->released++;
        l->in_use = false;
        pthread_cond_broadcast(&l->work);
    }
    if (!l->running) {
        result = error_set(LS_ERROR, "data: a batch was asked for before an epoch was started");
    } else if (l->next < l->steps) {
        result = take_next(l, out);
    }
    pthread_mutex_unlock(&l->lock);
    return result;
}

void loader_free(loader *l)
{
    if (l == NULL) {
        return;
    }
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    if (l->reader != NULL) {
        ahead_stop(l->reader);
    }
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < l->thread_count; i++) {
        (void)pthread_join(l->threads[i].thread, NULL);
    }
    ring_free(l->slots, &l->options);
    free(l->threads);
    ahead_free(l->reader);
    order_release(&l->order);
    (void)pthread_cond_destroy(&l->work);
    (void)pthread_cond_destroy(&l->ready);
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}
