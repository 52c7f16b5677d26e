#include "measure/peaks.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "kernels/kernels.h"
#include "kernels/peak.h"

/* Elements of each of three arrays, far beyond any cache; the best of some tries, as anything that disturbs slows. */
static const size_t elements = ((size_t)64 << 20) / sizeof(real);
static const size_t rounds = (size_t)1 << 20; /* a few milliseconds */
enum { TRIES = 30 };

typedef struct peak_job {
    const char *isa;
    size_t threads;
    double *flops; /* [threads] */
    real *arrays;  /* [3][elements] */
} peak_job;

static void compute(void *context, size_t index, int thread)
{
    const peak_job *job = context;
    real values[3] = {(real)0.5, (real)0.25, 0};
    (void)thread;
    job->flops[index] = peak_multiply_add(job->isa, rounds, values);
}

static void stream(void *context, size_t index, int thread)
{
    const peak_job *job = context;
    const size_t begin = index * elements / job->threads;
    const size_t end = (index + 1) * elements / job->threads;
    (void)thread;
    peak_triad(job->arrays + begin, job->arrays + elements + begin, job->arrays + 2 * elements + begin, (real)0.5,
               end - begin);
}

/* Seconds of the fastest of some tries, each of which all ranks start together. Collective. */
static int best_of(double *seconds, comm *c, pool *p, pool_work work, peak_job *job)
{
    pool_run(p, work, job, job->threads); /* the first touch of the arrays, and threads that slept */
    for (int i = 0; i < TRIES; i++) {
        const int code = comm_barrier(c);
        if (code != LS_OK) {
            return code;
        }
        const double begin = clock_seconds();
        pool_run(p, work, job, job->threads);
        const double took = clock_seconds() - begin;
        *seconds = i == 0 || took < *seconds ? took : *seconds;
    }
    return LS_OK;
}

int peaks_measure(peaks *out, comm *c, pool *threads)
{
    const kernels *k = NULL;
    double seconds = 0;
    *out = (peaks){0};
    int code = kernels_select(&k, KERNEL_STORE_REAL, NULL);
    if (code != LS_OK) {
        return code;
    }
    peak_job job = {.isa = k->name, .threads = (size_t)pool_threads(threads)};
    job.flops = calloc(job.threads, sizeof *job.flops);
    job.arrays = calloc(3 * elements, sizeof *job.arrays);
    if (job.flops == NULL || job.arrays == NULL) {
        code = error_set(LS_ENOMEM, "out of memory for measuring the memory's bandwidth");
    }
    code = comm_agree(c, code);
    if (code != LS_OK || job.arrays == NULL) { /* the latter is in the former, which clang-tidy cannot see */
        goto cleanup;
    }
    for (size_t i = 0; i < 3 * elements; i++) {
        job.arrays[i] = 1; /* pages that were never written would all be one page of zeros */
    }
    code = best_of(&seconds, c, threads, compute, &job);
    for (size_t i = 0; code == LS_OK && i < job.threads; i++) {
        out->flops += job.flops[i] / seconds;
    }
    if (code == LS_OK) {
        code = best_of(&seconds, c, threads, stream, &job);
        out->bytes = 3.0 * (double)(elements * sizeof(real)) / seconds;
    }
cleanup:
    free(job.arrays);
    free(job.flops);
    return code;
}
