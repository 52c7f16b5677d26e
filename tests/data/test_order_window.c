/* Orders that are shuffled within windows: permutations that do not depend on who asks, read in few pieces. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "base/shards.h"
#include "data/order.h"
#include "data/order_window.h"

/* Of each pass over the samples, each once. o: its window is above 0. */
static void check_passes(size_t samples, const order_options *o, uint64_t epoch)
{
    enum { PASSES = 3 };
    order_window *w = NULL;
    order_window *again = NULL;
    uint32_t *drawn = malloc(PASSES * samples * sizeof *drawn);
    uint8_t *seen = malloc(samples);
    ck_assert(drawn != NULL && seen != NULL);
    ck_assert_int_eq(order_window_create(&w, samples, o), LS_OK);
    ck_assert_int_eq(order_window_create(&again, samples, o), LS_OK);
    for (size_t pass = 0; pass < PASSES; pass++) {
        memset(seen, 0, samples);
        for (size_t i = 0; i < samples; i++) {
            const uint32_t sample = order_window_sample(w, epoch, pass * samples + i);
            ck_assert_msg(sample < samples && seen[sample] == 0, "%zu samples, batch %zu of %zu, window %zu, run %zu",
                          samples, o->batch, o->shard_size, o->window, o->run);
            seen[sample] = 1;
            drawn[pass * samples + i] = sample;
        }
    }
    for (uint64_t i = 0; i < PASSES * samples; i++) { /* in any other order too */
        const uint64_t at = (i * 7919 + 13) % (PASSES * samples);
        ck_assert_uint_eq(order_window_sample(again, epoch, at), drawn[at]);
    }
    order_window_free(w);
    order_window_free(again);
    free(drawn);
    free(seen);
}

START_TEST(every_pass_is_a_permutation)
{
    static const size_t samples[] = {1, 2, 5, 16, 17, 31, 64, 100, 257};
    static const size_t batches[][2] = {{1, 4}, {4, 4}, {8, 4}, {10, 4}, {24, 8}, {30, 8}, {300, 4}};
    static const size_t windows[][2] = {{1, 1}, {7, 1}, {16, 16}, {40, 3}, {64, 5}, {100, 16}, {1000000000, 65536}};
    for (size_t n = 0; n < sizeof samples / sizeof *samples; n++) {
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
            for (size_t k = 0; k < sizeof windows / sizeof *windows; k++) {
                const order_options o = {.batch = batches[b][0],
                                         .shard_size = batches[b][1],
                                         .window = windows[k][0],
                                         .run = windows[k][1],
                                         .seed = n + b};
                check_passes(samples[n], &o, k);
            }
        }
    }
}
END_TEST

/* Places in which two orders agree. */
static size_t same_places(const order_options *a, uint64_t epoch_a, const order_options *b, uint64_t epoch_b, size_t n)
{
    order_window *first = NULL;
    order_window *second = NULL;
    size_t same = 0;
    ck_assert_int_eq(order_window_create(&first, n, a), LS_OK);
    ck_assert_int_eq(order_window_create(&second, n, b), LS_OK);
    for (size_t i = 0; i < n; i++) {
        same += order_window_sample(first, epoch_a, i) == order_window_sample(second, epoch_b, i);
    }
    order_window_free(first);
    order_window_free(second);
    return same;
}

START_TEST(epochs_and_seeds_differ)
{
    enum { N = 4000 };
    const order_options o = {.batch = 32, .shard_size = 4, .window = 512, .run = 16, .seed = 1};
    order_options other = o;
    other.seed = 2;
    ck_assert_uint_eq(same_places(&o, 3, &o, 3, N), N);
    ck_assert_uint_lt(same_places(&o, 3, &o, 4, N), N / 100);
    ck_assert_uint_lt(same_places(&o, 3, &other, 3, N), N / 100);
}
END_TEST

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Pieces of the file that hold exactly what a rank needs in some steps. */
static size_t pieces_of(order *way, const order_options *o, size_t samples, size_t first, size_t end, int rank,
                        int ranks)
{
    uint32_t *own = malloc(samples * sizeof *own);
    size_t count = 0;
    size_t pieces = 0;
    ck_assert_ptr_nonnull(own);
    for (size_t step = first; step < end && step < order_steps(samples, o->batch, 0); step++) {
        const size_t total = order_batch_samples(samples, o->batch, 0, step);
        const shard_range part = shard_range_of(total, o->shard_size, (size_t)rank, (size_t)ranks);
        for (size_t i = 0; i < part.samples; i++) {
            own[count++] = order_sample(way, 5, step * o->batch + part.first_sample + i);
        }
    }
    qsort(own, count, sizeof *own, by_number);
    for (size_t i = 0; i < count; i++) {
        pieces += i == 0 || own[i] != own[i - 1] + 1;
    }
    free(own);
    return pieces;
}

/*
 * What any number of ranks needs for a window lies in as few pieces of the file as there are runs in it, and a cut one
 * more for each lane; of all samples a sixteenth instead of nearly all.
 */
START_TEST(windows_lie_in_few_pieces)
{
    enum { N = 20000, RUN = 16 };
    const order_options o = {.batch = 64, .shard_size = 4, .window = 2048, .run = RUN, .seed = 7, .shuffle = true};
    const size_t span = order_window_steps(N, &o);
    const size_t steps = order_steps(N, o.batch, 0);
    order way;
    ck_assert_int_eq(order_init(&way, N, o.seed, true), LS_OK);
    ck_assert_int_eq(order_narrow(&way, &o), LS_OK);
    ck_assert_uint_eq(span, 2048 / 64);
    for (int ranks = 1; ranks <= 16; ranks *= 2) {
        size_t pieces = 0;
        size_t windows = 0;
        for (size_t first = 0; first < steps; first += span) {
            for (int rank = 0; rank < ranks; rank++) {
                pieces += pieces_of(&way, &o, N, first, first + span, rank, ranks);
            }
            windows++;
        }
        const size_t lanes = 16;
        ck_assert_uint_le(pieces, N / RUN + 1 + windows * lanes + 64); /* and the last, short batch's */
        ck_assert_uint_gt(pieces, N / RUN / 2);
    }
    order_release(&way);
}
END_TEST

/* Of a file that is sorted by class a batch has many classes, though one window has not all of them. */
START_TEST(batches_are_mixed)
{
    enum { N = 20000, CLASSES = 200, BATCH = 64 };
    const order_options o = {.batch = BATCH, .shard_size = 4, .window = 2048, .run = 16, .seed = 7};
    order_window *w = NULL;
    double classes = 0;
    ck_assert_int_eq(order_window_create(&w, N, &o), LS_OK);
    for (size_t step = 0; step < N / BATCH; step++) {
        bool seen[CLASSES] = {false};
        for (size_t i = 0; i < BATCH; i++) {
            seen[order_window_sample(w, 0, step * BATCH + i) / (N / CLASSES)] = true;
        }
        for (size_t k = 0; k < CLASSES; k++) {
            classes += seen[k];
        }
    }
    classes /= N / (double)BATCH;
    /* 200 * (1 - (199/200)^64) = 54.9 where all are shuffled with all */
    ck_assert_msg(classes > 45, "%g classes a batch", classes);
    order_window_free(w);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("order_window");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, every_pass_is_a_permutation);
    tcase_add_test(c, epochs_and_seeds_differ);
    tcase_add_test(c, windows_lie_in_few_pieces);
    tcase_add_test(c, batches_are_mixed);
    return suite_run("order_window", c);
}
