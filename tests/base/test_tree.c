#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/random.h"
#include "base/tree.h"

enum { MOST_SHARDS = 70, MOST_RANKS = 7, WIDTH = 3 };

static float leaves[MOST_SHARDS][WIDTH];

static void fill_leaves(uint64_t seed)
{
    for (size_t i = 0; i < MOST_SHARDS; i++) {
        for (size_t k = 0; k < WIDTH; k++) {
            leaves[i][k] = (float)(random_unit(seed, RANDOM_TEST, i * WIDTH + k) - 0.5);
        }
    }
}

static void add(void *context, size_t into, size_t from)
{
    float(*vectors)[WIDTH] = context;
    for (size_t k = 0; k < WIDTH; k++) {
        vectors[into][k] += vectors[from][k];
    }
}

/* The tree's definition, word by word. */
static void by_definition(float *out, int level, size_t index, size_t total)
{
    if (level == 0) {
        memcpy(out, leaves[index], sizeof leaves[index]);
        return;
    }
    by_definition(out, level - 1, 2 * index, total);
    if (((2 * index + 1) << (level - 1)) < total) {
        float right[WIDTH];
        by_definition(right, level - 1, 2 * index + 1, total);
        for (size_t k = 0; k < WIDTH; k++) {
            out[k] += right[k];
        }
    }
}

static void expected_sum(float *out, size_t total)
{
    int level = 0;
    while (((size_t)1 << level) < total) {
        level++;
    }
    by_definition(out, level, 0, total);
}

START_TEST(one_holder_follows_the_definition)
{
    fill_leaves(1);
    for (size_t total = 1; total <= MOST_SHARDS; total++) {
        float vectors[MOST_SHARDS][WIDTH], expected[WIDTH];
        memcpy(vectors, leaves, sizeof vectors);
        tree_front front;
        tree_reduce(&front, 0, total, total, add, vectors);
        ck_assert_uint_eq(front.count, 1);
        ck_assert_uint_eq(front.nodes[0].slot, 0);
        expected_sum(expected, total);
        ck_assert_mem_eq(vectors[0], expected, sizeof expected);
    }
}
END_TEST

static void check_same_front(const tree_front *a, const tree_front *b, int with_slots)
{
    ck_assert_uint_eq(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        ck_assert_int_eq(a->nodes[i].level, b->nodes[i].level);
        ck_assert_uint_eq(a->nodes[i].index, b->nodes[i].index);
        ck_assert(!with_slots || a->nodes[i].slot == b->nodes[i].slot);
    }
}

/* Split the shards at the cuts, reduce each part, and merge the parts' fronts in the order of a chain or a binomial
 * tree. */
static void check_split(const size_t *cuts, int ranks, size_t total, int binomial)
{
    float vectors[MOST_SHARDS][WIDTH], expected[WIDTH];
    memcpy(vectors, leaves, sizeof vectors);
    tree_front fronts[MOST_RANKS];
    for (int r = 0; r < ranks; r++) {
        tree_front pure;
        float(*own)[WIDTH] = vectors + cuts[r];
        tree_reduce(&fronts[r], cuts[r], cuts[r + 1] - cuts[r], total, add, own);
        tree_front_of(&pure, cuts[r], cuts[r + 1] - cuts[r], total);
        check_same_front(&pure, &fronts[r], 1);
    }
    for (int d = 1; d < ranks; d = binomial ? 2 * d : d + 1) {
        for (int r = 0; r + d < ranks; r += binomial ? 2 * d : ranks) {
            tree_merge(&fronts[r], &fronts[r + d], cuts[r + d] - cuts[r], total, add, vectors + cuts[r]);
            const int end = binomial && r + 2 * d < ranks ? r + 2 * d : binomial ? ranks : d + 1;
            tree_front pure;
            tree_front_of(&pure, cuts[r], cuts[end] - cuts[r], total);
            check_same_front(&pure, &fronts[r], 0);
        }
    }
    ck_assert_uint_eq(fronts[0].count, 1);
    expected_sum(expected, total);
    ck_assert_mem_eq(vectors[fronts[0].nodes[0].slot], expected, sizeof expected);
}

START_TEST(even_splits_give_the_same_bits)
{
    fill_leaves(2);
    for (size_t total = 1; total <= MOST_SHARDS; total++) {
        for (int ranks = 1; ranks <= MOST_RANKS; ranks++) {
            size_t cuts[MOST_RANKS + 1];
            for (int r = 0; r <= ranks; r++) {
                cuts[r] = (size_t)r * total / (size_t)ranks;
            }
            check_split(cuts, ranks, total, 0);
            check_split(cuts, ranks, total, 1);
        }
    }
}
END_TEST

static int compare_sizes(const void *a, const void *b)
{
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

START_TEST(any_split_gives_the_same_bits)
{
    fill_leaves(3);
    for (uint64_t trial = 0; trial < 2000; trial++) {
        const uint64_t stream = random_stream(RANDOM_TEST, 1, trial);
        const size_t total = 1 + random_below(3, stream, 0, MOST_SHARDS);
        const int ranks = 1 + (int)random_below(3, stream, 1, MOST_RANKS);
        size_t cuts[MOST_RANKS + 1] = {0};
        for (int r = 1; r < ranks; r++) {
            cuts[r] = random_below(3, stream, 1 + (uint64_t)r, total + 1);
        }
        cuts[ranks] = total;
        qsort(cuts, (size_t)ranks + 1, sizeof *cuts, compare_sizes);
        check_split(cuts, ranks, total, (int)(trial % 2));
    }
}
END_TEST

START_TEST(no_shards_make_an_empty_front)
{
    tree_front front;
    tree_front_of(&front, 5, 0, 9);
    ck_assert_uint_eq(front.count, 0);
    tree_front_of(&front, 0, 0, 0);
    ck_assert_uint_eq(front.count, 0);
}
END_TEST

/* However many shards, a front fits in its array. */
START_TEST(fronts_stay_short)
{
    const size_t total = ((size_t)1 << 16) + 12345;
    tree_front front;
    tree_front_of(&front, 1, total - 2, total);
    ck_assert_uint_le(front.count, 2 * 17);
    tree_front_of(&front, 0, total, total);
    ck_assert_uint_eq(front.count, 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("tree");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, one_holder_follows_the_definition);
    tcase_add_test(cases, even_splits_give_the_same_bits);
    tcase_add_test(cases, any_split_gives_the_same_bits);
    tcase_add_test(cases, no_shards_make_an_empty_front);
    tcase_add_test(cases, fronts_stay_short);
    return suite_run("tree", cases);
}
