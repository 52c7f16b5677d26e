#include "train/features.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/watch.h"
#include "data/augment_jitter.h"
#include "store/features_file.h"

enum { PATH_SIZE = 4096, PIECE = 1 << 28 };

static bool augments(const data_options *o)
{
    const augment_options *a = &o->augmentation;
    return o->augment || a->crop || a->flip > 0 || a->policy != AUGMENT_NO_POLICY || augment_jitter_wanted(a) ||
           a->erase > 0;
}

bool features_wanted(const session_options *o)
{
    const mix_options *mixed = &o->data.augmentation.mix;
    const bool frozen = o->train.freeze != NULL && strcmp(o->train.freeze, "backbone") == 0;
    return o->training && o->features.cache != FEATURES_OFF && frozen && mixed->mixup == 0 && mixed->cutmix == 0 &&
           o->data.resolution.first == 0 && o->data.resolution.last == 0 &&
           (!augments(&o->data) || o->features.variants > 0);
}

/* How often each training picture is computed. */
static size_t variants_of(const session_options *o)
{
    return augments(&o->data) ? o->features.variants : 1;
}

static size_t rows_of(const session_options *o, const dataset *d)
{
    return variants_of(o) * dataset_count(d, DATASET_TRAIN) + dataset_count(d, DATASET_VAL);
}

/* What the first dense layer of the network reads; 0 where there is no such network. */
static size_t width_of(const session_options *o)
{
    tensor_table t;
    size_t width = 0;
    const network_spec spec = {.classes = 2, .options = o->network};
    if (network_describe(&t, &spec) != LS_OK) {
        return 0;
    }
    for (size_t i = t.count; i-- > 0;) {
        width = t.tensors[i].role == TENSOR_DENSE_KERNEL ? t.tensors[i].shape[0] : width;
    }
    tensor_table_release(&t);
    return width;
}

size_t features_memory(const session_options *o, const dataset *d)
{
    return features_wanted(o) ? rows_of(o, d) * width_of(o) * sizeof(real) : 0;
}

/* While rows of a batch come from all ranks. */
typedef struct gathering {
    real *to; /* of the batch's first sample; rank 0's */
    size_t samples, shard_size, width;
    int rank, ranks; /* whose rows come next */
} gathering;

static int take_rows(void *context, const void *bytes, size_t n)
{
    gathering *g = context;
    const shard_range r = shard_range_of(g->samples, g->shard_size, (size_t)g->rank++, (size_t)g->ranks);
    (void)n;
    memcpy(g->to + r.first_sample * g->width, bytes, r.samples * g->width * sizeof(real));
    return LS_OK;
}

/* Features of one pass over a split to rank 0's `to`. own: room for a rank's largest part of a batch. */
/* to is written to, through the gathering. */ /* NOLINTNEXTLINE(readability-non-const-parameter) */
static int compute_pass(session *s, loader *l, uint64_t epoch, real *own, size_t own_bytes, real *to)
{
    const size_t width = model_features(s->replica.net);
    const order_options *by = &s->options.order;
    size_t done = 0;
    int code = comm_agree(s->c, loader_start_epoch(l, epoch, 0));
    while (code == LS_OK) {
        batch b;
        const int got = loader_next(l, &b);
        code = comm_agree(s->c, got < 0 ? got : LS_OK);
        if (code != LS_OK || got == 0) {
            break;
        }
        (void)watch_enter(WATCH_FORWARD);
        code = model_forward(s->replica.net, &s->replica.state, &b, MODEL_INFER, NULL, NULL);
        code = comm_agree(s->c, code);
        if (code == LS_OK) {
            gathering g = {to + done * width, b.range.all_samples, by->shard_size, width, 0, comm_size(s->c)};
            model_read_features(s->replica.net, own);
            code = comm_or_abort(s->c, comm_collect(s->c, own, own_bytes, take_rows, &g));
        }
        done += b.range.all_samples;
        log_progress("features    %zu of %zu pictures", done, loader_samples(l));
        watch_beat();
    }
    log_progress_end();
    return code;
}

