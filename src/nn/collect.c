#include "nn/collect.h"

enum { CHUNK = 16384 };

typedef struct collect_job {
    const nn_run *run;
    size_t n;
} collect_job;

typedef struct collect_chunk {
    real *base;
    size_t stride, begin, end;
} collect_chunk;

static void add_vectors(void *context, size_t into, size_t from)
{
    const collect_chunk *c = context;
    real *a = c->base + into * c->stride;
    const real *b = c->base + from * c->stride;
    for (size_t i = c->begin; i < c->end; i++) {
        a[i] += b[i];
    }
}

static void collect_one(void *context, size_t index, int thread)
{
    const collect_job *job = context;
    (void)thread;
    const size_t begin = index * CHUNK;
    const size_t end = begin + CHUNK < job->n ? begin + CHUNK : job->n;
    collect_chunk chunk = {job->run->dweights, job->run->dweights_stride, begin, end};
    tree_front front;
    tree_reduce(&front, job->run->first_shard, job->run->shards, job->run->total_shards, add_vectors, &chunk);
}

void nn_collect(tree_front *front, const nn_run *run, size_t n)
{
    collect_job job = {run, n};
    pool_run(run->threads, collect_one, &job, (n + CHUNK - 1) / CHUNK);
    tree_front_of(front, run->first_shard, run->shards, run->total_shards);
}
