/*
 * batch_hashes FILE.h5: whether the batches of a packed data set have the same bits for 1 to 4 ranks, 1 and 2 loading
 * threads, and from the middle of an epoch on; held in memory and read from the file; to train in each way in which
 * pictures are ordered and made, and to validate. Prints a line for each way, `WAY <16 hex digits>`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "data/loader.h"

enum { SIDE = 32, PIXELS = SIDE * SIDE * 3, BATCH = 12, MOST_STEPS = 64, RANKS = 4, THREADS = 2, EPOCH = 3 };

/* A way to order and make batches: what differs from the plainest. */
typedef struct way {
    const char *name;
    dataset_split split;
    bool shuffle;
    size_t window, steps;
    order_sampling sampling;
    data_decode decode;
    resize_fit fit;
    const augment_options *augmentation; /* NULL: none */
} way;

static const augment_options much = {
    .crop = true,
    .part = {.scale_min = 0.2, .scale_max = 1, .ratio_min = 0.75, .ratio_max = 1.25},
    .interpolation = RESIZE_CUBIC,
    .flip = 0.5,
    .policy = AUGMENT_TRIVIAL,
    .brightness = 0.4,
    .hue = 0.1,
    .erase = 0.5,
    .erased = {.scale_min = 0.02, .scale_max = 0.33, .ratio_min = 0.3, .ratio_max = 3.3},
    .repeats = 2,
};
static const augment_options mixed = {.mix = {.mixup = 0.4, .cutmix = 1}};

static const way ways[] = {
    {"validation", .split = DATASET_VAL, .fit = RESIZE_CROP},
    {"in order", .split = DATASET_TRAIN},
    {"augmented", .split = DATASET_TRAIN, .shuffle = true, .augmentation = &much, .steps = 9},
    {"balanced and reduced", .split = DATASET_TRAIN, .shuffle = true, .sampling = ORDER_BALANCED,
     .decode = DECODE_REDUCED},
    {"windows and mixup", .split = DATASET_TRAIN, .shuffle = true, .window = 24, .decode = DECODE_REDUCED,
     .augmentation = &mixed},
};

/* An epoch: a hash for each of its batches. */
typedef struct epoch {
    uint64_t batches[MOST_STEPS];
    size_t steps;
} epoch;

static int fail(const char *what)
{
    return error_set(LS_ERROR, "%s", what);
}

static loader_options options_of(const way *w, dataset *data, int ranks, int threads)
{
    return (loader_options){
        .data = data,
        .split = w->split,
        .input = {.height = SIDE,
                  .width = SIDE,
                  .fit = w->fit,
                  .decode = w->decode,
                  .augmentation = w->augmentation != NULL ? *w->augmentation : (augment_options){0},
                  .loader_threads = threads},
        .order = {.batch = BATCH,
                  .shard_size = 4,
                  .steps_per_epoch = w->steps,
                  .seed = 5,
                  .shuffle = w->shuffle,
                  .sampling = w->sampling,
                  .window = w->window,
                  .run = 3},
        .turn = true,
        .size = ranks,
    };
}

/* A rank's part of a batch goes to where it belongs. */
typedef struct whole {
    real images[BATCH * PIXELS];
    int32_t labels[BATCH], others[BATCH];
    float shares[BATCH];
    size_t samples;
} whole;

static void put_part(whole *to, const batch *b)
{
    const size_t at = b->range.first_sample;
    const size_t n = b->range.samples;
    memcpy(to->images + at * PIXELS, b->images, n * PIXELS * sizeof *to->images);
    memcpy(to->labels + at, b->labels, n * sizeof *to->labels);
    if (b->others != NULL) {
        memcpy(to->others + at, b->others, n * sizeof *to->others);
        memcpy(to->shares + at, b->shares, n * sizeof *to->shares);
    }
    to->samples += n;
}

static uint64_t hash_of(const whole *w)
{
    uint64_t h = hash_bytes(HASH_START, w->images, w->samples * PIXELS * sizeof *w->images);
    h = hash_bytes(h, w->labels, w->samples * sizeof *w->labels);
    h = hash_bytes(h, w->others, w->samples * sizeof *w->others);
    return hash_bytes(h, w->shares, w->samples * sizeof *w->shares);
}

