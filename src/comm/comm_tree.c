#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "comm/comm.h"
#include "comm/comm_private.h"

enum { TAG_VECTOR = 1, TAG_EXCHANGE = 2 };

/* Vectors of at least this many bytes are halved and doubled, so that a rank sends each element about twice. */
enum { LARGE_VECTOR = 1 << 16 };

/* The element type of a sum. */
typedef struct element {
    size_t width;
    MPI_Datatype type;
    void (*add)(void *out, const void *left, const void *right, size_t n); /* out may be left or right */
} element;

static void add_f64(void *out, const void *left, const void *right, size_t n)
{
    double *o = out;
    const double *a = left, *b = right;
    for (size_t i = 0; i < n; i++) {
        o[i] = a[i] + b[i];
    }
}

#ifndef LOCKSTEP_DOUBLE
static void add_f32(void *out, const void *left, const void *right, size_t n)
{
    float *o = out;
    const float *a = left, *b = right;
    for (size_t i = 0; i < n; i++) {
        o[i] = a[i] + b[i];
    }
}
#endif

size_t comm_first_shard(size_t total_shards, int rank, int size)
{
    const size_t r = (size_t)rank, s = (size_t)size;
    return total_shards / s * r + total_shards % s * r / s; /* rank * total / size without overflow */
}

/* The front of ranks [from, to) once they have put their shards together. */
static void front_of_ranks(tree_front *out, size_t total, int from, int to, int size)
{
    const int end = to < size ? to : size;
    const size_t first = comm_first_shard(total, from, size);
    tree_front_of(out, first, comm_first_shard(total, end, size) - first, total);
}

/* Whether the ranks are the leaves of a complete tree: every rank holds one node, all of one level. */
static int ranks_are_leaves(size_t total, int size)
{
    if ((size & (size - 1)) != 0 || total % (size_t)size != 0) {
        return 0;
    }
    const size_t each = total / (size_t)size;
    return each != 0 && (each & (each - 1)) == 0;
}

static int reserve(comm_buffer *b, size_t size)
{
    if (b->size >= size) {
        return LS_OK;
    }
    free(b->data);
    b->size = 0;
    b->data = malloc(size);
    if (b->data == NULL) {
        return error_set(LS_ENOMEM, "cannot allocate %zu bytes for sums between ranks", size);
    }
    b->size = size;
    return LS_OK;
}

static int send_vector(comm *c, const void *data, size_t n, const element *e, int to)
{
    for (size_t i = 0; i < n; i += COMM_CHUNK) {
        const size_t count = n - i < COMM_CHUNK ? n - i : COMM_CHUNK;
        const int rc =
            MPI_Send((const unsigned char *)data + i * e->width, (int)count, e->type, to, TAG_VECTOR, c->world);
        if (rc != MPI_SUCCESS) {
            return comm_check(c, rc, "sending partial sums");
        }
    }
    return LS_OK;
}

static int receive_vector(comm *c, void *data, size_t n, const element *e, int from)
{
    for (size_t i = 0; i < n; i += COMM_CHUNK) {
        const size_t count = n - i < COMM_CHUNK ? n - i : COMM_CHUNK;
        const int rc = MPI_Recv((unsigned char *)data + i * e->width, (int)count, e->type, from, TAG_VECTOR, c->world,
                                MPI_STATUS_IGNORE);
        if (rc != MPI_SUCCESS) {
            return comm_check(c, rc, "receiving partial sums");
        }
    }
    return LS_OK;
}

/* Send n_out elements to the peer and receive n_in from it. */
static int exchange(comm *c, const void *outgoing, size_t n_out, void *incoming, size_t n_in, const element *e,
                    int peer)
{
    for (size_t i = 0; i < n_out || i < n_in; i += COMM_CHUNK) {
        const size_t left_out = i < n_out ? n_out - i : 0, left_in = i < n_in ? n_in - i : 0;
        const size_t count_out = left_out < COMM_CHUNK ? left_out : COMM_CHUNK;
        const size_t count_in = left_in < COMM_CHUNK ? left_in : COMM_CHUNK;
        const unsigned char *from = outgoing;
        unsigned char *to = incoming;
        const int rc = MPI_Sendrecv(from + (count_out > 0 ? i * e->width : 0), (int)count_out, e->type, peer,
                                    TAG_EXCHANGE, to + (count_in > 0 ? i * e->width : 0), (int)count_in, e->type, peer,
                                    TAG_EXCHANGE, c->world, MPI_STATUS_IGNORE);
        if (rc != MPI_SUCCESS) {
            return comm_check(c, rc, "exchanging partial sums");
        }
    }
    return LS_OK;
}

