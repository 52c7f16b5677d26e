#include "exchange/calibrate.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "exchange/histogram.h"
#include "model/model.h"

enum { PICTURES = 16 }; /* of one forward */

/* Of one node. */
typedef struct tally {
    size_t channels;
    size_t count;           /* of values of a channel */
    double *sums;           /* [channels] */
    value_histogram *parts; /* [threads]; counts do not depend on the order in which they are added up */
} tally;

struct calibration {
    const exchange_model *m;
    pool *threads;
    model *net;
    model_watcher watcher;
    real *images; /* [PICTURES][height][width][3] */
    tally *nodes; /* [count] */
    size_t count;
    int code; /* the first failure while it watches */
};

/* What pool_run has to do for a node. */
typedef struct tally_job {
    tally *t;
    const model_seen *seen;
} tally_job;

/* What the layer's output is at n places: out[n][8]. Padding is in it. */
static void look(real *restrict out, const lens *view, size_t block, const real *restrict values, size_t n)
{
    real scale[KERNEL_BLOCK];
    real shift[KERNEL_BLOCK];
    for (size_t k = 0; k < KERNEL_BLOCK; k++) {
        scale[k] = view->scale == NULL ? 1 : view->scale[block * KERNEL_BLOCK + k];
        shift[k] = view->scale == NULL ? 0 : view->shift[block * KERNEL_BLOCK + k];
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < KERNEL_BLOCK; k++) {
            out[i * KERNEL_BLOCK + k] = values[i * KERNEL_BLOCK + k] * scale[k] + shift[k];
        }
    }
    for (size_t i = 0; view->clamp && i < n * KERNEL_BLOCK; i++) {
        const real low = out[i] < 0 ? 0 : out[i];
        out[i] = low > 6 ? 6 : low;
    }
}

/* [n][8] to [n][channels], in place. */
static void drop_padding(real *values, size_t n, size_t channels)
{
    for (size_t i = 1; i < n && channels < KERNEL_BLOCK; i++) {
        memmove(values + i * channels, values + i * KERNEL_BLOCK, channels * sizeof *values);
    }
}

/* One block of channels, of all shards in order: so the sums do not depend on threads. */
static void tally_block(void *context, size_t block, int thread)
{
    enum { PLACES = 64 };
    const tally_job *job = context;
    const model_seen *seen = job->seen;
    const nn_run *run = seen->run;
    const size_t rest = seen->channels - block * KERNEL_BLOCK;
    const size_t channels = rest < KERNEL_BLOCK ? rest : KERNEL_BLOCK;
    for (size_t s = 0; s < run->range.count; s++) {
        const size_t n = nn_shard_samples(run, s) * seen->pixels;
        const real *values = (const real *)seen->output.data + s * seen->output.stride + block * n * KERNEL_BLOCK;
        double sums[KERNEL_BLOCK] = {0};
        for (size_t done = 0; done < n; done += PLACES) {
            real out[PLACES * KERNEL_BLOCK];
            const size_t places = n - done < PLACES ? n - done : PLACES;
            look(out, &seen->output.view, block, values + done * KERNEL_BLOCK, places);
            for (size_t i = 0; i < places; i++) {
                for (size_t k = 0; k < KERNEL_BLOCK; k++) {
                    sums[k] += (double)out[i * KERNEL_BLOCK + k];
                }
            }
            drop_padding(out, places, channels);
            value_histogram_add(&job->t->parts[thread], out, places * channels);
        }
        for (size_t k = 0; k < channels; k++) {
            job->t->sums[block * KERNEL_BLOCK + k] += sums[k];
        }
    }
}

static int tally_make(tally *t, size_t channels, int threads)
{
    t->channels = channels;
    t->sums = calloc(channels, sizeof *t->sums);
    t->parts = calloc((size_t)threads, sizeof *t->parts);
    return t->sums != NULL && t->parts != NULL ? LS_OK : error_set(LS_ENOMEM, "out of memory for activations' ranges");
}

static void see(void *context, const model_seen *seen)
{
    calibration *c = context;
    tally *t = &c->nodes[seen->node];
    if (c->code == LS_OK && t->parts == NULL) {
        c->code = tally_make(t, seen->channels, pool_threads(c->threads));
    }
    if (c->code == LS_OK) {
        tally_job job = {t, seen};
        pool_run(c->threads, tally_block, &job, nn_padded(seen->channels) / KERNEL_BLOCK);
        t->count += seen->run->range.samples * seen->pixels;
    }
}

/* The images, which are no output of a layer. */
static void see_images(calibration *c, const real *images, size_t pixels)
{
    tally *t = &c->nodes[0];
    for (size_t i = 0; i < 3 * pixels; i++) {
        t->sums[i % 3] += (double)images[i];
    }
    value_histogram_add(t->parts, images, 3 * pixels);
    t->count += pixels;
}

