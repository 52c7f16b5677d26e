#include "data/order_window.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/random.h"

/* A window of a lane. */
typedef struct order_lane {
    uint32_t *places; /* [room], a part of order_window.places: the permutation at hand */
    uint64_t epoch, pass, window;
    bool filled;
} order_lane;

struct order_window {
    uint64_t seed, samples, batch, shard, run, room;
    uint64_t lane_count, run_count;
    uint32_t *runs; /* owned; [run_count], of the pass at hand */
    uint64_t last;  /* where the last run, which may be short, stands in it */
    uint64_t epoch, pass;
    bool filled;
    order_lane *lanes; /* owned; [lane_count] */
    uint32_t *places;  /* owned; [lane_count][room] */
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t lanes_of(const order_options *o)
{
    return o->batch / o->shard_size + (o->batch % o->shard_size != 0);
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    return b == 0 ? a : common_divisor(b, a % b);
}

/* Samples of a lane's window: whole runs and whole shards; no more than a lane can have in a pass. */
static uint64_t room_of(uint64_t samples, const order_options *o)
{
    const uint64_t lanes = lanes_of(o);
    const uint64_t run = o->run > 0 ? o->run : 1;
    const uint64_t unit = run / common_divisor(run, o->shard_size) * o->shard_size;
    const uint64_t most = (samples / o->batch + 2) * o->shard_size;
    return least((o->window / lanes / unit + (o->window % (lanes * unit) != 0)) * unit, most);
}

size_t order_window_steps(size_t samples, const order_options *o)
{
    return (size_t)(room_of(samples, o) / o->shard_size);
}

int order_window_create(order_window **out, size_t samples, const order_options *o)
{
    order_window *w = calloc(1, sizeof *w);
    *out = NULL;
    if (w != NULL) {
        *w = (order_window){.seed = o->seed, .samples = samples, .batch = o->batch, .shard = o->shard_size};
        w->run = o->run > 0 ? o->run : 1;
        w->room = room_of(samples, o);
        w->lane_count = lanes_of(o);
        w->run_count = (samples + w->run - 1) / w->run;
        w->runs = malloc(w->run_count * sizeof *w->runs);
        w->lanes = calloc(w->lane_count, sizeof *w->lanes);
        w->places = calloc(w->lane_count * w->room, sizeof *w->places);
    }
    if (w == NULL || w->runs == NULL || w->lanes == NULL || w->places == NULL) {
        order_window_free(w);
        return error_set(LS_ENOMEM, "data: no memory for the order of %zu samples", samples);
    }
    for (uint64_t k = 0; k < w->lane_count; k++) {
        w->lanes[k].places = w->places + k * w->room;
    }
    *out = w;
    return LS_OK;
}

/* How many of the first positions belong to the lanes before this one. */
static uint64_t before_lane(const order_window *w, uint64_t positions, uint64_t lane)
{
    const uint64_t wide = least(lane * w->shard, w->batch);
    return positions / w->batch * wide + least(positions % w->batch, wide);
}

/* How many of them belong to it. */
static uint64_t of_lane(const order_window *w, uint64_t positions, uint64_t lane)
{
    return before_lane(w, positions, lane + 1) - before_lane(w, positions, lane);
}

static void draw_runs(order_window *w, uint64_t epoch, uint64_t pass)
{
    if (w->filled && w->epoch == epoch && w->pass == pass) {
        return;
    }
    random_permutation(w->runs, (size_t)w->run_count, w->seed, random_stream(RANDOM_RUNS, epoch, pass));
    for (w->last = 0; w->runs[w->last] != w->run_count - 1; w->last++) {
    }
    w->epoch = epoch;
    w->pass = pass;
    w->filled = true;
}

/* What stands at a place of the runs in their order. */
static uint32_t sample_of_runs(const order_window *w, uint64_t place)
{
    const uint64_t rest = w->samples - (w->run_count - 1) * w->run; /* the last run's length */
    const uint64_t until = w->last * w->run;
    if (place < until) {
        return (uint32_t)(w->runs[place / w->run] * w->run + place % w->run);
    }
    if (place < until + rest) {
        return (uint32_t)((w->run_count - 1) * w->run + place - until);
    }
    const uint64_t after = place - until - rest;
    return (uint32_t)(w->runs[w->last + 1 + after / w->run] * w->run + after % w->run);
}

/* Lane `lane`'s permutation of `size` samples. */
static const uint32_t *draw_window(order_window *w, uint64_t lane, uint64_t epoch, uint64_t pass, uint64_t window,
                                   uint64_t size)
{
    order_lane *l = &w->lanes[lane];
    if (!l->filled || l->epoch != epoch || l->pass != pass || l->window != window) {
        const uint64_t instance = ((pass * w->lane_count + lane) << 32) + window;
        random_permutation(l->places, (size_t)size, w->seed, random_stream(RANDOM_WINDOWS, epoch, instance));
        l->epoch = epoch;
        l->pass = pass;
        l->window = window;
        l->filled = true;
    }
    return l->places;
}

uint32_t order_window_sample(order_window *w, uint64_t epoch, uint64_t position)
{
    const uint64_t pass = position / w->samples;
    const uint64_t begin = pass * w->samples;
    const uint64_t end = begin + w->samples;
    const uint64_t lane = position % w->batch / w->shard;
    const uint64_t before = of_lane(w, begin, lane);
    const uint64_t length = of_lane(w, end, lane) - before;
    const uint64_t at = of_lane(w, position, lane) - before;
    const uint64_t window = at / w->room;
    const uint64_t first = before_lane(w, end, lane) - before_lane(w, begin, lane) + window * w->room;
    const uint32_t *places = draw_window(w, lane, epoch, pass, window, least(w->room, length - window * w->room));
    draw_runs(w, epoch, pass);
    return sample_of_runs(w, first + places[at % w->room]);
}

void order_window_free(order_window *w)
{
    if (w != NULL) {
        free(w->runs);
        free(w->lanes);
        free(w->places);
        free(w);
    }
}
