/* A network of which a part is frozen: its gradient against differences, its memory, and features instead of pictures.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "model/model.h"
#include "model/plan.h"
#include "suite.h"

enum { SAMPLES = 4, CLASSES = 3, SIDE = 32 };

static pool *threads;
static real images[(size_t)SAMPLES * SIDE * SIDE * 3];
static int32_t labels[SAMPLES] = {0, 1, 2, 1};
static size_t handed_over; /* the gradient is there from here on */

static int sum_one(void *context, double *out, double *partials, size_t n)
{
    (void)context;
    memcpy(out, partials, n * sizeof *out);
    return LS_OK;
}

static int take_part(void *context, size_t first)
{
    (void)context;
    handed_over = first;
    return LS_OK;
}

static const reducer sums = {.sum = sum_one, .samples = SAMPLES};
static const gradient_sink sink = {.ready = take_part};

static void set_up(void)
{
    ck_assert_int_eq(pool_create(&threads, 2), LS_OK);
    for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
        images[i] = (real)random_unit(1, random_stream(RANDOM_TEST, 0, 0), i);
    }
}

static void tear_down(void)
{
    pool_free(threads);
}

static model_options options(const char *freeze)
{
    model_options o = MODEL_OPTIONS_INIT;
    o.height = o.width = SIDE;
    o.classes = CLASSES;
    o.network.alpha = 0.35;
    o.network.head_units = 16;
    o.shard_size = SAMPLES;
    o.max_shards = 1;
    o.freeze = freeze;
    return o;
}

static batch pictures(void)
{
    return (batch){.images = images, .labels = labels, .range = shard_range_of(SAMPLES, SAMPLES, 0, 1)};
}

/* A state with moving statistics as if it had been trained: of no two channels the same. */
static void make_state(state *s, const model *m)
{
    ck_assert_int_eq(state_create(s, model_table(m), NULL, 0), LS_OK);
    model_init(s, 1);
    for (size_t i = 0; i < s->table->count; i++) {
        const tensor_info *t = &s->table->tensors[i];
        for (size_t k = 0; k < t->size; k++) {
            const real u = (real)random_unit(2, random_stream(RANDOM_TEST, i, 0), k);
            real *value = &state_values(s, t)[k];
            *value = t->role == TENSOR_MOVING_MEAN       ? (u - (real)0.5) / 10
                     : t->role == TENSOR_MOVING_VARIANCE ? (real)0.5 + u
                     : t->role == TENSOR_BETA            ? u / 2
                                                         : *value;
        }
    }
}

/* The mean cross-entropy in training mode; the moving statistics are put back. */
static double loss_of(model *m, state *s, const batch *b)
{
    double loss[1][3];
    const size_t bytes = s->table->moving_size * sizeof(real);
    real *before = malloc(bytes);
    ck_assert_ptr_nonnull(before);
    memcpy(before, state_moving(s), bytes);
    ck_assert_int_eq(model_forward(m, s, b, MODEL_TRAIN, &sums, NULL), LS_OK);
    model_loss(m, b, loss);
    memcpy(state_moving(s), before, bytes);
    free(before);
    return loss[0][0] / SAMPLES;
}

static real *gradient_of(model *m, state *s, const batch *b)
{
    real *grads = calloc(s->table->weights_size, sizeof *grads);
    ck_assert_ptr_nonnull(grads);
    (void)loss_of(m, s, b);
    ck_assert_int_eq(model_backward(m, s, b, &sums, 1, grads, &sink), LS_OK);
    model_finish_gradient(m, 1, grads);
    return grads;
}

/* Some elements of each tensor, by central differences; what is frozen has none. */
static void check_gradient(const char *freeze)
{
    const model_options o = options(freeze);
    const batch b = pictures();
    const double h = 1e-7;
    model *m = NULL;
    state s = {0};
    ck_assert_msg(model_create(&m, &o, threads) == LS_OK, "%s", error_message());
    make_state(&s, m);
    real *grads = gradient_of(m, &s, &b);
    for (size_t i = 0; i < s.table->count; i++) {
        const tensor_info *t = &s.table->tensors[i];
        if (t->vector != TENSOR_WEIGHTS) {
            continue;
        }
        real *value = &state_weights(&s)[t->offset + t->size / 2];
        const double got = (double)grads[t->offset + t->size / 2];
        if (t->frozen) {
            ck_assert_double_eq(got, 0);
            continue;
        }
        if (sizeof(real) == sizeof(float)) {
            continue;
        }
        const real kept = *value;
        *value = kept + (real)h;
        const double above = loss_of(m, &s, &b);
        *value = kept - (real)h;
        const double below = loss_of(m, &s, &b);
        *value = kept;
        const double wanted = (above - below) / (2 * h);
        ck_assert_msg(fabs(got - wanted) < 1e-4 + 5e-3 * fabs(wanted), "%s: %s of role %d: %g, not %g", freeze,
                      t->layer, (int)t->role, got, wanted);
    }
    free(grads);
    state_release(&s);
    model_free(m);
}

START_TEST(gradients_agree_with_differences)
{
    check_gradient("none");
    check_gradient("backbone");
    check_gradient("until:block12");
    check_gradient("until:block12.expand"); /* a depthwise convolution is the first that is trained */
    check_gradient("layers:batch_normalization*");
    check_gradient("layers:conv2d*,depthwise_conv2d*");
    check_gradient("layers:block3*,block16,dense");
}
END_TEST

