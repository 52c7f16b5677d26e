#include "base/watch.h"

#include <stdatomic.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/trace.h"

/* One writer, so an addition is a load and a store; nobody waits for these, so no order is needed. */
static struct {
    atomic_int phase;
    atomic_int waits;
    _Atomic uint64_t step;
    _Atomic uint64_t collective;
    _Atomic uint64_t beats;
    _Atomic uint64_t helpers_beats; /* of all other threads, so this one is added to */
    _Atomic uint64_t waiting, pictures;
} state;

/* Of the thread that reports: whether it counts what it spends, and when the collective call, and the wait for
 * pictures, began that it is in. */
static int counts;
static double collective_began, pictures_began;

static _Thread_local int reports; /* this thread is the one that watch_this_thread chose */
static _Thread_local watch_times *measured;

static uint64_t get(_Atomic uint64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

static void set(_Atomic uint64_t *number, uint64_t value)
{
    atomic_store_explicit(number, value, memory_order_relaxed);
}

void watch_this_thread(void)
{
    reports = 1;
}

void watch_beat(void)
{
    if (reports) {
        set(&state.beats, get(&state.beats) + 1);
    } else {
        (void)atomic_fetch_add_explicit(&state.helpers_beats, 1, memory_order_relaxed);
    }
}

static void add_spent(_Atomic uint64_t *number, double began)
{
    if (counts) {
        const double took = clock_ticks() - began;
        set(number, get(number) + (took > 0 ? (uint64_t)(took * 1e6) : 0));
    }
}

/* What ends now took the time since something last did. */
static void count_time(int waited)
{
    if (measured == NULL) {
        return;
    }
    const int phase = atomic_load_explicit(&state.phase, memory_order_relaxed);
    const double now = clock_seconds();
    double *into = waited && phase != WATCH_REDUCING ? &measured->waiting : &measured->seconds[phase];
    *into += now - measured->mark;
    measured->mark = now;
}

void watch_measure(watch_times *t)
{
    count_time(0);
    measured = t;
    if (t != NULL) {
        t->mark = clock_seconds();
    }
}

watch_phase watch_enter(watch_phase now)
{
    if (!reports) {
        return now;
    }
    const int before = atomic_load_explicit(&state.phase, memory_order_relaxed);
    count_time(0);
    if (before == WATCH_PICTURES) {
        add_spent(&state.pictures, pictures_began);
    }
    if (now == WATCH_PICTURES && counts) {
        pictures_began = clock_ticks();
    }
    atomic_store_explicit(&state.phase, (int)now, memory_order_relaxed);
    watch_beat();
    return (watch_phase)before;
}

void watch_step(uint64_t completed)
{
    if (reports) {
        set(&state.step, completed);
        watch_beat();
    }
}

void watch_step_done(void)
{
    watch_step(get(&state.step) + 1);
}

void watch_collective_begin(void)
{
    static const trace_label waiting = {"wait for ranks", "waiting", {"call"}};
    if (reports) {
        count_time(0);
        set(&state.collective, get(&state.collective) + 1);
        trace_begin_of(&waiting, (int64_t)get(&state.collective));
        atomic_store_explicit(&state.waits, 1, memory_order_relaxed);
        collective_began = counts ? clock_ticks() : 0;
        watch_beat();
    }
}

void watch_collective_end(void)
{
    if (reports) {
        count_time(1);
        add_spent(&state.waiting, collective_began);
        atomic_store_explicit(&state.waits, 0, memory_order_relaxed);
        watch_beat();
        trace_end();
    }
}

watch_state watch_read(void)
{
    return (watch_state){
        .phase = (watch_phase)atomic_load_explicit(&state.phase, memory_order_relaxed),
        .waits = atomic_load_explicit(&state.waits, memory_order_relaxed),
        .step = get(&state.step),
        .collective = get(&state.collective),
        .beats = get(&state.beats) + get(&state.helpers_beats),
    };
}

void watch_count_spent(void)
{
    counts = reports;
}

watch_spent watch_read_spent(void)
{
    return (watch_spent){.waiting = get(&state.waiting), .pictures = get(&state.pictures)};
}

const char *watch_phase_name(watch_phase phase)
{
    static const char *const names[WATCH_PHASE_COUNT] = {
        [WATCH_STARTING] = "starting MPI",
        [WATCH_PREPARING] = "getting ready",
        [WATCH_STAGING] = "copying the data set",
        [WATCH_OPENING] = "opening the data set",
        [WATCH_LOADING] = "reading a checkpoint",
        [WATCH_PICTURES] = "waiting for pictures",
        [WATCH_FORWARD] = "forward",
        [WATCH_LOSS] = "the loss",
        [WATCH_BACKWARD] = "backward",
        [WATCH_REDUCING] = "summing the gradient",
        [WATCH_UPDATE] = "update",
        [WATCH_BETWEEN] = "between steps",
        [WATCH_VALIDATING] = "validating",
        [WATCH_SAVING] = "writing a checkpoint",
        [WATCH_LOGGING] = "writing the log",
        [WATCH_ENDING] = "ending MPI",
    };
    return (unsigned)phase < WATCH_PHASE_COUNT ? names[phase] : "?";
}
