#include "cli/bench_rows.h"

#include <string.h>

#include "base/error.h"
#include "base/sort.h"
#include "suite.h"

static const bench_options options = {
    .side = 224, .batch = 6, .classes = 10, .shard_size = 4, .steps = 1, .network = {.batch_norm = true}};

/* Two ranks, three shards; every layer and phase took a millisecond. */
static bench_result measured(double flops, double bytes)
{
    bench_result r = {.ranks = 2, .samples = 12, .shards = 3, .peak = {flops, bytes}};
    ck_assert_int_eq(bench_layers(&r, &options), LS_OK);
    for (size_t i = 0; i < r.layer_count; i++) {
        for (size_t j = 0; j < PROFILE_PHASES; j++) {
            r.layer_seconds[i][j] = 1e-3;
        }
    }
    return r;
}

static bench_row *rows_of(size_t *count, const bench_result *r)
{
    bench_row *rows = NULL;
    ck_assert_int_eq(bench_rows(&rows, count, r), LS_OK);
    return rows;
}

static const bench_row *find(const bench_row *rows, size_t count, const char *name, cost_direction d)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].cost.name, name) == 0 && rows[i].direction == d) {
            return &rows[i];
        }
    }
    return NULL;
}

START_TEST(a_rank_and_its_limit)
{
    bench_result r = measured(1e9, 1e12);
    size_t count = 0;
    bench_row *rows = rows_of(&count, &r);
    ck_assert_uint_eq(count, 64 + 54); /* shortcuts have no pass backward of their own */
    const bench_row *row = find(rows, count, "block2.project", COST_FORWARD);
    ck_assert_ptr_nonnull(row);
    ck_assert_double_eq(row->seconds, 1e-3);
    ck_assert_double_eq(row->flops, 6 * 2.0 * 96 * 24 * 56 * 56);
    ck_assert_double_eq(row->bytes, (6.0 * 56 * 56 * (96 + 24) + 1.5 * 96 * 24) * sizeof(real));
    ck_assert(!row->memory_bound);
    ck_assert_double_eq_tol(row->ideal, row->flops * 1e-9, 1e-12);
    free(rows);
    r.peak = (peaks){1e12, 1e9};
    rows = rows_of(&count, &r);
    row = find(rows, count, "block2.project", COST_FORWARD);
    ck_assert(row->memory_bound);
    ck_assert_double_eq_tol(row->ideal, row->bytes * 1e-9, 1e-12);
    ck_assert_ptr_null(find(rows, count, "block3.shortcut", COST_BACKWARD));
    free(rows);
    bench_release(&r);
}
END_TEST

START_TEST(classes_hold_everything)
{
    bench_class classes[BENCH_MAX_CLASSES];
    bench_result r = measured(1e9, 1e9);
    size_t count = 0;
    bench_row *rows = rows_of(&count, &r);
    const size_t n = bench_classes(classes, rows, count, &r);
    double seconds = 0;
    double ideal = 0;
    for (size_t i = 0; i < n; i++) {
        seconds += classes[i].seconds;
        ideal += classes[i].ideal;
    }
    for (size_t i = 0; i < count; i++) {
        ideal -= rows[i].ideal;
    }
    ck_assert_uint_eq(n, 6 + 5 + 3);
    ck_assert_double_eq_tol(seconds, 1e-3 * ((double)count + 4.0 * (double)r.layer_count), 1e-9);
    ck_assert_double_eq_tol(ideal, 0, 1e-9);
    ck_assert_str_eq(classes[2].name, "pointwise forward");
    free(rows);
    bench_release(&r);
}
END_TEST

START_TEST(median)
{
    double odd[] = {3, 1, 2};
    double even[] = {4, 1, 3, 2};
    ck_assert_double_eq(sort_median(odd, 3), 2);
    ck_assert_double_eq(sort_median(even, 4), 2.5);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("bench_rows");
    tcase_add_test(cases, a_rank_and_its_limit);
    tcase_add_test(cases, classes_hold_everything);
    tcase_add_test(cases, median);
    return suite_run("bench_rows", cases);
}
