#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "comm/comm.h"
#include "ranks.h"

typedef struct vectors_f64 {
    double *values;
    size_t n;
} vectors_f64;

static void add_f64(void *context, size_t into, size_t from)
{
    const vectors_f64 *v = context;
    for (size_t i = 0; i < v->n; i++) {
        v->values[into * v->n + i] += v->values[from * v->n + i];
    }
}

static double leaf(size_t shard, size_t i)
{
    return (random_unit(11, shard, i) - 0.5) * (double)(1 + shard % 5 * 100);
}

static void *allocate(comm *c, size_t count, size_t width)
{
    void *p = calloc(count + 1, width);
    if (p == NULL) {
        fprintf(stderr, "out of memory\n");
        comm_abort(c, 1);
    }
    return p;
}

/* in_place: out is the vectors themselves, as comm.h allows. */
static void check_reducer(comm *c, size_t total, size_t n, int synchronized, int in_place)
{
    const size_t first = shard_range_first(total, (size_t)(comm_rank(c)), (size_t)comm_size(c));
    const size_t count = shard_range_first(total, (size_t)(comm_rank(c) + 1), (size_t)comm_size(c)) - first;
    const size_t from = synchronized ? 0 : first, shards = synchronized ? total : count;
    vectors_f64 all = {allocate(c, shards * n + n, sizeof(double)), n};
    double *own = allocate(c, count * n + n, sizeof *own), *other = allocate(c, n, sizeof *other);
    for (size_t k = 0; k < shards * n; k++) {
        all.values[k] = leaf(from + k / n, k % n);
    }
    for (size_t k = 0; k < count * n; k++) {
        own[k] = leaf(first + k / n, k % n);
    }
    tree_front whole;
    tree_reduce(&whole, 0, shards, shards, add_f64, &all);
    const shard_range range = {.first = first, .count = count, .total = total, .samples = 45, .all_samples = 123};
    comm_reducer_context context = {c, range, synchronized};
    const reducer sums = comm_reducer(&context);
    double *out = in_place ? own : other;
    const int code = sums.sum(sums.context, out, own, n);
    EXPECT(code == LS_OK, "%s", error_message());
    EXPECT(sums.samples == (synchronized ? 123 : 45), "%zu", sums.samples);
    EXPECT(memcmp(out, all.values, n * sizeof(double)) == 0, "total %zu, n %zu, synchronized %d", total, n,
           synchronized);
    free(all.values);
    free(own);
    free(other);
}

static void check_sums(comm *c)
{
    const size_t lengths[] = {1, 2, 3, 37};
    for (size_t total = 0; total <= 40; total++) {
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            check_reducer(c, total, lengths[k], 1, (int)(k % 2));
            check_reducer(c, total, lengths[k], 0, (int)(k % 2));
        }
    }
    const size_t totals[] = {3, 8, 16, 19};
    for (size_t k = 0; k < sizeof totals / sizeof *totals; k++) { /* past the length at which the algorithm changes */
        check_reducer(c, totals[k], 20003, 1, 1);
    }
}

static void check_shards(comm *c)
{
    for (int size = 1; size <= 9; size++) {
        for (size_t total = 0; total < 50; total++) {
            for (int r = 0; r <= size; r++) {
                const size_t expected = (size_t)r * total / (size_t)size;
                EXPECT(shard_range_first(total, (size_t)(r), (size_t)size) == expected, "%zu shards, rank %d of %d",
                       total, r, size);
            }
        }
    }
    EXPECT(shard_range_first(SIZE_MAX, (size_t)(3), (size_t)4) == SIZE_MAX / 4 * 3 + 2, "overflow");
}