/* The next batch of all ranks; 1, 0 at the end, or a failure. */
static int next_of_all(whole *out, loader *const *ranks, int count)
{
    batch b;
    memset(out, 0, sizeof *out);
    for (int r = 0; r < count; r++) {
        const int got = loader_next(ranks[r], &b);
        if (got <= 0) {
            return got;
        }
        put_part(out, &b);
        if (r == count - 1 && out->samples != b.range.all_samples) {
            return fail("the ranks' parts are not the batch");
        }
    }
    return 1;
}

/* Batches from a step on. */
static int run(epoch *out, const loader_options *options, size_t first)
{
    static whole all;
    loader *ranks[RANKS] = {NULL};
    loader_options o = *options;
    int code = LS_OK;
    *out = (epoch){0};
    for (o.rank = 0; code == LS_OK && o.rank < o.size; o.rank++) {
        code = loader_create(&ranks[o.rank], &o);
        if (code == LS_OK) {
            code = loader_start_epoch(ranks[o.rank], EPOCH, first);
        }
    }
    int got = code == LS_OK ? next_of_all(&all, ranks, o.size) : code;
    for (; got > 0 && out->steps < MOST_STEPS; got = next_of_all(&all, ranks, o.size)) {
        out->batches[out->steps++] = hash_of(&all);
    }
    for (int r = 0; r < o.size; r++) {
        loader_free(ranks[r]);
    }
    return got > 0 ? fail("too many steps") : got;
}

/* Whether the batches from `first` on are the same ones. */
static int compare(const epoch *wanted, const epoch *got, size_t first, const loader_options *o, const char *name)
{
    if (got->steps == wanted->steps - first &&
        memcmp(got->batches, wanted->batches + first, got->steps * sizeof *got->batches) == 0) {
        return LS_OK;
    }
    return error_set(LS_ERROR, "%s: other batches with %d ranks of %d threads, %s, from step %zu on", name, o->size,
                     o->input.loader_threads, dataset_held(o->data) ? "in memory" : "from the file", first);
}

static int check_way(const way *w, dataset *const sources[2])
{
    epoch wanted;
    epoch got;
    loader_options o = options_of(w, sources[0], 1, 1);
    int code = run(&wanted, &o, 0);
    if (code == LS_OK && wanted.steps < 1) {
        code = fail("no batches");
    }
    for (int k = 0; code == LS_OK && k < 2 * RANKS * THREADS; k++) {
        o = options_of(w, sources[k % 2], 1 + k / 2 % RANKS, 1 + k / 2 / RANKS);
        for (int part = 0; code == LS_OK && part < 2; part++) {
            const size_t first = part == 0 ? 0 : wanted.steps / 2;
            code = run(&got, &o, first);
            if (code == LS_OK) {
                code = compare(&wanted, &got, first, &o, w->name);
            }
        }
    }
    if (code == LS_OK) {
        (void)printf("%s %016llx\n", w->name,
                     (unsigned long long)hash_bytes(HASH_START, wanted.batches, wanted.steps * sizeof *wanted.batches));
    }
    return code;
}

int main(int argc, char **argv)
{
    dataset *sources[2] = {NULL};
    if (argc != 2) {
        (void)fprintf(stderr, "usage: batch_hashes FILE.h5\n");
        return 2;
    }
    int code = dataset_open(&sources[0], argv[1]);
    if (code == LS_OK) {
        code = dataset_open_unread(&sources[1], argv[1]);
    }
    for (size_t i = 0; code == LS_OK && i < sizeof ways / sizeof *ways; i++) {
        code = check_way(&ways[i], sources);
    }
    if (code != LS_OK) {
        (void)fprintf(stderr, "batch_hashes: %s: %s\n", argv[1], error_message());
    }
    dataset_free(sources[0]);
    dataset_free(sources[1]);
    return code == LS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
