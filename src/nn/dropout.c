#include "nn/dropout.h"

#include "base/random.h"

enum { B = KERNEL_BLOCK };

typedef struct dropout_job {
    const dropout *d;
    const nn_run *run;
    real *values;
    size_t features, stride;
} dropout_job;

static void drop_sample(const dropout_job *job, real *values, size_t samples, size_t n, uint64_t place)
{
    const dropout *d = job->d;
    const uint64_t stream = random_stream(RANDOM_DROPOUT, d->step, place);
    const real kept = (real)(1 / (1 - d->probability));
    for (size_t f = 0; f < job->features; f++) {
        real *value = &values[(f / B * samples + n) * B + f % B];
        *value = random_unit(d->seed, stream, f) < d->probability ? 0 : *value * kept;
    }
}

static void drop_shard(void *context, size_t s, int thread)
{
    const dropout_job *job = context;
    const size_t samples = nn_shard_samples(job->run, s);
    const size_t first = job->run->range.first_sample + s * job->run->shard_size;
    (void)thread;
    for (size_t n = 0; n < samples; n++) {
        drop_sample(job, job->values + s * job->stride, samples, n, first + n);
    }
}

/* values are written to, through the job. */ /* NOLINTNEXTLINE(readability-non-const-parameter) */
void dropout_apply(const dropout *d, const nn_run *run, real *values, size_t features, size_t stride)
{
    dropout_job job = {d, run, values, features, stride};
    if (d->probability > 0) {
        pool_sweep(run->threads, drop_shard, &job, run->range.count);
    }
}
