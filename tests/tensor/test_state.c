/* A state: its vectors, hashes, copies. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "tensor/state.h"

enum { SIZE = 6, CHANNELS = 2 };

static tensor_table table;

static void set_up(void)
{
    const size_t kernel[] = {1, 1, SIZE, 1}, channels[] = {CHANNELS};
    tensor_table_init(&table);
    ck_assert_int_eq(tensor_table_add_layer(&table, "conv2d"), LS_OK);
    ck_assert_int_ge(tensor_table_add(&table, TENSOR_CONV_KERNEL, 4, kernel, 1), 0);
    ck_assert_int_eq(tensor_table_add_layer(&table, "batch_normalization"), LS_OK);
    ck_assert_int_ge(tensor_table_add(&table, TENSOR_GAMMA, 1, channels, 0), 0);
    ck_assert_int_ge(tensor_table_add(&table, TENSOR_MOVING_MEAN, 1, channels, 0), 0);
}

static void tear_down(void)
{
    tensor_table_release(&table);
}

static void fill(state *s, double start)
{
    for (size_t i = 0; i < s->count; i++) {
        for (size_t k = 0; k < s->vectors[i].size; k++) {
            s->vectors[i].values[k] = (real)(start + (double)(10 * i + k));
        }
    }
}

START_TEST(vectors_have_names_and_sizes)
{
    const char *const slots[] = {"first", "second"};
    state s;
    ck_assert_int_eq(state_create(&s, &table, slots, 2), LS_OK);
    ck_assert_uint_eq(s.count, 4);
    ck_assert_str_eq(s.vectors[STATE_WEIGHTS].name, "weights");
    ck_assert_str_eq(s.vectors[STATE_MOVING].name, "moving");
    ck_assert_str_eq(s.vectors[STATE_SLOTS + 1].name, "second");
    ck_assert_uint_eq(s.vectors[STATE_WEIGHTS].size, SIZE + CHANNELS);
    ck_assert_uint_eq(s.vectors[STATE_MOVING].size, CHANNELS);
    ck_assert_uint_eq(s.vectors[STATE_SLOTS].size, SIZE + CHANNELS);
    for (size_t k = 0; k < SIZE; k++) {
        ck_assert(s.vectors[STATE_SLOTS].values[k] == 0);
    }
    ck_assert_uint_ge(state_memory(&table, 2), 4 * (SIZE + CHANNELS - 1) * sizeof(real));
    state_release(&s);
}
END_TEST

START_TEST(too_many_slots_are_refused)
{
    const char *const slots[STATE_MOST_SLOTS + 1] = {"a", "b", "c"};
    state s;
    ck_assert_int_eq(state_create(&s, &table, slots, STATE_MOST_SLOTS + 1), LS_ERROR);
    state_release(&s);
}
END_TEST

START_TEST(a_copy_is_the_same_and_apart)
{
    const char *const slot = "velocity";
    state s;
    state copy;
    ck_assert_int_eq(state_create(&s, &table, &slot, 1), LS_OK);
    fill(&s, 1);
    s.epoch = 2;
    s.step = 30;
    s.position = 4;
    origin_add(&s.origin, 0, "avx2", "float32");
    ck_assert_int_eq(state_create_like(&copy, &s), LS_OK);
    state_copy(&copy, &s);
    ck_assert(state_hash_all(&copy) == state_hash_all(&s));
    ck_assert(copy.epoch == 2 && copy.step == 30 && copy.position == 4);
    ck_assert_str_eq(origin_last(&copy.origin)->kernels, "avx2");
    ck_assert_str_eq(copy.vectors[STATE_SLOTS].name, slot);
    state_weights(&s)[0] = 77;
    ck_assert(state_hash(&copy) != state_hash(&s));
    state_release(&copy);
    state_release(&s);
}
END_TEST

/* The line `weights` is about weights and moving statistics; replicas are compared in all there is. */
START_TEST(what_hashes_cover)
{
    const char *const slot = "velocity";
    state s;
    ck_assert_int_eq(state_create(&s, &table, &slot, 1), LS_OK);
    for (size_t i = 0; i < s.count; i++) {
        const uint64_t before = state_hash(&s);
        const uint64_t all = state_hash_all(&s);
        s.vectors[i].values[s.vectors[i].size - 1] = 5;
        ck_assert((state_hash(&s) != before) == (i < STATE_SLOTS));
        ck_assert(state_hash_all(&s) != all);
    }
    state_release(&s);
}
END_TEST

START_TEST(what_is_not_finite_is_found_in_every_vector)
{
    const char *const slot = "velocity";
    state s;
    ck_assert_int_eq(state_create(&s, &table, &slot, 1), LS_OK);
    fill(&s, 0);
    ck_assert_ptr_null(state_not_finite(&s));
    s.vectors[STATE_SLOTS].values[SIZE] = (real)NAN;
    ck_assert_int_eq(state_not_finite(&s)->role, TENSOR_GAMMA);
    state_moving(&s)[0] = (real)INFINITY;
    ck_assert_int_eq(state_not_finite(&s)->role, TENSOR_MOVING_MEAN);
    state_weights(&s)[0] = (real)-INFINITY;
    ck_assert_int_eq(state_not_finite(&s)->role, TENSOR_CONV_KERNEL);
    state_release(&s);
}
END_TEST

START_TEST(other_moving_statistics_share_the_rest)
{
    real others[CHANNELS] = {8, 9};
    state s;
    ck_assert_int_eq(state_create(&s, &table, NULL, 0), LS_OK);
    fill(&s, 3);
    const state view = state_with_moving(&s, others);
    ck_assert_ptr_eq(state_weights(&view), state_weights(&s));
    ck_assert(state_values(&view, &table.tensors[2])[1] == 9);
    ck_assert(state_moving(&s)[0] == 13);
    state_release(&s);
}
END_TEST

START_TEST(frozen_is_in_the_weights_and_not_trained)
{
    tensor_table_freeze(&table, 0);
    ck_assert(table.tensors[0].frozen && !table.tensors[0].trainable && table.tensors[0].vector == TENSOR_WEIGHTS);
    ck_assert(table.tensors[1].trainable && !table.tensors[1].frozen);
    ck_assert(!table.tensors[2].trainable && !table.tensors[2].frozen && table.tensors[2].vector == TENSOR_MOVING);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("state");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, vectors_have_names_and_sizes);
    tcase_add_test(cases, too_many_slots_are_refused);
    tcase_add_test(cases, a_copy_is_the_same_and_apart);
    tcase_add_test(cases, what_hashes_cover);
    tcase_add_test(cases, what_is_not_finite_is_found_in_every_vector);
    tcase_add_test(cases, other_moving_statistics_share_the_rest);
    tcase_add_test(cases, frozen_is_in_the_weights_and_not_trained);
    return suite_run("state", cases);
}