static void check_agreement(comm *c)
{
    const int rank = comm_rank(c), size = comm_size(c);
    EXPECT(comm_agree(c, LS_OK) == LS_OK, "all well");
    for (int bad = 0; bad < size; bad++) {
        error_set(LS_ERROR, "nothing of interest");
        const int code = rank == bad ? error_set(LS_EIO, "data.h5: disk %d is full", bad) : LS_OK;
        EXPECT(comm_agree(c, code) == LS_EIO, "rank %d failed", bad);
        char words[64], name[64];
        snprintf(words, sizeof words, "data.h5: disk %d is full", bad);
        snprintf(name, sizeof name, "rank %d on ", bad);
        EXPECT(strstr(error_message(), words) != NULL, "%s", error_message());
        EXPECT((strncmp(error_message(), name, strlen(name)) == 0) == (rank != bad), "%s", error_message());
    }
    /* In two parts, with a sum between. */
    for (int bad = -1; bad < size; bad++) {
        error_set(LS_ERROR, "nothing of interest");
        const int code = rank == bad ? error_set(LS_EIO, "data.h5: disk %d is full", bad) : LS_OK;
        unsigned requests = rank == 0 ? 1 : rank == bad ? 2 : 0;
        EXPECT(comm_agree_begin(c, code, requests) == LS_OK, "%s", error_message());
        check_reducer(c, 5, 2, 1, 0);
        EXPECT(comm_agree_end(c, &requests) == (bad < 0 ? LS_OK : LS_EIO), "rank %d failed", bad);
        EXPECT(requests == (bad > 0 ? 3 : 1), "rank %d: %u", bad, requests);
        char words[64];
        snprintf(words, sizeof words, "data.h5: disk %d is full", bad);
        EXPECT((strstr(error_message(), words) != NULL) == (bad >= 0), "%s", error_message());
    }
    /* Of two codes the lowest is everybody's. */
    const int own = rank == 0 ? error_set(LS_EIO, "first") : rank == size - 1 ? error_set(LS_ECOMM, "last") : LS_OK;
    EXPECT(comm_agree(c, own) == (size == 1 ? LS_EIO : LS_ECOMM), "two failures");
    int flag = -1;
    EXPECT(comm_max(c, rank, &flag) == LS_OK, "%s", error_message());
    EXPECT(flag == size - 1, "%d", flag);
    double largest[] = {rank, size - rank, rank == 0 ? INFINITY : 0.5};
    EXPECT(comm_max_f64(c, largest, 3) == LS_OK, "%s", error_message());
    EXPECT(largest[0] == size - 1 && largest[1] == size && isinf(largest[2]), "%g %g %g", largest[0], largest[1],
           largest[2]);
}

static void check_same(comm *c)
{
    const int rank = comm_rank(c), size = comm_size(c);
    EXPECT(comm_same(c, 42, "the hash") == LS_OK, "%s", error_message());
    for (int odd = 1; odd < size; odd++) {
        char name[64];
        snprintf(name, sizeof name, "rank %d (", odd);
        EXPECT(comm_same(c, rank >= odd ? 7 : 42, "the hash") == LS_ECOMM, "rank %d differs", odd);
        EXPECT(strstr(error_message(), name) != NULL && strstr(error_message(), "the hash") != NULL, "%s",
               error_message());
    }
}

static void check_broadcast(comm *c)
{
    unsigned char bytes[1001];
    memset(bytes, comm_rank(c) == 0 ? 0xa5 : 0, sizeof bytes);
    EXPECT(comm_broadcast(c, bytes, sizeof bytes) == LS_OK, "%s", error_message());
    for (size_t i = 0; i < sizeof bytes; i++) {
        EXPECT(bytes[i] == 0xa5, "byte %zu", i);
    }
    EXPECT(comm_broadcast(c, bytes, 0) == LS_OK, "%s", error_message());
    EXPECT(comm_barrier(c) == LS_OK, "%s", error_message());
}

/* The ranks of a node are neighbours, and know each other. */
static void check_machine(comm *c)
{
    void *all = NULL;
    int ranks = 0, own = -1;
    const int mine = 100 + comm_rank(c);
    EXPECT(comm_gather_machine(c, &mine, sizeof mine, &all, &ranks, &own) == LS_OK, "%s", error_message());
    EXPECT(ranks == comm_node_size(c) && own == comm_node_rank(c) && own < ranks, "%d of %d", own, ranks);
    EXPECT((comm_nodes(c) == 1) == (ranks == comm_size(c)), "%d nodes", comm_nodes(c));
    for (int r = 0; all != NULL && r < ranks; r++) {
        EXPECT(((const int *)all)[r] == mine - own + r, "rank %d", r);
    }
    free(all);
    EXPECT(strlen(comm_node_name(c)) > 0, "no name");
    int told = comm_node_rank(c) == 0 ? 7 : 0, worst = 0, count = 0;
    EXPECT(comm_node_broadcast(c, &told, sizeof told) == LS_OK && told == 7, "%d", told);
    EXPECT(comm_node_worst(c, -comm_node_rank(c), &worst) == LS_OK && worst == 1 - comm_node_size(c), "%d", worst);
    EXPECT(comm_node_count(c, 5, &count) == LS_OK && count == comm_nodes(c), "%d", count);
    EXPECT(comm_node_count(c, 0, &count) == LS_OK && count == 0, "%d", count);
}

