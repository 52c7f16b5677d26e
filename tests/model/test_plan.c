#include "model/plan.h"

#include "base/error.h"
#include "model/private.h"
#include "suite.h"

static model_options options_of(int batch_norm, int training, size_t shards)
{
    model_options o = MODEL_OPTIONS_INIT;
    o.height = 64;
    o.width = 96;
    o.classes = 11;
    o.network.batch_norm = batch_norm;
    o.training = training;
    o.max_shards = shards;
    return o;
}

static size_t sum(const model_memory_plan *p)
{
    return p->activations + p->block_outputs + p->head + p->inner_gradients + p->outer_gradients + p->weight_gradients +
           p->packed + p->batch_norm + p->scratch;
}

/* What is planned is what is taken, to the byte. */
START_TEST(plan_is_what_the_arena_uses)
{
    for (int i = 0; i < (sizeof(real) == sizeof(float) ? 16 : 8); i++) {
        model_options o = options_of(i & 1, i >> 1 & 1, (i >> 2 & 1) == 0 ? 1 : 3);
        const int threads = 1 + (i >> 2 & 1);
        o.network.precision = i >> 3 ? PRECISION_MIXED : PRECISION_FLOAT32;
        model_memory_plan p;
        pool *workers = NULL;
        model *m = NULL;
        ck_assert_int_eq(pool_create(&workers, threads), LS_OK);
        ck_assert_int_eq(model_create(&m, &o, workers), LS_OK);
        ck_assert_int_eq(model_plan(&p, &o, threads), LS_OK);
        ck_assert_uint_eq(p.total, m->memory.used);
        ck_assert_uint_eq(p.total, sum(&p));
        ck_assert_uint_ge(model_memory(m), p.total);
        model_free(m);
        pool_free(workers);
    }
}
END_TEST

START_TEST(purposes)
{
    const model_options training = options_of(1, 1, 4);
    const model_options inference = options_of(0, 0, 4);
    model_memory_plan p;
    model_memory_plan q;
    ck_assert_int_eq(model_plan(&p, &training, 1), LS_OK);
    ck_assert_uint_ge(p.activations, 4 * 4 * sizeof(real) * 32 * 48 * (32 + 32 + 16 + 96)); /* of the first units */
    ck_assert_uint_ge(p.inner_gradients, 2 * 4 * 4 * sizeof(real) * 32 * 48 * 96);
    ck_assert_uint_gt(p.batch_norm, 0);
    ck_assert_int_eq(model_plan(&q, &training, 3), LS_OK);
    ck_assert_uint_gt(q.scratch, 2 * p.scratch);
    ck_assert_uint_eq(q.activations, p.activations);
    ck_assert_int_eq(model_plan(&q, &inference, 1), LS_OK);
    ck_assert_uint_eq(q.inner_gradients + q.outer_gradients + q.weight_gradients + q.batch_norm, 0);
    ck_assert_uint_lt(q.packed, p.packed);
}
END_TEST

/* Half of what passes between layers; all else as before. */
START_TEST(mixed_precision_halves_what_passes_between_layers)
{
    model_options o = options_of(1, 1, 4);
    model_memory_plan p;
    model_memory_plan q;
    ck_assert_int_eq(model_plan(&p, &o, 2), LS_OK);
    o.network.precision = PRECISION_MIXED;
    if (sizeof(real) == sizeof(double)) { /* which has no mixed precision */
        ck_assert_int_eq(model_plan(&q, &o, 2), LS_EUSAGE);
        return;
    }
    ck_assert_int_eq(model_plan(&q, &o, 2), LS_OK);
    const double share = 2.0 / sizeof(real);
    /* Sanitizers put gaps between pieces, so not to the byte. */
    ck_assert_double_eq_tol((double)q.activations / (double)p.activations, share, 1e-3);
    ck_assert_double_eq_tol((double)q.block_outputs / (double)p.block_outputs, share, 1e-3);
    ck_assert_double_eq_tol((double)q.inner_gradients / (double)p.inner_gradients, share, 1e-3);
    ck_assert_double_eq_tol((double)q.outer_gradients / (double)p.outer_gradients, share, 1e-3);
    ck_assert_uint_eq(q.head, p.head);
    ck_assert_uint_eq(q.packed, p.packed);
    ck_assert_uint_eq(q.batch_norm, p.batch_norm);
    ck_assert_uint_eq(q.scratch, p.scratch);
    ck_assert_uint_eq(q.weight_gradients, p.weight_gradients);
}
END_TEST

START_TEST(mixed_precision_is_for_float32)
{
    model_options o = options_of(1, 1, 1);
    pool *workers = NULL;
    model *m = NULL;
    model_memory_plan plan;
    o.network.precision = PRECISION_MIXED;
    ck_assert_int_eq(pool_create(&workers, 1), LS_OK);
    ck_assert_int_eq(model_create(&m, &o, workers), sizeof(real) == sizeof(float) ? LS_OK : LS_EUSAGE);
    ck_assert_int_eq(model_plan(&plan, &o, 1), sizeof(real) == sizeof(float) ? LS_OK : LS_EUSAGE);
    model_free(m);
    pool_free(workers);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("plan");
    tcase_set_timeout(cases, 0);
    tcase_add_test(cases, plan_is_what_the_arena_uses);
    tcase_add_test(cases, purposes);
    tcase_add_test(cases, mixed_precision_halves_what_passes_between_layers);
    tcase_add_test(cases, mixed_precision_is_for_float32);
    return suite_run("plan", cases);
}
