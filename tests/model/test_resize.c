/* A model whose input changes its size computes as one that was made for that size. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "model/model.h"
#include "model/plan.h"
#include "suite.h"

enum { SAMPLES = 4, CLASSES = 3, LARGE = 64, SMALL = 32 };

/* One shard, so its vector is the sum. */
static int sum_one(void *context, double *out, double *partials, size_t n)
{
    (void)context;
    memcpy(out, partials, n * sizeof *out);
    return LS_OK;
}

static int take_part(void *context, size_t first)
{
    (void)context;
    (void)first;
    return LS_OK;
}

static model *make(size_t height, size_t width, pool *threads)
{
    model_options o = MODEL_OPTIONS_INIT;
    model *m = NULL;
    o.height = height;
    o.width = width;
    o.classes = CLASSES;
    o.shard_size = SAMPLES;
    o.max_shards = 1;
    ck_assert_int_eq(model_create(&m, &o, threads), LS_OK);
    return m;
}

/* Of the logits, the loss, the gradient and the moving statistics of a step. */
static uint64_t step_hash(model *m, size_t height, size_t width)
{
    const tensor_table *table = model_table(m);
    const size_t pixels = (size_t)SAMPLES * height * width * 3;
    int32_t labels[SAMPLES] = {0, 1, 2, 1};
    real logits[SAMPLES * CLASSES];
    double loss[1][3];
    state s = {0};
    real *images = calloc(pixels, sizeof *images);
    real *grads = calloc(table->weights_size, sizeof *grads);
    ck_assert(images != NULL && grads != NULL);
    for (size_t i = 0; i < pixels; i++) {
        images[i] = (real)random_unit(1, random_stream(RANDOM_TEST, 0, 0), i);
    }
    ck_assert_int_eq(state_create(&s, table, NULL, 0), LS_OK);
    model_init(&s, 1);
    const batch b = {.images = images, .labels = labels, .range = shard_range_of(SAMPLES, SAMPLES, 0, 1)};
    const reducer sums = {.sum = sum_one, .samples = SAMPLES};
    const gradient_sink sink = {.ready = take_part};
    ck_assert_int_eq(model_forward(m, &s, &b, MODEL_TRAIN, &sums, logits), LS_OK);
    model_loss(m, &b, loss);
    ck_assert_int_eq(model_backward(m, &s, &b, &sums, 1, grads, &sink), LS_OK);
    model_finish_gradient(m, 1, grads);
    uint64_t h = hash_bytes(HASH_START, logits, sizeof logits);
    h = hash_bytes(h, loss, sizeof loss);
    h = hash_bytes(h, grads, table->weights_size * sizeof *grads);
    h = hash_bytes(h, state_moving(&s), table->moving_size * sizeof(real));
    state_release(&s);
    free(grads);
    free(images);
    return h;
}

START_TEST(as_one_made_for_the_size)
{
    pool *threads = NULL;
    ck_assert_int_eq(pool_create(&threads, 2), LS_OK);
    model *m = make(LARGE, LARGE, threads);
    model *small = make(SMALL, SMALL, threads);
    model *oblong = make(SMALL, LARGE - 1, threads);
    const tensor_info *variables = model_table(m)->tensors;
    const uint64_t large_hash = step_hash(m, LARGE, LARGE);
    const uint64_t small_hash = step_hash(small, SMALL, SMALL);
    ck_assert(large_hash != small_hash);
    for (int again = 0; again < 2; again++) {
        ck_assert_int_eq(model_resize(m, SMALL, SMALL), LS_OK);
        ck_assert(step_hash(m, SMALL, SMALL) == small_hash);
        ck_assert_int_eq(model_resize(m, SMALL, LARGE - 1), LS_OK);
        ck_assert(step_hash(m, SMALL, LARGE - 1) == step_hash(oblong, SMALL, LARGE - 1));
        ck_assert_int_eq(model_resize(m, LARGE, LARGE), LS_OK);
        ck_assert(step_hash(m, LARGE, LARGE) == large_hash);
    }
    ck_assert_ptr_eq(model_table(m)->tensors, variables); /* states refer to them */
    model_free(oblong);
    model_free(small);
    model_free(m);
    pool_free(threads);
}
END_TEST

START_TEST(never_larger_than_planned)
{
    pool *threads = NULL;
    ck_assert_int_eq(pool_create(&threads, 1), LS_OK);
    model *m = make(SMALL, SMALL, threads);
    const uint64_t before = step_hash(m, SMALL, SMALL);
    ck_assert_int_eq(model_resize(m, 2 * LARGE, 2 * LARGE), LS_EUSAGE);
    ck_assert_int_eq(model_resize(m, 8, 8), LS_EUSAGE);
    ck_assert(step_hash(m, SMALL, SMALL) == before); /* it goes on as it was */
    model_free(m);
    pool_free(threads);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("resize");
    tcase_add_test(cases, as_one_made_for_the_size);
    tcase_add_test(cases, never_larger_than_planned);
    return suite_run("resize", cases);
}