/* Frozen BatchNorm normalizes by the moving statistics, and leaves them alone. */
START_TEST(frozen_statistics_stay)
{
    const model_options o = options("until:block12");
    const batch b = pictures();
    model *m = NULL;
    state s = {0};
    ck_assert_int_eq(model_create(&m, &o, threads), LS_OK);
    make_state(&s, m);
    real *before = malloc(s.table->moving_size * sizeof *before);
    ck_assert_ptr_nonnull(before);
    memcpy(before, state_moving(&s), s.table->moving_size * sizeof *before);
    ck_assert_int_eq(model_forward(m, &s, &b, MODEL_TRAIN, &sums, NULL), LS_OK);
    for (size_t i = 0; i < s.table->count; i++) {
        const tensor_info *t = &s.table->tensors[i];
        if (t->vector == TENSOR_MOVING) {
            const int same = memcmp(before + t->offset, state_values(&s, t), t->size * sizeof(real)) == 0;
            ck_assert_msg(same == (t->frozen != 0), "%s of role %d: %d, frozen %d", t->layer, (int)t->role, same,
                          t->frozen);
        }
    }
    free(before);
    state_release(&s);
    model_free(m);
}
END_TEST

static size_t planned(const char *freeze, int training)
{
    model_options o = options(freeze);
    model_memory_plan plan;
    o.height = o.width = 128;
    o.training = training;
    ck_assert_int_eq(model_plan(&plan, &o, 1), LS_OK);
    return plan.activations + plan.block_outputs;
}

/* Outputs that no backward reads take turns in memory: the same is computed, in less of it. */
START_TEST(the_same_in_less_memory)
{
    static const char *const frozen[] = {NULL, NULL, "backbone", "until:block9"};
    const batch b = pictures();
    real logits[4][SAMPLES * CLASSES];
    for (int i = 0; i < 4; i++) {
        model_options o = options(frozen[i]);
        model *m = NULL;
        state s = {0};
        o.training = i != 1;
        ck_assert_int_eq(model_create(&m, &o, threads), LS_OK);
        make_state(&s, m);
        ck_assert_int_eq(model_forward(m, &s, &b, MODEL_INFER, NULL, logits[i]), LS_OK);
        ck_assert_int_eq(memcmp(logits[i], logits[0], sizeof logits[0]), 0);
        state_release(&s);
        model_free(m);
    }
    ck_assert_uint_lt(2 * planned(NULL, 0), planned(NULL, 1));
    ck_assert_uint_eq(planned("backbone", 1), planned(NULL, 0));
    ck_assert_uint_lt(planned("until:block9", 1), planned(NULL, 1));
}
END_TEST

/* Only the dense layers' gradient is handed over; a batch of features gives the bits of its pictures. */
START_TEST(features_instead_of_pictures)
{
    const model_options o = options("backbone");
    const batch b = pictures();
    model *m = NULL;
    state s = {0};
    ck_assert_int_eq(model_create(&m, &o, threads), LS_OK);
    make_state(&s, m);
    ck_assert(model_trains_head_only(m));
    const tensor_info *dense = &s.table->tensors[s.table->count - 4];
    real *features = calloc(SAMPLES * model_features(m), sizeof *features);
    ck_assert_ptr_nonnull(features);
    real *by_pictures = gradient_of(m, &s, &b);
    model_read_features(m, features);
    ck_assert_uint_eq(handed_over, dense->offset);
    const batch kept = {.features = features, .labels = labels, .range = b.range};
    real *by_features = gradient_of(m, &s, &kept);
    ck_assert_int_eq(memcmp(by_pictures, by_features, s.table->weights_size * sizeof(real)), 0);
    free(by_features);
    free(by_pictures);
    free(features);
    state_release(&s);
    model_free(m);
}
END_TEST

/* What was frozen thaws, in memory that was planned for it. */
START_TEST(thawing)
{
    model_options o = options("backbone");
    const batch b = pictures();
    model *m = NULL;
    model *whole = NULL;
    state s = {0};
    o.thaws = 1;
    ck_assert_int_eq(model_create(&m, &o, threads), LS_OK);
    o = options(NULL);
    ck_assert_int_eq(model_create(&whole, &o, threads), LS_OK);
    make_state(&s, m);
    ck_assert_int_eq(model_freeze(m, "backbone"), LS_OK);
    ck_assert_int_eq(model_freeze(m, NULL), LS_OK);
    ck_assert(!model_trains_head_only(m));
    real *thawed = gradient_of(m, &s, &b);
    real *wanted = gradient_of(whole, &s, &b);
    ck_assert_int_eq(memcmp(thawed, wanted, s.table->weights_size * sizeof(real)), 0);
    const batch kept = {.features = images, .labels = labels, .range = b.range};
    ck_assert_int_eq(model_forward(m, &s, &kept, MODEL_TRAIN, &sums, NULL), LS_ERROR);
    free(thawed);
    free(wanted);
    state_release(&s);
    model_free(whole);
    model_free(m);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("frozen");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 300);
    tcase_add_test(cases, gradients_agree_with_differences);
    tcase_add_test(cases, frozen_statistics_stay);
    tcase_add_test(cases, the_same_in_less_memory);
    tcase_add_test(cases, features_instead_of_pictures);
    tcase_add_test(cases, thawing);
    return suite_run("frozen", cases);
}
