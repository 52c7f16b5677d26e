#include "measure/feed.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "model/model.h"
#include "train/step.h"

/* What is measured with. */
typedef struct feed {
    session s;
    const feed_options *o;
    uint64_t epoch; /* at hand */
} feed;

/* This rank's figures. */
typedef struct feed_record {
    double alone;    /* seconds of the batches alone */
    double pictures; /* in them */
    double parts[LOADER_PARTS];
    double worked;             /* pictures that these are of */
    double bare, step, waited; /* seconds of all timed steps */
    double samples;            /* of the global batches in the latter two */
} feed_record;

/* The next batch of an epoch, or of the one after it, whose pictures have the same size. */
static int next_batch(feed *f, batch *out)
{
    int got = loader_next(f->s.train, out);
    if (got == 0) {
        const int code = loader_start_epoch(f->s.train, ++f->epoch, 0);
        got = code == LS_OK ? loader_next(f->s.train, out) : code;
    }
    return got > 0 ? LS_OK : got;
}

/* Collective. */
static int start(feed *f, size_t step)
{
    f->epoch = 0;
    return session_start_epoch(&f->s, f->epoch, step);
}

/* Batches that nobody computes with. */
static int load_alone(feed *f, feed_record *r)
{
    batch b;
    int code = start(f, 0);
    for (size_t i = 0; code == LS_OK && i <= f->o->warm_up; i++) { /* at least one, so that none is ready any more */
        code = next_batch(f, &b);
    }
    const loader_work before = loader_worked(f->s.train);
    const double begin = clock_seconds();
    for (size_t i = 0; code == LS_OK && i < FEED_ALONE * f->o->steps; i++) {
        code = next_batch(f, &b);
        r->pictures += code == LS_OK ? (double)b.range.samples : 0;
    }
    r->alone = clock_seconds() - begin;
    const loader_work after = loader_worked(f->s.train);
    for (int p = 0; p < LOADER_PARTS; p++) {
        r->parts[p] = after.seconds[p] - before.seconds[p];
    }
    r->worked = (double)(after.samples - before.samples);
    return comm_agree(f->s.c, code);
}

static int take_step(feed *f, const batch *b, int failure)
{
    step_metrics m;
    step_agreement all = {.code = failure};
    const int code = comm_or_abort(f->s.c, step_train(f->s.replica.steps, b, &f->s.replica.state, &all, &m));
    return code != LS_OK ? code : all.code;
}

/* Steps on one batch; the loader has no more than this and perhaps one other to load, and has done so when it counts.
 */
static int step_on_one(feed *f, feed_record *r)
{
    batch b;
    const size_t steps = loader_steps(f->s.train);
    int code = start(f, steps > 1 ? steps - 2 : 0);
    if (code == LS_OK) {
        code = comm_agree(f->s.c, next_batch(f, &b));
    }
    for (size_t i = 0; code == LS_OK && i < f->o->warm_up; i++) {
        code = take_step(f, &b, LS_OK);
    }
    const double begin = clock_seconds();
    for (size_t i = 0; code == LS_OK && i < f->o->steps; i++) {
        code = take_step(f, &b, LS_OK);
    }
    r->bare = clock_seconds() - begin;
    return code;
}

/* A failure of loading is agreed on in the step, as in training. */
static int load_and_step(feed *f, feed_record *r)
{
    batch b = {0};
    const int code = next_batch(f, &b);
    r->samples += (double)b.range.all_samples;
    return take_step(f, &b, code);
}

static int step_on_all(feed *f, feed_record *r)
{
    int code = start(f, 0);
    for (size_t i = 0; code == LS_OK && i < f->o->warm_up; i++) {
        code = load_and_step(f, r);
    }
    const double waited = loader_waited(f->s.train);
    const double begin = clock_seconds();
    r->samples = 0;
    for (size_t i = 0; code == LS_OK && i < f->o->steps; i++) {
        code = load_and_step(f, r);
    }
    r->step = clock_seconds() - begin;
    r->waited = loader_waited(f->s.train) - waited;
    return code;
}

/* Collective. */
static int put_together(feed_result *out, const feed *f, const feed_record *r)
{
    comm *c = f->s.c;
    const double ranks = (double)comm_size(c);
    const double steps = (double)f->o->steps;
    double sums[LOADER_PARTS + 7] = {r->pictures / r->alone, r->worked,         r->bare / steps,
                                     r->step / steps,        r->waited / steps, (double)loader_threads(f->s.train),
                                     r->samples / r->step};
    double *each = calloc((size_t)ranks, sizeof *each);
    int code = comm_agree(c, each != NULL ? LS_OK : error_set(LS_ENOMEM, "out of memory for the times of ranks"));
    for (int p = 0; p < LOADER_PARTS; p++) {
        sums[7 + p] = r->parts[p];
    }
    if (code == LS_OK && each != NULL) {
        each[comm_rank(c)] = r->waited / steps;
        code = comm_sum_ranks(c, sums, sizeof sums / sizeof *sums);
    }
    if (code == LS_OK) {
        code = comm_sum_ranks(c, each, (size_t)ranks);
    }
    if (code == LS_OK && each != NULL) { /* the latter is in the former, which clang-tidy cannot see */
        out->alone = sums[0];
        out->bare = sums[2] / ranks;
        out->step = sums[3] / ranks;
        out->waited = sums[4] / ranks;
        out->loaders = sums[5] / ranks;
        out->images = sums[6] / ranks;
        for (int p = 0; p < LOADER_PARTS; p++) {
            out->parts[p] = sums[7 + p] / sums[1];
        }
        for (size_t i = 0; i < (size_t)ranks; i++) {
            out->waited_most = each[i] > out->waited_most ? each[i] : out->waited_most;
        }
    }
    free(each);
    return code;
}

int feed_run(feed_result *out, comm *c, const feed_options *options)
{
    feed f = {.o = options};
    feed_record r = {0};
    *out = (feed_result){.ranks = (size_t)comm_size(c), .batch = options->session.order.batch};
    int code = session_open(&f.s, c, &options->session);
    if (code == LS_OK) {
        model_init(&f.s.replica.state, options->session.order.seed);
        out->pictures = dataset_count(f.s.data, DATASET_TRAIN);
        out->bytes = (double)dataset_bytes(f.s.data) / (double)dataset_samples(f.s.data);
        out->held = dataset_held(f.s.data);
        code = load_alone(&f, &r);
    }
    if (code == LS_OK) {
        code = step_on_one(&f, &r);
    }
    if (code == LS_OK) {
        code = step_on_all(&f, &r);
    }
    if (code == LS_OK) {
        code = put_together(out, &f, &r);
    }
    session_close(&f.s);
    return code;
}
