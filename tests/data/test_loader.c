/* The loader: the same bits for any threads and ranks, each validation sample once, errors that name the picture. */
#include <check.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "base/hash.h"
#include "data/dataset_writer.h"
#include "data/loader.h"
#include "data/order.h"
#include "data/pack.h"
#include "scratch.h"

enum { TRAIN = 46, VAL = 21, SIDE = 9, PIXELS = SIDE * SIDE * 3 };

static dataset *data; /* of the whole program */

static void make_data(void)
{
    char name[64];
    const pack_directory_options options = {0};
    scratch_folder("p");
    for (int part = 0; part < 2; part++) {
        const char *split = part == 0 ? "train" : "val";
        (void)snprintf(name, sizeof name, "p/%s", split);
        scratch_folder(name);
        for (int c = 0; c < 2; c++) {
            (void)snprintf(name, sizeof name, "p/%s/%d", split, c);
            scratch_folder(name);
        }
        const int count = part == 0 ? TRAIN : VAL;
        for (int i = 0; i < count; i++) {
            (void)snprintf(name, sizeof name, "p/%s/%d/%02d.png", split, i % 2, i);
            scratch_picture(name, (uint64_t)(1000 * part + i));
        }
    }
    ck_assert_int_eq(pack_directory(scratch("p"), scratch("p.h5"), &options, NULL), LS_OK);
    ck_assert_int_eq(dataset_open(&data, scratch("p.h5")), LS_OK);
}

static loader_options basic(void)
{
    return (loader_options){
        .data = data,
        .split = DATASET_TRAIN,
        .input = {.height = SIDE, .width = SIDE, .augment = true, .loader_threads = 2},
        .order = {.batch = 16, .shard_size = 4, .seed = 5, .shuffle = true},
        .size = 1,
    };
}

static const augment_options all_of_it = {
    .crop = true,
    .part = {.scale_min = 0.2, .scale_max = 1, .ratio_min = 0.75, .ratio_max = 1.25},
    .interpolation = RESIZE_CUBIC,
    .flip = 0.5,
    .policy = AUGMENT_TRIVIAL,
    .brightness = 0.4,
    .contrast = 0.4,
    .saturation = 0.4,
    .hue = 0.1,
    .erase = 0.5,
    .erased = {.scale_min = 0.02, .scale_max = 0.33, .ratio_min = 0.3, .ratio_max = 3.3},
    .repeats = 2,
};

typedef struct record {
    real images[200 * PIXELS];
    int32_t labels[200];
    size_t starts[64]; /* where each step's global batch begins */
    size_t steps;
} record;

/* Run an epoch from first_step as each rank in turn, putting the parts to where they belong. */
static void run(record *out, loader_options o, int size, uint64_t epoch, size_t first_step)
{
    for (int rank = 0; rank < size; rank++) {
        loader *l = NULL;
        batch b;
        o.rank = rank;
        o.size = size;
        ck_assert_int_eq(loader_create(&l, &o), LS_OK);
        ck_assert_int_eq(loader_start_epoch(l, epoch, first_step), LS_OK);
        size_t start = 0;
        size_t step = first_step;
        int more;
        while ((more = loader_next(l, &b)) == 1) {
            const size_t at = start + b.range.first * o.order.shard_size;
            ck_assert_uint_le(start + b.range.all_samples, 200);
            memcpy(out->images + at * PIXELS, b.images, b.range.samples * PIXELS * sizeof(real));
            memcpy(out->labels + at, b.labels, b.range.samples * sizeof *b.labels);
            out->starts[step++] = start;
            start += b.range.all_samples;
        }
        ck_assert_int_eq(more, 0);
        ck_assert_int_eq(loader_next(l, &b), 0);
        ck_assert_uint_eq(step, loader_steps(l));
        out->starts[step] = start;
        out->steps = step;
        loader_free(l);
    }
}

static uint64_t hash_of(const record *r, size_t first, size_t count)
{
    const uint64_t h = hash_bytes(HASH_START, r->images + first * PIXELS, count * PIXELS * sizeof(real));
    return hash_bytes(h, r->labels + first, count * sizeof *r->labels);
}