/* Bytes that rank r brings: none, a few, and more than are passed on at once. Byte i of them. */
static size_t brought(int r)
{
    return r % 3 == 1 ? 0 : r % 3 == 2 ? (size_t)(3 << 20) + 17 : (size_t)5 + (size_t)r;
}

static unsigned char brought_byte(int r, size_t i)
{
    return (unsigned char)(31 * (size_t)r + i + (i >> 11));
}

typedef struct taken {
    size_t bytes, wrong;
    int rank;     /* whose bytes come now */
    size_t at;    /* of them */
    size_t least; /* fail once so many have come; 0: do not */
    int calls_after;
} taken;

static int take(void *context, const void *bytes, size_t n)
{
    taken *t = context;
    t->calls_after += t->least > 0 && t->bytes >= t->least;
    for (size_t i = 0; i < n; i++, t->at++) {
        while (t->at == brought(t->rank)) {
            t->rank++;
            t->at = 0;
        }
        t->wrong += ((const unsigned char *)bytes)[i] != brought_byte(t->rank, t->at);
    }
    t->bytes += n;
    return t->least > 0 && t->bytes >= t->least ? error_set(LS_EIO, "the disk is full") : LS_OK;
}

static void check_collecting(comm *c)
{
    const int rank = comm_rank(c);
    const size_t n = brought(rank);
    unsigned char *mine = allocate(c, n, 1);
    size_t all = 0;
    for (size_t i = 0; i < n; i++) {
        mine[i] = brought_byte(rank, i);
    }
    for (int r = 0; r < comm_size(c); r++) {
        all += brought(r);
    }
    taken whole = {0};
    EXPECT(comm_collect(c, mine, n, take, &whole) == LS_OK, "%s", error_message());
    EXPECT(whole.wrong == 0 && whole.bytes == (rank == 0 ? all : 0), "%zu bytes, %zu wrong", whole.bytes, whole.wrong);
    taken part = {.least = 3};
    EXPECT(comm_collect(c, mine, n, take, &part) == LS_EIO, "no failure");
    EXPECT(strstr(error_message(), "the disk is full") != NULL && part.calls_after == 0, "%s", error_message());
    taken again = {0};
    EXPECT(comm_collect(c, mine, n, take, &again) == LS_OK && again.wrong == 0, "%s", error_message());
    free(mine);
}

/* Clocks of nodes that are apart by seconds, those of a node the same, as the processes here have one clock. */
static int64_t shift;

static int64_t shifted_clock(void)
{
    return clock_nanoseconds() + shift;
}

static void check_clocks(comm *c)
{
    comm_clock clock;
    shift = (int64_t)(comm_rank(c) - comm_node_rank(c)) * -1234567890123;
    const int64_t before = shifted_clock();
    EXPECT(comm_compare_clocks(c, shifted_clock, &clock) == LS_OK, "%s", error_message());
    EXPECT(clock.at >= before && clock.at <= shifted_clock(), "%lld", (long long)clock.at);
    EXPECT(clock.error >= 0 && llabs(clock.ahead - shift) <= clock.error, "ahead %lld, not %lld, error %lld",
           (long long)clock.ahead, (long long)shift, (long long)clock.error);
    EXPECT(comm_node_rank(c) != comm_rank(c) || clock.error == 0, "an error on rank 0's node");
}

int main(int argc, char **argv)
{
    comm *c = NULL;
    const int code = comm_start(&c, &argc, &argv);
    if (argc > 1 && strcmp(argv[1], "refused") == 0) {
        const int refused = code == LS_EUSAGE && strstr(error_message(), "start with") != NULL && c == NULL;
        puts(error_message());
        comm_finish(c);
        return refused ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (code != LS_OK) {
        fprintf(stderr, "%s\n", error_message());
        return EXIT_FAILURE;
    }
    if (argc > 2 && strcmp(argv[1], "tasks") == 0) {
        EXPECT(comm_job_tasks(c) == atoi(argv[2]), "%d, not %s", comm_job_tasks(c), argv[2]);
        return ranks_finish(c);
    }
    check_shards(c);
    check_sums(c);
    check_agreement(c);
    check_same(c);
    check_broadcast(c);
    check_machine(c);
    check_collecting(c);
    check_clocks(c);
    return ranks_finish(c);
}
