#include "model/profile.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "model/cost.h"
#include "model/model.h"
#include "suite.h"

enum { SIDE = 32, SAMPLES = 4, CLASSES = 3, UNITS = 52, ROWS = UNITS + 10 + 2 };

START_TEST(nothing_without_a_profile)
{
    profile_start(NULL);
    profile_lap(NULL, 7, PROFILE_FORWARD);
}
END_TEST

/* Every moment since the start is in one cell. */
START_TEST(laps_add_up)
{
    profile_row rows[5] = {0};
    model_profile p = {.rows = rows};
    profile_start(&p);
    const double begin = p.mark;
    profile_lap(&p, 3, PROFILE_PACK);
    profile_lap(&p, 3, PROFILE_PACK);
    profile_lap(&p, 4, PROFILE_COLLECT);
    ck_assert_double_ge(rows[3][PROFILE_PACK], 0);
    ck_assert_double_eq_tol(rows[3][PROFILE_PACK] + rows[4][PROFILE_COLLECT], p.mark - begin, 1e-6);
}
END_TEST

/* In the order in which they came: S, a sum over ranks; G, a part of the gradient was handed over. */
typedef struct events {
    char seen[4 * ROWS];
    size_t count;
    size_t first; /* where the last part of the gradient begins */
} events;

static void note(events *e, char what)
{
    ck_assert_uint_lt(e->count, sizeof e->seen - 1);
    e->seen[e->count++] = what;
}

/* One shard, so its vector is the sum. */
static int sum_one(void *context, double *out, double *partials, size_t n)
{
    note(context, 'S');
    memcpy(out, partials, n * sizeof *out);
    return LS_OK;
}

typedef struct trial {
    pool *threads;
    model *m;
    state state;
    real *grads, *images;
} trial;

static void open_trial(trial *t)
{
    model_options o = MODEL_OPTIONS_INIT;
    o.height = o.width = SIDE;
    o.classes = CLASSES;
    o.shard_size = SAMPLES;
    o.max_shards = 1;
    ck_assert_int_eq(pool_create(&t->threads, 1), LS_OK);
    ck_assert_int_eq(model_create(&t->m, &o, t->threads), LS_OK);
    const tensor_table *table = model_table(t->m);
    ck_assert_int_eq(state_create(&t->state, table, NULL, 0), LS_OK);
    t->grads = calloc(table->weights_size, sizeof(real));
    t->images = calloc((size_t)SAMPLES * SIDE * SIDE * 3, sizeof(real));
    ck_assert(t->grads != NULL && t->images != NULL);
    model_init(&t->state, 1);
    for (size_t i = 0; i < (size_t)SAMPLES * SIDE * SIDE * 3; i++) {
        t->images[i] = (real)random_unit(1, random_stream(RANDOM_TEST, 0, 0), i);
    }
}

static void close_trial(trial *t)
{
    state_release(&t->state);
    free(t->grads);
    free(t->images);
    model_free(t->m);
    pool_free(t->threads);
}

static int take(void *context, size_t first)
{
    events *e = context;
    ck_assert(e->first == 0 || first < e->first);
    note(e, 'G');
    e->first = first;
    return LS_OK;
}

static events step(trial *t, real *logits)
{
    events e = {{0}, 0, 0};
    int32_t labels[SAMPLES] = {0, 1, 2, 1};
    const batch b = {.images = t->images, .labels = labels, .range = shard_range_of(SAMPLES, SAMPLES, 0, 1)};
    const reducer sums = {sum_one, &e, SAMPLES};
    double loss[1][3];
    const gradient_sink sink = {take, &e};
    ck_assert_int_eq(model_forward(t->m, &t->state, &b, MODEL_TRAIN, &sums, logits), LS_OK);
    model_loss(t->m, &b, loss);
    ck_assert_int_eq(model_backward(t->m, &t->state, &b, &sums, 1, t->grads, &sink), LS_OK);
    return e;
}

static void expect_times(const double *seconds, const model_cost *c)
{
    static const profile_phase kernel[COST_DIRECTIONS] = {PROFILE_FORWARD, PROFILE_BACKWARD};
    for (int d = 0; d < COST_DIRECTIONS; d++) {
        const double took = seconds[kernel[d]];
        ck_assert_msg(c->work[d].bytes > 0 ? took > 0 : took == 0, "%s: %g s", c->name, took);
    }
    if (c->kind == COST_STEM || c->kind == COST_POINTWISE || c->kind == COST_DEPTHWISE) {
        ck_assert_double_gt(seconds[PROFILE_MOMENTS], 0);
        ck_assert_double_gt(seconds[PROFILE_GRADIENT_SUMS], 0);
        ck_assert_double_gt(seconds[PROFILE_COLLECT], 0);
    }
}

/* A pass fills in the rows that model_costs names, and computes what it computes without. */
START_TEST(a_pass_fills_it_in)
{
    trial t = {0};
    profile_row rows[ROWS] = {0};
    profile_row before[ROWS];
    model_profile p = {.rows = rows};
    model_cost *costs = NULL;
    size_t count = 0;
    model_options o = MODEL_OPTIONS_INIT;
    real logits[2][SAMPLES * CLASSES];
    open_trial(&t);
    const size_t size = model_table(t.m)->weights_size * sizeof(real);
    real *first = malloc(size);
    ck_assert_ptr_nonnull(first);
    (void)step(&t, logits[0]);
    memcpy(first, t.grads, size);
    model_set_profile(t.m, &p);
    (void)step(&t, logits[1]);
    ck_assert_mem_eq(logits[0], logits[1], sizeof logits[0]);
    ck_assert_mem_eq(first, t.grads, size);
    ck_assert_double_gt(rows[0][PROFILE_PACK], 0);
    ck_assert_int_eq(model_costs(&costs, &count, &o), LS_OK);
    ck_assert_uint_eq(count, ROWS);
    for (size_t i = 0; i < count; i++) {
        expect_times(rows[i], &costs[i]);
    }
    memcpy(before, rows, sizeof rows);
    model_set_profile(t.m, NULL);
    (void)step(&t, logits[1]);
    ck_assert_mem_eq(before, rows, sizeof rows);
    free(costs);
    free(first);
    close_trial(&t);
}
END_TEST

/* What is handed over after a layer's sums travels while the layer is computed, not ahead of sums that are waited for.
 */
START_TEST(gradients_leave_after_the_sums_of_the_layer_below)
{
    trial t = {0};
    real logits[SAMPLES * CLASSES];
    char expected[4 * ROWS] = {0};
    memset(expected, 'S', UNITS);
    for (size_t i = 0; i < UNITS; i++) {
        memcpy(expected + UNITS + 2 * i, "SG", 2);
    }
    expected[3 * UNITS] = 'G'; /* the first layer's own */
    open_trial(&t);
    const events e = step(&t, logits);
    ck_assert_str_eq(e.seen, expected);
    ck_assert_uint_eq(e.first, 0);
    close_trial(&t);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("profile");
    tcase_set_timeout(cases, 0);
    tcase_add_test(cases, nothing_without_a_profile);
    tcase_add_test(cases, laps_add_up);
    tcase_add_test(cases, a_pass_fills_it_in);
    tcase_add_test(cases, gradients_leave_after_the_sums_of_the_layer_below);
    return suite_run("profile", cases);
}