START_TEST(same_bits_for_any_threads_and_ranks)
{
    record *r = calloc(1, sizeof *r);
    ck_assert_ptr_nonnull(r);
    for (int k = 0; k < 6; k++) {
        loader_options o = basic();
        o.order.window = k >= 4 ? 20 : 0;
        o.order.run = 3;
        o.order.steps_per_epoch = k == 1 || k == 5 ? 7 : 0; /* 7 x 16: more than two passes */
        o.input.augment = k < 2;
        o.input.augmentation = k == 3 ? all_of_it : (augment_options){0};
        const size_t n = k == 1 || k == 5 ? 112 : TRAIN;
        run(r, o, 1, 3, 0);
        ck_assert_uint_eq(r->starts[r->steps], n);
        const uint64_t want = hash_of(r, 0, n);
        const uint64_t tail = hash_of(r, r->starts[2], n - r->starts[2]);
        for (int threads = 1; threads <= 5; threads += 2) {
            for (int size = 1; size <= 5; size++) {
                memset(r, 0, sizeof *r);
                o.input.loader_threads = threads;
                o.ahead = (size_t)threads;
                run(r, o, size, 3, 0);
                ck_assert(hash_of(r, 0, n) == want);
            }
        }
        run(r, o, 3, 3, 2); /* from the third step on */
        ck_assert(hash_of(r, 0, n - 32) == tail);
        run(r, o, 1, 4, 0);
        ck_assert(hash_of(r, 0, n) != want);
    }
    free(r);
}
END_TEST

START_TEST(validation_goes_once_in_order)
{
    record *r = calloc(1, sizeof *r);
    ck_assert_ptr_nonnull(r);
    size_t count = 0;
    const uint32_t *indices = dataset_indices(data, DATASET_VAL, &count);
    ck_assert_uint_eq(count, VAL);
    for (int size = 1; size <= 6; size++) { /* at 6, some ranks have nothing to do */
        loader_options o = basic();
        o.split = DATASET_VAL;
        o.order.steps_per_epoch = 99; /* does not count here, nor do shuffle and augmentation */
        o.input.augmentation = all_of_it;
        memset(r, 0xff, sizeof *r);
        run(r, o, size, 8, 0);
        ck_assert_uint_eq(r->steps, 2);
        ck_assert_uint_eq(r->starts[2], VAL);
        for (size_t i = 0; i < VAL; i++) {
            ck_assert_int_eq(r->labels[i], dataset_label(data, indices[i]));
            for (size_t j = 0; j < i; j++) {
                ck_assert_int_ne(memcmp(r->images + i * PIXELS, r->images + j * PIXELS, PIXELS * sizeof(real)), 0);
            }
        }
    }
    free(r);
}
END_TEST

/* Pictures read from the file, in runs or one by one, are those that are held in memory. */
START_TEST(the_same_from_the_file)
{
    dataset *unread = NULL;
    record *r = calloc(1, sizeof *r);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(dataset_open_unread(&unread, scratch("p.h5")), LS_OK);
    for (int k = 0; k < 8; k++) {
        loader_options o = basic();
        o.order.window = k < 4 ? 0 : k == 5 ? 1 : 24; /* read ahead, if they are shuffled: k of 4 and more */
        o.order.run = k == 4 ? 1 : 3;
        o.ahead = k == 6 ? 9 : 0;
        o.input.augmentation.mix.mixup = k == 7 ? 0.5 : 0;
        o.split = k == 0 ? DATASET_VAL : DATASET_TRAIN;
        o.order.shuffle = k == 2 || k >= 4;
        o.order.steps_per_epoch = k == 1 || k == 6 ? 7 : 0;
        const size_t n = k == 0 ? VAL : k == 1 || k == 6 ? 112 : TRAIN;
        run(r, o, 1, 3, 0);
        const uint64_t want = hash_of(r, 0, n);
        for (int size = 1; size <= 3; size++) {
            memset(r, 0, sizeof *r);
            o.data = unread;
            o.input.loader_threads = 3;
            run(r, o, size, 3, 0);
            ck_assert(hash_of(r, 0, n) == want);
            o.data = data;
            run(r, o, 1, 3, 2); /* resumed */
            const uint64_t tail = hash_of(r, 0, n - r->starts[2]);
            o.data = unread;
            run(r, o, size, 3, 2);
            ck_assert(hash_of(r, 0, n - r->starts[2]) == tail);
        }
    }
    dataset_free(unread);
    free(r);
}
END_TEST