static int compute_split(session *s, const loader_options *options, size_t passes, real *own, size_t own_bytes,
                         real *to)
{
    loader *l = NULL;
    loader_options o = *options;
    o.data = s->data;
    o.turn = session_turns(s);
    o.order.shuffle = false;
    o.order.sampling = ORDER_NATURAL;
    o.order.steps_per_epoch = 0;
    o.input.augmentation.repeats = 1;
    int code = comm_agree(s->c, loader_create(&l, &o));
    for (uint64_t pass = 0; code == LS_OK && pass < passes; pass++) {
        code = compute_pass(s, l, pass, own, own_bytes, to);
        to += loader_samples(l) * model_features(s->replica.net);
    }
    loader_free(l);
    return code;
}

/* All of them, to rank 0. */
static int compute(session *s, real *values)
{
    const session_options *o = &s->options;
    const int rank = comm_rank(s->c);
    const int ranks = comm_size(s->c);
    const shard_range most = shard_range_of(o->order.batch, o->order.shard_size, 0, 1);
    const size_t shards = most.total / (size_t)ranks + 1;
    const size_t own_bytes = shards * o->order.shard_size * model_features(s->replica.net) * sizeof(real);
    const size_t variants = variants_of(o);
    loader_options train = session_train_loader(o, rank, ranks);
    const loader_options val = session_loader(o, rank, ranks);
    if (!augments(&o->data)) {
        train.input = data_options_plain(o->data);
    }
    real *own = malloc(own_bytes);
    int code = comm_agree(s->c, own == NULL ? error_set(LS_ENOMEM, "out of memory for features") : LS_OK);
    if (code == LS_OK) {
        code = session_resize(s, session_input(o));
    }
    if (code == LS_OK) {
        code = compute_split(s, &train, variants, own, own_bytes, values);
    }
    if (code == LS_OK && dataset_count(s->data, DATASET_VAL) > 0) {
        const size_t before = variants * dataset_count(s->data, DATASET_TRAIN);
        code = compute_split(s, &val, 1, own, own_bytes, values + before * model_features(s->replica.net));
    }
    free(own);
    return code;
}

static uint64_t add_text(uint64_t hash, const char *text)
{
    return hash_bytes(hash, text, strlen(text) + 1);
}

/* Of all that features depend on. */
static uint64_t key_of(const session *s)
{
    char text[512];
    const session_options *o = &s->options;
    const data_options *d = &o->data;
    const tensor_table *t = model_table(s->replica.net);
    const uint64_t numbers[] = {dataset_fingerprint(s->data), variants_of(o), augments(d) ? o->order.seed : 0};
    uint64_t hash = hash_bytes(HASH_START, numbers, sizeof numbers);
    (void)snprintf(text, sizeof text,
                   "%zux%zu fit %d scale %d %a %a %a %a %a %a turn %d padding %d epsilon %a %s %s %d", d->height,
                   d->width, (int)d->fit, (int)d->scale, d->mean[0], d->mean[1], d->mean[2], d->deviation[0],
                   d->deviation[1], d->deviation[2], session_turns(s), (int)o->network.padding, o->norm.epsilon,
                   ORIGIN_ANY_PATH, REAL_NAME, (int)o->network.precision);
    hash = add_text(hash, text);
    if (d->decode != DECODE_FULL) {
        hash = add_text(hash, "reduced");
    }
    if (d->background != IMAGE_ALPHA_DROPPED) {
        hash = hash_bytes(hash, &(uint64_t){d->background}, sizeof(uint64_t));
    }
    if (augments(d)) {
        const augment_options *a = &d->augmentation;
        (void)snprintf(text, sizeof text, "%d %a %d %a %a %a %a %d %a %d %d %d %a %a %a %a %a %a %a %a %a %a",
                       d->augment, d->augment_min_scale, a->crop, a->part.scale_min, a->part.scale_max,
                       a->part.ratio_min, a->part.ratio_max, (int)a->interpolation, a->flip, (int)a->policy,
                       (int)a->operations, (int)a->magnitude, a->brightness, a->contrast, a->saturation, a->hue,
                       a->erase, a->erased.scale_min, a->erased.scale_max, a->erased.ratio_min, a->erased.ratio_max,
                       a->erase_value);
        hash = add_text(hash, text);
    }
    for (size_t i = 0; i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        if (info->frozen || info->vector == TENSOR_MOVING) {
            hash = hash_bytes(hash, state_values(&s->replica.state, info), info->size * sizeof(real));
        }
    }
    return hash;
}

