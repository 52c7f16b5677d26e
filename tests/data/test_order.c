/* The order of samples, the cut into batches and shards, and the drawing of crops. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "data/augment.h"
#include "data/order.h"

START_TEST(every_pass_is_a_permutation)
{
    enum { N = 23 };
    order o;
    ck_assert_int_eq(order_init(&o, N, 7, true), LS_OK);
    uint32_t first[3][N];
    for (uint64_t pass = 0; pass < 3; pass++) {
        int seen[N] = {0};
        for (uint64_t i = 0; i < N; i++) {
            first[pass][i] = order_sample(&o, 4, pass * N + i);
            ck_assert_uint_lt(first[pass][i], N);
            seen[first[pass][i]]++;
        }
        for (int i = 0; i < N; i++) {
            ck_assert_int_eq(seen[i], 1);
        }
    }
    ck_assert_int_ne(memcmp(first[0], first[1], sizeof first[0]), 0);
    ck_assert_uint_eq(order_sample(&o, 4, 5), first[0][5]); /* going back gives the same */
    int same = 0;
    for (uint64_t i = 0; i < N; i++) {
        same += order_sample(&o, 5, i) == first[0][i];
    }
    ck_assert_int_lt(same, N); /* another epoch, another order */
    order_release(&o);
    ck_assert_int_eq(order_init(&o, N, 7, false), LS_OK);
    ck_assert_uint_eq(order_sample(&o, 4, N + 3), 3);
    order_release(&o);
}
END_TEST

/* A picture at several places in a row: those of the permutation, one after the other. */
START_TEST(repeats_stand_together)
{
    enum { N = 7, REPEATS = 3 };
    order once, often;
    ck_assert_int_eq(order_init(&once, N, 7, true), LS_OK);
    ck_assert_int_eq(order_init(&often, N, 7, true), LS_OK);
    often.repeats = REPEATS;
    for (uint64_t i = 0; i < 2 * N * REPEATS; i++) {
        ck_assert_uint_eq(order_sample(&often, 4, i), order_sample(&once, 4, i / REPEATS));
    }
    order_release(&once);
    order_release(&often);
}
END_TEST

START_TEST(steps_and_short_batches)
{
    ck_assert_uint_eq(order_steps(50000, 32, 0), 1563);
    ck_assert_uint_eq(order_batch_samples(50000, 32, 0, 1561), 32);
    ck_assert_uint_eq(order_batch_samples(50000, 32, 0, 1562), 16);
    ck_assert_uint_eq(order_batch_samples(50000, 32, 0, 1563), 0);
    ck_assert_uint_eq(order_steps(10, 32, 1563), 1563);
    ck_assert_uint_eq(order_batch_samples(10, 32, 1563, 1562), 32);
    ck_assert_uint_eq(order_steps(0, 32, 0), 0);
    ck_assert_uint_eq(order_batch_samples(10, 32, 0, 0), 10);
}
END_TEST

START_TEST(crops_lie_inside_and_repeat)
{
    const size_t sizes[4][2] = {{500, 333}, {1, 1}, {3000, 1}, {8, 8}};
    int mirrored = 0;
    for (int s = 0; s < 4; s++) {
        for (uint64_t i = 0; i < 500; i++) {
            bool mirror;
            bool again;
            const resize_box a = augment_draw(&mirror, sizes[s][0], sizes[s][1], 0.08, 1, 2, i);
            const resize_box b = augment_draw(&again, sizes[s][0], sizes[s][1], 0.08, 1, 2, i);
            ck_assert(a.x == b.x && a.y == b.y && a.width == b.width && a.height == b.height && mirror == again);
            ck_assert(a.x >= 0 && a.y >= 0 && a.width >= 1 && a.height >= 1);
            ck_assert(a.x + a.width <= (double)sizes[s][0] && a.y + a.height <= (double)sizes[s][1]);
            if (s == 0) {
                const double ratio = a.width / a.height;
                ck_assert(ratio > 0.74 && ratio < 1.35);
                ck_assert(a.width * a.height > 0.078 * 500 * 333);
                mirrored += mirror;
            }
        }
    }
    ck_assert(mirrored > 200 && mirrored < 300);
}
END_TEST

/* Each class as often as any other; a class through all of its samples before one comes again; going back is the same.
 */
START_TEST(classes_are_balanced)
{
    enum { SAMPLES = 60, CLASSES = 5, LARGE = 40, ROUNDS = 120 };
    int32_t labels[SAMPLES];
    size_t seen[SAMPLES] = {0}, of_class[CLASSES] = {0};
    uint32_t drawn[3 * ROUNDS];
    order o;
    for (size_t i = 0; i < SAMPLES; i++) { /* class 1 has none, class 0 most, 2 to 4 the others in turn */
        labels[i] = i < LARGE ? 0 : 2 + (int32_t)(i % 3);
    }
    labels[SAMPLES - 1] = 0;
    ck_assert_int_eq(order_init(&o, SAMPLES, 7, true), LS_OK);
    ck_assert_int_eq(order_balance(&o, labels, CLASSES), LS_OK);
    for (size_t i = 0; i < 3 * ROUNDS; i++) {
        drawn[i] = order_sample(&o, 4, i);
        of_class[labels[drawn[i]]]++;
        seen[drawn[i]]++;
    }
    ck_assert_uint_eq(of_class[1], 0);
    for (size_t k = 0; k < CLASSES; k++) {
        ck_assert(k == 1 || of_class[k] == 3 * ROUNDS / 4);
    }
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t most = 0, count = 0;
        for (size_t j = 0; j < SAMPLES; j++) {
            most = labels[j] == labels[i] && seen[j] > most ? seen[j] : most;
            count += labels[j] == labels[i];
        }
        ck_assert_uint_le(most - seen[i], 1);
        ck_assert_uint_ge(seen[i], 3 * ROUNDS / 4 / count);
    }
    for (size_t i = 3 * ROUNDS; i-- > 0;) {
        ck_assert_uint_eq(order_sample(&o, 4, i), drawn[i]);
    }
    ck_assert_uint_ne(order_sample(&o, 5, 0) + 100 * order_sample(&o, 5, 1), drawn[0] + 100 * drawn[1]);
    order_release(&o);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("order");
    tcase_add_test(c, every_pass_is_a_permutation);
    tcase_add_test(c, repeats_stand_together);
    tcase_add_test(c, steps_and_short_batches);
    tcase_add_test(c, crops_lie_inside_and_repeat);
    tcase_add_test(c, classes_are_balanced);
    return suite_run("order", c);
}