START_TEST(stops_and_starts_anywhere)
{
    loader *l = NULL;
    dataset *unread = NULL;
    batch b;
    loader_options o = basic();
    o.input.loader_threads = 3;
    if (_i == 1) { /* while they are read ahead */
        ck_assert_int_eq(dataset_open_unread(&unread, scratch("p.h5")), LS_OK);
        o.data = unread;
        o.order.window = 20;
        o.order.run = 3;
    }
    ck_assert_int_eq(loader_create(&l, &o), LS_OK);
    ck_assert_int_lt(loader_next(l, &b), 0); /* no epoch yet */
    for (uint64_t i = 0; i < 50; i++) {
        ck_assert_int_eq(loader_start_epoch(l, i, i % 4), LS_OK);
        for (uint64_t k = 0; k < i % 3; k++) {
            ck_assert_int_ge(loader_next(l, &b), 0);
        }
    }
    ck_assert_int_eq(loader_start_epoch(l, 0, 4), LS_EUSAGE);
    loader_free(l);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(loader_create(&l, &o), LS_OK);
        if (i % 2 == 0) {
            ck_assert_int_eq(loader_start_epoch(l, 0, 0), LS_OK);
        }
        loader_free(l);
    }
    o.order.batch = 0;
    ck_assert_int_eq(loader_create(&l, &o), LS_EUSAGE);
    o.order.batch = SIZE_MAX / 2;
    ck_assert_int_eq(loader_create(&l, &o), LS_EUSAGE);
    loader_free(NULL);
    dataset_free(unread);
}
END_TEST

/* An epoch that is started already goes on, with what is loaded; one that was begun or another one starts anew. */
START_TEST(starts_once)
{
    record *once = calloc(1, sizeof *once);
    loader *l = NULL;
    batch b;
    loader_options o = basic();
    ck_assert_ptr_nonnull(once);
    run(once, o, 1, 3, 0);
    o.ahead = 8; /* more than the epoch has */
    ck_assert_int_eq(loader_create(&l, &o), LS_OK);
    ck_assert_int_eq(loader_start_epoch(l, 3, 0), LS_OK);
    while (loader_worked(l).samples < TRAIN) {
        (void)sched_yield();
    }
    for (int begun = 0; begun < 2; begun++) {
        ck_assert_int_eq(loader_start_epoch(l, 3, 0), LS_OK);
        for (size_t step = 0; step < once->steps; step++) {
            ck_assert_int_eq(loader_next(l, &b), 1);
            ck_assert_mem_eq(b.images, once->images + once->starts[step] * PIXELS,
                             b.range.samples * PIXELS * sizeof(real));
        }
        ck_assert_uint_eq(loader_worked(l).samples, (uint64_t)(1 + begun) * TRAIN);
    }
    ck_assert_int_eq(loader_start_epoch(l, 3, 1), LS_OK);
    ck_assert_int_eq(loader_start_epoch(l, 3, 0), LS_OK);
    ck_assert_int_eq(loader_next(l, &b), 1);
    ck_assert_mem_eq(b.images, once->images, b.range.samples * PIXELS * sizeof(real));
    loader_free(l);
    free(once);
}
END_TEST

/* Pictures of another size are those of a loader that was made for it. */
START_TEST(changes_its_size)
{
    loader_options o = basic();
    record *made = calloc(1, sizeof *made);
    loader *l = NULL;
    batch b;
    ck_assert_ptr_nonnull(made);
    run(made, o, 1, 3, 0);
    o.input.height = o.input.width = 2 * SIDE;
    ck_assert_int_eq(loader_create(&l, &o), LS_OK);
    ck_assert_int_eq(loader_start_epoch(l, 0, 0), LS_OK);
    ck_assert_int_eq(loader_next(l, &b), 1);
    ck_assert_int_eq(loader_resize(l, (resolution){SIDE, SIDE}), LS_OK);
    ck_assert_int_eq(loader_start_epoch(l, 3, 0), LS_OK);
    for (size_t step = 0; step < made->steps; step++) {
        ck_assert_int_eq(loader_next(l, &b), 1);
        ck_assert_mem_eq(b.images, made->images + made->starts[step] * PIXELS, b.range.samples * PIXELS * sizeof(real));
    }
    ck_assert_int_eq(loader_next(l, &b), 0);
    ck_assert_int_eq(loader_resize(l, (resolution){2 * SIDE, 2 * SIDE}), LS_OK);
    ck_assert_int_eq(loader_resize(l, (resolution){2 * SIDE, 3 * SIDE}), LS_EUSAGE);
    loader_free(l);
    o.input.resolution = (resolution_options){.first = SIDE, .last = 3 * SIDE, .until = 2};
    const size_t larger = loader_memory(&o);
    o.input.resolution = (resolution_options){0};
    ck_assert_uint_gt(larger, 2 * loader_memory(&o));
    o.input.resolution = (resolution_options){.first = SIDE, .last = 3 * SIDE, .until = 2};
    ck_assert_int_eq(loader_create(&l, &o), LS_OK);
    ck_assert_int_eq(loader_resize(l, (resolution){3 * SIDE, 3 * SIDE}), LS_OK);
    loader_free(l);
    free(made);
}
END_TEST

