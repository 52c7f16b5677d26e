/* Sums that all ranks wait for. */
#include <string.h>

#include "base/error.h"
#include "base/watch.h"
#include "comm/comm_private.h"

/* Both are written to, in flight. */ /* NOLINTNEXTLINE(readability-non-const-parameter) */
int comm_sum_f64(comm *c, double *out, double *vectors, size_t n, const tree_front *local, size_t total_shards)
{
    const flight_sum sum = {
        .e = &element_f64,
        .out = out,
        .vectors = vectors,
        .stride = n,
        .n = n,
        .front = local->count,
        .total = total_shards,
        .where = c->world,
        .tag = COMM_TAG_SUM,
    };
    watch_collective_begin();
    int code = flight_start(&c->sum, c, &sum);
    if (code == LS_OK) {
        code = flight_wait(&c->sum);
    }
    watch_collective_end();
    return code;
}

int comm_sum_ranks(comm *c, double *values, size_t n)
{
    const tree_front leaf = {.count = 1};
    return comm_sum_f64(c, values, values, n, &leaf, (size_t)c->size);
}

typedef struct partial_sums {
    double *values; /* [shards][n] */
    size_t n;
} partial_sums;

static void add_partials(void *context, size_t into, size_t from)
{
    const partial_sums *p = context;
    element_f64.add(p->values + into * p->n, p->values + from * p->n, p->n);
}

size_t comm_reduce_shards(double *partials, size_t n, const shard_range *range)
{
    partial_sums p = {partials, n};
    tree_front front;
    tree_reduce(&front, range->first, range->count, range->total, add_partials, &p);
    for (size_t i = 0; i < front.count; i++) {
        if (front.nodes[i].slot != i) {
            memmove(partials + i * n, partials + front.nodes[i].slot * n, n * sizeof *partials);
        }
    }
    return front.count;
}

static int reducer_sum(void *context, double *out, double *partials, size_t n)
{
    const comm_reducer_context *r = context;
    if (r->synchronized) {
        tree_front front;
        front.count = comm_reduce_shards(partials, n, &r->range);
        return comm_sum_f64(r->c, out, partials, n, &front, r->range.total);
    }
    const shard_range alone = {.count = r->range.count, .total = r->range.count};
    if (comm_reduce_shards(partials, n, &alone) == 0) {
        memset(out, 0, n * sizeof *out);
    } else if (out != partials) {
        memmove(out, partials, n * sizeof *out);
    }
    return LS_OK;
}

reducer comm_reducer(comm_reducer_context *context)
{
    const size_t samples = context->synchronized ? context->range.all_samples : context->range.samples;
    return (reducer){.sum = reducer_sum, .context = context, .samples = samples};
}
