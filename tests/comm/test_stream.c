#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "comm/stream.h"
#include "ranks.h"

static void *allocate(comm *c, size_t count, size_t width)
{
    void *p = calloc(count + 1, width);
    if (p == NULL) {
        fprintf(stderr, "out of memory\n");
        comm_abort(c, 1);
    }
    return p;
}

static real leaf(size_t shard, size_t i)
{
    return (real)((random_unit(12, shard, i) - 0.5) * (double)(1 + shard % 5 * 100));
}

/* The tree's definition: value(k, i) = value(k - 1, 2i) + value(k - 1, 2i + 1), or the first alone. */
static real by_definition(size_t level, size_t index, size_t total, size_t i)
{
    if (level == 0) {
        return leaf(index, i);
    }
    const real left = by_definition(level - 1, 2 * index, total, i);
    if ((2 * index + 1) << (level - 1) >= total) {
        return left;
    }
    return left + by_definition(level - 1, 2 * index + 1, total, i);
}

static real expected_sum(size_t total, size_t i)
{
    size_t level = 0;
    while (((size_t)1 << level) < total) {
        level++;
    }
    return total == 0 ? 0 : by_definition(level, 0, total, i);
}

/* One sum: n elements of `total` shards, getting ready `stride` at a time. */
typedef struct stream_case {
    size_t total, n, stride;
    extent out[3]; /* of which nothing is summed */
    size_t out_count;
} stream_case;

static const real LEFT = 77; /* what stands there */

static int left_out(const stream_case *k, size_t i)
{
    for (size_t o = 0; o < k->out_count; o++) {
        if (i >= k->out[o].first && i < k->out[o].end) {
            return 1;
        }
    }
    return 0;
}

/* This rank's front over elements [first, end), added up as nn/ does, into vectors of n. */
static void fill(real *vectors, const stream_case *k, size_t first_shard, size_t shards, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        tree_front front;
        tree_front_of(&front, first_shard, shards, k->total);
        for (size_t node = 0; node < front.count; node++) {
            const tree_node *at = &front.nodes[node];
            vectors[node * k->n + i] = left_out(k, i) ? LEFT : by_definition((size_t)at->level, at->index, k->total, i);
        }
    }
}

/* A sum that all wait for comes between, as BatchNorm's do. */
static void interrupt(comm *c, size_t at)
{
    double one = comm_rank(c) + (double)at;
    const double size = comm_size(c);
    tree_front own;
    tree_front_of(&own, (size_t)comm_rank(c), 1, (size_t)comm_size(c));
    const int code = comm_sum_f64(c, &one, &one, 1, &own, (size_t)comm_size(c));
    EXPECT(code == LS_OK, "%s", error_message());
    EXPECT(one == size * (size - 1) / 2 + size * (double)at, "%g", one);
}

static void check_stream(comm *c, comm_stream *s, const stream_case *k)
{
    const size_t first_shard = shard_range_first(k->total, (size_t)(comm_rank(c)), (size_t)comm_size(c));
    const size_t shards = shard_range_first(k->total, (size_t)(comm_rank(c) + 1), (size_t)comm_size(c)) - first_shard;
    real *vectors = allocate(c, (shards + 1) * k->n, sizeof *vectors);
    double *rider = allocate(c, shards * 2, sizeof *rider);
    double sums[2] = {-1, -1};
    for (size_t i = 0; i < shards; i++) {
        rider[2 * i] = 1;
        rider[2 * i + 1] = (double)(first_shard + i);
    }
    const shard_range range = {.first = first_shard, .count = shards, .total = k->total};
    EXPECT(comm_stream_leave_out(s, k->out, k->out_count) == LS_OK, "%s", error_message());
    comm_stream_begin(s, vectors, &range);
    int code = comm_stream_attach(s, sums, rider, 2);
    EXPECT(code == LS_OK, "%s", error_message());
    for (size_t end = k->n, first = 0; end > 0; end = first) {
        first = end > k->stride ? end - k->stride : 0;
        fill(vectors, k, first_shard, shards, first, end);
        code = comm_stream_ready(s, first);
        EXPECT(code == LS_OK, "%s", error_message());
        interrupt(c, first);
    }
    code = comm_stream_finish(s);
    EXPECT(code == LS_OK, "%s", error_message());
    for (size_t i = 0; i < k->n; i++) {
        const real untouched = shards > 0 ? LEFT : 0;
        const real expected = left_out(k, i) ? untouched : expected_sum(k->total, i);
        EXPECT(memcmp(&vectors[i], &expected, sizeof expected) == 0, "total %zu, n %zu, stride %zu, element %zu",
               k->total, k->n, k->stride, i);
    }
    EXPECT(sums[0] == (double)k->total, "%g of %zu shards", sums[0], k->total);
    EXPECT(sums[1] == (double)k->total * ((double)k->total - 1) / 2, "%g", sums[1]);
    free(vectors);
    free(rider);
}

static void check_bucket(comm *c, size_t n, size_t bucket, size_t most)
{
    comm_stream *s = NULL;
    const size_t strides[] = {n, bucket, bucket / 2 + 1, bucket + 3};
    EXPECT(comm_stream_create(&s, c, n, bucket) == LS_OK, "%s", error_message());
    for (size_t total = 0; s != NULL && total <= most; total++) {
        stream_case k = {.total = total, .n = n, .stride = strides[total % 4]};
        check_stream(c, s, &k);
        k.out[0] = (extent){0, n / 3};
        k.out[1] = (extent){n / 2, n / 2 + n / 9};
        k.out[2] = (extent){n - n / 7, n};
        for (k.out_count = 1; n > 8 && k.out_count <= 3; k.out_count++) {
            check_stream(c, s, &k);
        }
        k.out[0] = (extent){0, n};
        k.out_count = 1;
        check_stream(c, s, &k); /* nothing at all */
    }
    comm_stream_free(s);
}

int main(int argc, char **argv)
{
    comm *c = NULL;
    if (comm_start(&c, &argc, &argv) != LS_OK) {
        fprintf(stderr, "%s\n", error_message());
        return EXIT_FAILURE;
    }
    check_bucket(c, 1, 1, 20);
    check_bucket(c, 3, 1, 20);
    check_bucket(c, 101, 7, 24);
    check_bucket(c, 101, 1000, 24);
    check_bucket(c, 60013, 17011, 6); /* some buckets long enough to be split up, the last one not */
    return ranks_finish(c);
}