enum { OWN_SAMPLES = 40, OWN_RANKS = 3, OWN_EPOCH = 2 };

/* Which samples of a split one of the ranks has in an epoch. */
static void mark_own(bool *own, const loader_options *o, size_t samples)
{
    order way;
    ck_assert_int_eq(order_init(&way, samples, o->order.seed, o->order.shuffle), LS_OK);
    if (o->order.window > 0) {
        ck_assert_int_eq(order_narrow(&way, &o->order), LS_OK);
    }
    for (size_t step = 0; step < order_steps(samples, o->order.batch, 0); step++) {
        const size_t total = order_batch_samples(samples, o->order.batch, 0, step);
        const shard_range part = shard_range_of(total, o->order.shard_size, (size_t)o->rank, (size_t)o->size);
        for (size_t i = 0; i < part.samples; i++) {
            own[order_sample(&way, OWN_EPOCH, step * o->order.batch + part.first_sample + i)] = true;
        }
    }
    order_release(&way);
}

/* Samples that a rank's epoch hands out; -1 when one of them is damaged. */
static int run_own(const loader_options *o)
{
    loader *l = NULL;
    batch b;
    int count = 0;
    int more = 0;
    ck_assert_int_eq(loader_create(&l, o), LS_OK);
    ck_assert_int_eq(loader_start_epoch(l, OWN_EPOCH, 0), LS_OK);
    while ((more = loader_next(l, &b)) == 1) {
        count += (int)b.range.samples;
    }
    loader_free(l);
    return more == 0 ? count : -1;
}

/*
 * A data set in which all that one rank has not is damaged, so that reading any of it is an error: the rank goes
 * through its epoch, each other rank fails.
 */
static void only_own(loader_options o, const uint8_t *png, size_t size)
{
    bool own[OWN_SAMPLES] = {false};
    char names[OWN_SAMPLES][16];
    dataset_item items[OWN_SAMPLES];
    const char *const classes[1] = {"all"};
    int wanted = 0;
    mark_own(own, &o, OWN_SAMPLES);
    for (size_t i = 0; i < OWN_SAMPLES; i++) {
        (void)snprintf(names[i], sizeof names[i], "picture-%zu", i);
        items[i] = (dataset_item){.name = names[i], .bytes = (uint8_t *)png, .size = size, .split = o.split};
        items[i].hash = hash_bytes(HASH_START, png, size) + !own[i];
        wanted += own[i];
    }
    ck_assert_int_gt(wanted, 0);
    ck_assert_int_lt(wanted, OWN_SAMPLES);
    ck_assert_int_eq(dataset_write(scratch("own.h5"), items, OWN_SAMPLES, classes, 1), LS_OK);
    ck_assert_int_eq(dataset_open_unread(&o.data, scratch("own.h5")), LS_OK);
    const int rank = o.rank;
    for (o.rank = 0; o.rank < o.size; o.rank++) {
        ck_assert_int_eq(run_own(&o), o.rank == rank ? wanted : -1);
    }
    dataset_free(o.data);
}