/* To all ranks, a piece at a time: a message's length is an int. */
static int share(session *s, real *values, size_t bytes)
{
    int code = LS_OK;
    for (size_t at = 0; code == LS_OK && at < bytes; at += PIECE) {
        code = comm_broadcast(s->c, (char *)values + at, bytes - at < PIECE ? bytes - at : PIECE);
    }
    return comm_or_abort(s->c, code);
}

/* Rank 0's: what a file beside the data set has, if it is wanted and there; 1 where it was read. */
static int read_file(const session *s, real *values, size_t rows, const char *path, uint64_t key)
{
    const size_t width = model_features(s->replica.net);
    const int code = features_file_read(values, rows, width, path, key);
    if (code == LS_OK) {
        log_info("features    of %zu pictures read from %s", rows, path);
    } else if (code != LS_ENOTFOUND) {
        log_warn("%s; it is computed and written again", error_message());
    }
    return code == LS_OK;
}

/* Compute them, unless a file has them; write the file. A file that cannot be written is a pity and no more. */
static int fill(session *s, real *values, size_t rows)
{
    char path[PATH_SIZE] = "";
    const bool leads = comm_rank(s->c) == 0;
    const bool keeps = s->options.features.cache == FEATURES_FILE;
    const uint64_t key = keeps ? key_of(s) : 0;
    const double started = clock_seconds();
    int found = 0;
    if (leads && keeps && features_file_name(path, sizeof path, dataset_path(s->data), key) == LS_OK) {
        found = read_file(s, values, rows, path, key);
    }
    int code = comm_or_abort(s->c, comm_broadcast(s->c, &found, sizeof found));
    if (code == LS_OK && !found) {
        code = compute(s, values);
        log_info("features    of %zu pictures computed in %.1f s; the epochs train what comes after them", rows,
                 clock_seconds() - started);
    }
    if (code == LS_OK && !found && path[0] != '\0' &&
        features_file_write(values, rows, model_features(s->replica.net), path, key) != LS_OK) {
        log_warn("%s; the features are kept in memory alone", error_message());
    }
    return code;
}

int features_prepare(session *s)
{
    const session_options *o = &s->options;
    const size_t rows = rows_of(o, s->data);
    const size_t width = model_features(s->replica.net);
    if (!features_wanted(o) || s->features != NULL || train_has_thawed(&o->train, s->replica.state.epoch) ||
        dataset_count(s->data, DATASET_TRAIN) == 0) {
        return LS_OK;
    }
    real *values = malloc(rows * width * sizeof *values);
    int code = comm_agree(s->c, values == NULL ? error_set(LS_ENOMEM,
                                                           "out of memory for the features of %zu pictures; "
                                                           "set features.cache to off",
                                                           rows)
                                               : LS_OK);
    if (code == LS_OK) {
        code = fill(s, values, rows);
    }
    if (code == LS_OK) {
        code = share(s, values, rows * width * sizeof *values);
    }
    if (code != LS_OK) {
        free(values);
        return code;
    }
    return comm_agree(s->c, session_use_features(s, values, variants_of(o)));
}
