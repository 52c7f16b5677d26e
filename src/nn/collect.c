#include "nn/collect.h"

#include "base/tree.h"

/* Elements a piece of work aims at: of 8 shards they fill half of a 512 KiB cache. */
enum { PIECE = 8192 };

typedef struct collect_job {
    const nn_run *run;
    const collection *c;
    size_t parts_a_piece;
} collect_job;

/* A piece of all the shards' vectors. */
typedef struct slice {
    real *base;
    size_t stride, n;
} slice;

static void add_vectors(void *context, size_t into, size_t from)
{
    const slice *s = context;
    real *restrict a = s->base + into * s->stride;
    const real *restrict b = s->base + from * s->stride;
    for (size_t i = 0; i < s->n; i++) {
        a[i] += b[i];
    }
}

static void collect_piece(void *context, size_t index, int thread)
{
    const collect_job *job = context;
    const collection *c = job->c;
    const nn_run *run = job->run;
    const size_t first = index * job->parts_a_piece;
    const size_t end = first + job->parts_a_piece < c->parts ? first + job->parts_a_piece : c->parts;
    real *const vectors = run->dweights + c->offset;
    slice s = {vectors + first * c->part_size, run->dweights_stride, (end - first) * c->part_size};
    tree_front front;
    (void)thread;
    tree_reduce(&front, run->range.first, run->range.count, run->range.total, add_vectors, &s);
    for (size_t k = 0; k < front.count; k++) {
        c->take(c->context, k, vectors + front.nodes[k].slot * run->dweights_stride, first, end);
    }
}

void nn_collect(const nn_run *run, const collection *c)
{
    const size_t each = PIECE / c->part_size > 0 ? PIECE / c->part_size : 1;
    collect_job job = {run, c, each};
    pool_run(run->threads, collect_piece, &job, (c->parts + each - 1) / each);
}