/* mine = left + right, where the lower rank's vector is on the left. */
static void add_peer(const comm *c, void *mine, const void *theirs, size_t n, const element *e, int peer)
{
    const int lower = c->rank < peer;
    e->add(mine, lower ? mine : theirs, lower ? theirs : mine, n);
}

/* Short vectors: each round, pairs at distance d exchange all they have. */
static int sum_doubling(comm *c, void *vector, size_t n, const element *e)
{
    int code = reserve(&c->buffers[0], n * e->width);
    for (int d = 1; code == LS_OK && d < c->size; d *= 2) {
        code = exchange(c, vector, n, c->buffers[0].data, n, e, c->rank ^ d);
        if (code == LS_OK) {
            add_peer(c, vector, c->buffers[0].data, n, e, c->rank ^ d);
        }
    }
    return code;
}

/*
 * Long vectors: pairs at distance d = 1, 2, 4, ... each take over half of what both still sum (nearest first, as the
 * tree wants), then the way back puts the parts together.
 */
static int sum_halving(comm *c, void *vector, size_t n, const element *e)
{
    unsigned char *const bytes = vector;
    struct {
        size_t first, middle, end;
    } ranges[sizeof(int) * 8];
    size_t first = 0, end = n;
    int round = 0;
    int code = reserve(&c->buffers[0], (n / 2 + 1) * e->width);
    for (int d = 1; code == LS_OK && d < c->size; d *= 2, round++) {
        const size_t middle = first + (end - first) / 2;
        const size_t low = middle - first, high = end - middle;
        const int upper = (c->rank & d) != 0;
        ranges[round].first = first;
        ranges[round].middle = middle;
        ranges[round].end = end;
        code = exchange(c, bytes + (upper ? first : middle) * e->width, upper ? low : high, c->buffers[0].data,
                        upper ? high : low, e, c->rank ^ d);
        first = upper ? middle : first;
        end = upper ? end : middle;
        if (code == LS_OK) {
            add_peer(c, bytes + first * e->width, c->buffers[0].data, end - first, e, c->rank ^ d);
        }
    }
    while (code == LS_OK && round > 0) {
        round--;
        const size_t low = ranges[round].middle - ranges[round].first, high = ranges[round].end - ranges[round].middle;
        const int d = 1 << round;
        unsigned char *const at_low = bytes + ranges[round].first * e->width;
        unsigned char *const at_high = bytes + ranges[round].middle * e->width;
        const int upper = (c->rank & d) != 0;
        code = exchange(c, upper ? at_high : at_low, upper ? high : low, upper ? at_low : at_high, upper ? low : high,
                        e, c->rank ^ d);
    }
    return code;
}

/* The vectors of a sum in progress: slots below COMM_SLOTS are the caller's, those from there on the comm's buffers. */
enum { COMM_SLOTS = TREE_MAX_NODES };

typedef struct gathering {
    comm *c;
    unsigned char *vectors;
    size_t n;
    const element *e;
} gathering;

static void *slot_data(const gathering *g, size_t slot)
{
    return slot < COMM_SLOTS ? g->vectors + slot * g->n * g->e->width : g->c->buffers[slot - COMM_SLOTS].data;
}

static void add_slots(void *context, size_t into, size_t from)
{
    const gathering *g = context;
    void *left = slot_data(g, into);
    g->e->add(left, left, slot_data(g, from), g->n);
}

/* The first of the comm's buffers that no node of the front lies in. There always is one. */
static size_t free_buffer(const tree_front *front)
{
    unsigned char used[COMM_BUFFERS] = {0};
    for (size_t i = 0; i < front->count; i++) {
        if (front->nodes[i].slot >= COMM_SLOTS) {
            used[front->nodes[i].slot - COMM_SLOTS] = 1;
        }
    }
    size_t k = 0;
    while (k + 1 < COMM_BUFFERS && used[k]) {
        k++;
    }
    return k;
}

/* Receive the vectors of the ranks from `peer` on, one after the other, and merge each at once. */
static int take_over(gathering *g, tree_front *front, int peer, int round, size_t total)
{
    tree_front theirs;
    front_of_ranks(&theirs, total, peer, peer + round, g->c->size);
    for (size_t i = 0; i < theirs.count; i++) {
        const size_t k = free_buffer(front);
        int code = reserve(&g->c->buffers[k], g->n * g->e->width);
        if (code == LS_OK) {
            code = receive_vector(g->c, g->c->buffers[k].data, g->n, g->e, peer);
        }
        if (code != LS_OK) {
            return code;
        }
        tree_front one = {.count = 1};
        one.nodes[0] = theirs.nodes[i];
        one.nodes[0].slot = COMM_SLOTS + k;
        tree_merge(front, &one, 0, total, add_slots, g);
    }
    return LS_OK;
}