START_TEST(a_rank_reads_its_own_samples_only)
{
    const uint8_t pixels[4] = {0};
    uint8_t *png = NULL;
    size_t size = 0;
    ck_assert_int_eq(image_encode_png(&png, &size, pixels, 2, 2, 1), LS_OK);
    loader_options o = basic();
    o.size = OWN_RANKS;
    for (int k = 0; k < 4; k++) {
        o.split = k == 0 ? DATASET_VAL : DATASET_TRAIN;
        o.order.shuffle = k >= 2;
        o.order.window = k == 3 ? 16 : 0;
        o.order.run = 4;
        for (o.rank = 0; o.rank < OWN_RANKS; o.rank++) {
            only_own(o, png, size);
        }
    }
    free(png);
}
END_TEST

/* A BMP of 32 x 32 transparent red pixels: 32 bits with masks, of which the last is alpha's. */
static void make_transparent(uint8_t out[70 + 4096])
{
    memset(out, 0, 70 + 4096);
    memcpy(out, (const uint8_t[]){'B', 'M', 0, 0, 0, 0, 0, 0, 0, 0, 70, 0, 0, 0, 56}, 15);
    memcpy(out + 18, (const uint8_t[]){32, 0, 0, 0, 32, 0, 0, 0, 1, 0, 32, 0, 3}, 13);
    memcpy(out + 54, (const uint8_t[]){0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255}, 16);
    for (size_t i = 0; i < 1024; i++) {
        out[70 + 4 * i + 2] = 255;
    }
}

START_TEST(transparent_pictures_on_a_background)
{
    static const real green[] = {
        [IMAGE_ALPHA_DROPPED] = 0, [IMAGE_ON_WHITE] = 1, [IMAGE_ON_BLACK] = 0, [IMAGE_ON_GRAY] = (real)(128 / 255.0)};
    static const real red[] = {
        [IMAGE_ALPHA_DROPPED] = 1, [IMAGE_ON_WHITE] = 1, [IMAGE_ON_BLACK] = 0, [IMAGE_ON_GRAY] = (real)(128 / 255.0)};
    uint8_t bmp[70 + 4096];
    char name[] = "red";
    const char *const classes[1] = {"all"};
    loader_options o = basic();
    make_transparent(bmp);
    dataset_item item = {.name = name, .bytes = bmp, .size = sizeof bmp};
    item.hash = hash_bytes(HASH_START, bmp, sizeof bmp);
    ck_assert_int_eq(dataset_write(scratch("red.h5"), &item, 1, classes, 1), LS_OK);
    ck_assert_int_eq(dataset_open(&o.data, scratch("red.h5")), LS_OK);
    o.order.batch = 1;
    for (image_background b = IMAGE_ALPHA_DROPPED; b <= IMAGE_ON_GRAY; b++) {
        loader *l = NULL;
        batch got;
        o.input.background = b;
        ck_assert_int_eq(loader_create(&l, &o), LS_OK);
        ck_assert_int_eq(loader_start_epoch(l, 0, 0), LS_OK);
        ck_assert_int_eq(loader_next(l, &got), 1);
        for (size_t i = 0; i < PIXELS; i++) {
            const real wanted = i % 3 == 0 ? red[b] : green[b];
            ck_assert_msg(got.images[i] > wanted - (real)1e-6 && got.images[i] < wanted + (real)1e-6,
                          "background %d: %g, not %g", (int)b, (double)got.images[i], (double)wanted);
        }
        loader_free(l);
    }
    dataset_free(o.data);
}
END_TEST