static int prepare(calibration *c)
{
    graph net;
    model_options o = MODEL_OPTIONS_INIT;
    o.height = c->m->spec.height;
    o.width = c->m->spec.width;
    o.classes = c->m->spec.classes;
    o.network = c->m->spec.options;
    o.network.precision = PRECISION_FLOAT32;
    o.norm = (batch_norm_options){.momentum = c->m->momentum, .epsilon = c->m->epsilon};
    o.shard_size = 1;
    o.max_shards = PICTURES;
    o.training = 0;
    int code = network_build(&net, &c->m->spec);
    c->count = net.count;
    graph_release(&net);
    if (code == LS_OK) {
        code = model_create(&c->net, &o, c->threads);
    }
    c->nodes = code == LS_OK ? calloc(c->count, sizeof *c->nodes) : NULL;
    c->images = code == LS_OK ? malloc(PICTURES * o.height * o.width * 3 * sizeof *c->images) : NULL;
    if (code == LS_OK && (c->nodes == NULL || c->images == NULL)) {
        code = error_set(LS_ENOMEM, "out of memory for activations' ranges");
    }
    if (code == LS_OK) {
        code = tally_make(&c->nodes[0], 3, 1);
    }
    if (code == LS_OK) {
        c->watcher = (model_watcher){see, c};
        model_set_watcher(c->net, &c->watcher);
    }
    return code;
}

int calibration_create(calibration **out, const exchange_model *m, int threads)
{
    *out = NULL;
    calibration *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return error_set(LS_ENOMEM, "out of memory for activations' ranges");
    }
    c->m = m;
    int code = pool_create(&c->threads, threads);
    if (code == LS_OK) {
        code = prepare(c);
    }
    if (code != LS_OK) {
        calibration_free(c);
        return code;
    }
    *out = c;
    return LS_OK;
}

void calibration_free(calibration *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; c->nodes != NULL && i < c->count; i++) {
        free(c->nodes[i].sums);
        free(c->nodes[i].parts);
    }
    free(c->nodes);
    free(c->images);
    model_free(c->net);
    pool_free(c->threads);
    free(c);
}

int calibration_add(calibration *c, const real *images, size_t n)
{
    const size_t pixels = c->m->spec.height * c->m->spec.width;
    for (size_t done = 0; c->code == LS_OK && done < n; done += PICTURES) {
        const size_t count = n - done < PICTURES ? n - done : PICTURES;
        const batch b = {.images = c->images, .range = shard_range_of(count, 1, 0, 1)};
        memcpy(c->images, images + done * pixels * 3, count * pixels * 3 * sizeof *images);
        see_images(c, c->images, count * pixels);
        const int code = model_forward(c->net, c->m->weights, &b, MODEL_INFER, NULL, NULL);
        c->code = c->code == LS_OK ? code : c->code;
    }
    return c->code;
}

/* The logits are compared with each other, and the largest is what counts: none is cut off. */
static calibration_options options_of(const calibration *c, size_t node, const calibration_options *o)
{
    return node + 1 == c->count ? (calibration_options){CALIBRATION_ALL, 1} : *o;
}

static int range_of(exchange_range *out, const calibration *c, size_t node, const calibration_options *all)
{
    const tally *t = &c->nodes[node];
    const calibration_options o = options_of(c, node, all);
    value_histogram h = t->parts[0];
    for (int i = 1; node > 0 && i < pool_threads(c->threads); i++) {
        value_histogram_merge(&h, &t->parts[i]);
    }
    if (h.strange) {
        return error_set(LS_ENUMERIC, "the network's activations are not finite for a picture");
    }
    out->least = h.least;
    out->most = h.most;
    if (o.rule == CALIBRATION_SHARE) {
        value_histogram_share(&h, o.share, &out->least, &out->most);
    } else if (o.rule == CALIBRATION_ERROR) {
        value_histogram_fit(&h, &out->least, &out->most);
    }
    out->means = malloc(t->channels * sizeof *out->means);
    for (size_t i = 0; out->means != NULL && i < t->channels; i++) {
        out->means[i] = t->sums[i] / (double)t->count;
    }
    return out->means != NULL ? LS_OK : error_set(LS_ENOMEM, "out of memory for activations' ranges");
}

int calibration_ranges(exchange_ranges *out, const calibration *c, const calibration_options *o)
{
    int code = c->code;
    *out = (exchange_ranges){calloc(c->count, sizeof *out->nodes), c->count};
    if (code == LS_OK && out->nodes == NULL) {
        code = error_set(LS_ENOMEM, "out of memory for activations' ranges");
    }
    if (code == LS_OK && c->nodes[0].count == 0) {
        code = error_set(LS_EUSAGE, "ranges of activations need pictures, and there were none");
    }
    for (size_t i = 0; code == LS_OK && i < c->count; i++) {
        if (c->nodes[i].parts != NULL) {
            code = range_of(&out->nodes[i], c, i, o);
        }
    }
    if (code != LS_OK) {
        exchange_ranges_release(out);
    }
    return code;
}

void exchange_ranges_release(exchange_ranges *r)
{
    for (size_t i = 0; r->nodes != NULL && i < r->count; i++) {
        free(r->nodes[i].means);
    }
    free(r->nodes);
    *r = (exchange_ranges){0};
}