/* Any number of ranks: a binomial tree to rank 0; each round halves the ranks that hold something. */
static int gather_to_root(gathering *g, tree_front *front, size_t total)
{
    const int rank = g->c->rank, size = g->c->size;
    for (int d = 1; d < size; d *= 2) {
        if (rank % (2 * d) == d) {
            for (size_t i = 0; i < front->count; i++) {
                const int code = send_vector(g->c, slot_data(g, front->nodes[i].slot), g->n, g->e, rank - d);
                if (code != LS_OK) {
                    return code;
                }
            }
            return LS_OK;
        }
        if (rank + d < size) {
            const int code = take_over(g, front, rank + d, d, total);
            if (code != LS_OK) {
                return code;
            }
        }
    }
    return LS_OK;
}

static int sum_vectors(comm *c, void *out, void *vectors, size_t n, const tree_front *local, size_t total,
                       const element *e)
{
    size_t bytes = 0;
    if (size_mul(&bytes, n, e->width) != 0) {
        return error_set(LS_ENOMEM, "a sum over ranks of %zu elements does not fit in memory", n);
    }
    if (n == 0) {
        return LS_OK;
    }
    if (total == 0) {
        memset(out, 0, bytes);
        return LS_OK;
    }
    tree_front expected;
    front_of_ranks(&expected, total, c->rank, c->rank + 1, c->size);
    if (local->count != expected.count) {
        return error_set(LS_ECOMM,
                         "rank %d brings %zu partial sums where its shards make %zu; this is a defect, report it",
                         c->rank, local->count, expected.count);
    }
    if (c->size > 1 && ranks_are_leaves(total, c->size)) {
        if (out != vectors) {
            memmove(out, vectors, bytes);
        }
        return bytes < LARGE_VECTOR ? sum_doubling(c, out, n, e) : sum_halving(c, out, n, e);
    }
    gathering g = {c, vectors, n, e};
    tree_front front = *local;
    for (size_t i = 0; i < front.count; i++) {
        front.nodes[i].slot = i; /* vector k belongs to node k, wherever the local sums had been */
    }
    const int code = gather_to_root(&g, &front, total);
    if (code != LS_OK) {
        return code;
    }
    if (c->rank == 0) {
        if (front.count != 1) {
            return error_set(LS_ECOMM, "the ranks' shards do not add up to the %zu of the batch", total);
        }
        const void *sum = slot_data(&g, front.nodes[0].slot);
        if (sum != out) {
            memmove(out, sum, bytes);
        }
    }
    return comm_broadcast_typed(c, out, n, e->width, e->type);
}

int comm_sum_f64(comm *c, double *out, double *vectors, size_t n, const tree_front *local, size_t total_shards)
{
    const element e = {sizeof(double), MPI_DOUBLE, add_f64};
    return sum_vectors(c, out, vectors, n, local, total_shards, &e);
}

int comm_sum_real(comm *c, real *out, real *vectors, size_t n, const tree_front *local, size_t total_shards)
{
#ifdef LOCKSTEP_DOUBLE
    return comm_sum_f64(c, out, vectors, n, local, total_shards);
#else
    const element e = {sizeof(float), MPI_FLOAT, add_f32};
    return sum_vectors(c, out, vectors, n, local, total_shards, &e);
#endif
}

typedef struct partial_sums {
    double *values; /* [shards][n] */
    size_t n;
} partial_sums;

static void add_partials(void *context, size_t into, size_t from)
{
    const partial_sums *p = context;
    double *left = p->values + into * p->n;
    add_f64(left, left, p->values + from * p->n, p->n);
}

static int reducer_sum(void *context, double *out, double *partials, size_t n)
{
    const comm_reducer_context *r = context;
    const size_t first = r->synchronized ? r->first_shard : 0;
    const size_t total = r->synchronized ? r->total_shards : r->shards;
    partial_sums p = {partials, n};
    tree_front front;
    tree_reduce(&front, first, r->shards, total, add_partials, &p);
    for (size_t i = 0; i < front.count; i++) {
        if (front.nodes[i].slot != i) {
            memmove(partials + i * n, partials + front.nodes[i].slot * n, n * sizeof *partials);
            front.nodes[i].slot = i;
        }
    }
    if (r->synchronized) {
        return comm_sum_f64(r->c, out, partials, n, &front, total);
    }
    if (front.count == 0) {
        memset(out, 0, n * sizeof *out);
    } else if (out != partials) {
        memmove(out, partials, n * sizeof *out);
    }
    return LS_OK;
}

reducer comm_reducer(comm_reducer_context *context, size_t samples)
{
    return (reducer){.sum = reducer_sum, .context = context, .samples = samples};
}