START_TEST(a_bad_picture_is_named)
{
    dataset *bad = NULL;
    loader *l = NULL;
    batch b;
    char names[6][16];
    dataset_item items[6];
    const char *const classes[1] = {"all"};
    uint8_t *png = NULL;
    size_t size = 0;
    const uint8_t pixels[4] = {0};
    ck_assert_int_eq(image_encode_png(&png, &size, pixels, 2, 2, 1), LS_OK);
    for (size_t i = 0; i < 6; i++) {
        (void)snprintf(names[i], sizeof names[i], "picture-%zu", i);
        items[i] = (dataset_item){.name = names[i], .bytes = png, .size = i < 4 ? size : size / 2};
        items[i].hash = hash_bytes(HASH_START, png, items[i].size);
    }
    ck_assert_int_eq(dataset_write(scratch("bad.h5"), items, 6, classes, 1), LS_OK);
    ck_assert_int_eq(dataset_open(&bad, scratch("bad.h5")), LS_OK);
    loader_options o = basic();
    o.data = bad;
    o.order.shuffle = false;
    o.order.batch = 2;
    ck_assert_int_eq(loader_create(&l, &o), LS_OK);
    for (int again = 0; again < 2; again++) {
        ck_assert_int_eq(loader_start_epoch(l, 0, 0), LS_OK);
        ck_assert_int_eq(loader_next(l, &b), 1);
        ck_assert_int_eq(loader_next(l, &b), 1);
        const batch before = b;
        ck_assert_int_eq(loader_next(l, &b), LS_EFORMAT);
        ck_assert(b.images != before.images && b.range.samples > 0 && b.range.total > 0); /* to keep step with others */
        ck_assert_ptr_nonnull(strstr(error_message(), "picture-4"));
        ck_assert_int_eq(loader_next(l, &b), LS_EFORMAT);
    }
    loader_free(l);
    o.split = DATASET_VAL; /* empty here */
    ck_assert_int_eq(loader_create(&l, &o), LS_OK);
    ck_assert_uint_eq(loader_steps(l), 0);
    ck_assert_int_eq(loader_start_epoch(l, 0, 0), LS_OK);
    ck_assert_int_eq(loader_next(l, &b), 0);
    loader_free(l);
    dataset_free(bad);
    free(png);
}
END_TEST

/* Also where it is read ahead together with others, which are all right. */
START_TEST(damage_is_named_when_read_ahead)
{
    enum { N = 12, BAD = 7 };
    dataset *bad = NULL;
    loader *l = NULL;
    batch b;
    char names[N][16];
    dataset_item items[N];
    const char *const classes[1] = {"all"};
    uint8_t *png = NULL;
    size_t size = 0;
    const uint8_t pixels[4] = {0};
    ck_assert_int_eq(image_encode_png(&png, &size, pixels, 2, 2, 1), LS_OK);
    for (size_t i = 0; i < N; i++) {
        (void)snprintf(names[i], sizeof names[i], "picture-%zu", i);
        items[i] = (dataset_item){.name = names[i], .bytes = png, .size = size};
        items[i].hash = hash_bytes(HASH_START, png, size) + (i == BAD);
    }
    ck_assert_int_eq(dataset_write(scratch("bad.h5"), items, N, classes, 1), LS_OK);
    ck_assert_int_eq(dataset_open_unread(&bad, scratch("bad.h5")), LS_OK);
    loader_options o = basic();
    o.data = bad;
    o.order.window = 8;
    o.order.run = 4;
    o.order.batch = 4;
    ck_assert_int_eq(loader_create(&l, &o), LS_OK);
    for (uint64_t epoch = 0; epoch < 20; epoch++) {
        int more = 1;
        ck_assert_int_eq(loader_start_epoch(l, epoch, 0), LS_OK);
        while (more == 1) {
            more = loader_next(l, &b);
        }
        ck_assert_int_eq(more, LS_EFORMAT);
        ck_assert_ptr_nonnull(strstr(error_message(), "picture-7"));
    }
    loader_free(l);
    o.order.sampling = ORDER_BALANCED;
    ck_assert_int_eq(loader_create(&l, &o), LS_EUSAGE);
    o.order.sampling = ORDER_NATURAL;
    o.input.augmentation.repeats = 2;
    ck_assert_int_eq(loader_create(&l, &o), LS_EUSAGE);
    dataset_free(bad);
    free(png);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("loader");
    tcase_set_timeout(c, 60);
    tcase_add_unchecked_fixture(c, make_data, NULL);
    tcase_add_test(c, same_bits_for_any_threads_and_ranks);
    tcase_add_test(c, validation_goes_once_in_order);
    tcase_add_test(c, the_same_from_the_file);
    tcase_add_loop_test(c, stops_and_starts_anywhere, 0, 2);
    tcase_add_test(c, starts_once);
    tcase_add_test(c, changes_its_size);
    tcase_add_test(c, a_rank_reads_its_own_samples_only);
    tcase_add_test(c, a_bad_picture_is_named);
    tcase_add_test(c, damage_is_named_when_read_ahead);
    tcase_add_test(c, transparent_pictures_on_a_background);
    scratch_make();
    const int result = suite_run("loader", c);
    scratch_remove();
    dataset_free(data);
    return result;
}
