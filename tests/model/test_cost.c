#include "model/cost.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "suite.h"

static model_cost *costs;
static size_t count;

static void lay_out_stored(size_t classes, int batch_norm, int mixed)
{
    model_options o = MODEL_OPTIONS_INIT;
    o.classes = classes;
    o.network.batch_norm = batch_norm;
    o.network.precision = mixed ? PRECISION_MIXED : PRECISION_FLOAT32;
    free(costs);
    ck_assert_int_eq(model_costs(&costs, &count, &o), LS_OK);
}

static void lay_out(size_t classes, int batch_norm)
{
    lay_out_stored(classes, batch_norm, 0);
}

static const model_cost *named(const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(costs[i].name, name) == 0) {
            return &costs[i];
        }
    }
    ck_abort_msg("no layer %s", name);
    return NULL;
}

/* FLOPs of an image, of layers of one kind. */
static double flops(cost_kind kind, cost_direction d)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += costs[i].kind == kind ? costs[i].work[d].flops : 0;
    }
    return sum;
}

/* The published number of multiply-adds at 224×224 and 1000 classes, and what training makes of it. */
START_TEST(known_totals)
{
    double forward = 0;
    double both = 0;
    lay_out(1000, 1);
    ck_assert_uint_eq(count, 52 + 10 + 2);
    for (int kind = 0; kind < COST_KINDS; kind++) {
        forward += flops((cost_kind)kind, COST_FORWARD);
        both += flops((cost_kind)kind, COST_FORWARD) + flops((cost_kind)kind, COST_BACKWARD);
    }
    ck_assert_double_eq(forward, 2.0 * 300774272);
    ck_assert_double_eq_tol(both, 1.783e9, 0.5e6);
    ck_assert_double_eq(flops(COST_STEM, COST_FORWARD), flops(COST_STEM, COST_BACKWARD));
    ck_assert_double_eq(2 * flops(COST_POINTWISE, COST_FORWARD), flops(COST_POINTWISE, COST_BACKWARD));
    ck_assert_double_eq_tol(3 * flops(COST_POINTWISE, COST_FORWARD), 1.608e9, 0.5e6);
    ck_assert_double_eq_tol(3 * flops(COST_DEPTHWISE, COST_FORWARD), 0.124e9, 0.5e6);
    ck_assert_double_eq(flops(COST_DENSE, COST_BACKWARD), 4.0 * 1280 * 1000);
}
END_TEST

START_TEST(shapes)
{
    lay_out(10, 1);
    const model_cost *c = named("block14.depthwise");
    ck_assert_uint_eq(c->cin, 576);
    ck_assert_uint_eq(c->cout, 576);
    ck_assert_uint_eq(c->height, 7);
    ck_assert_uint_eq(c->width, 7);
    ck_assert_uint_eq(c->stride, 2);
    ck_assert_uint_eq(named("head")->cout, 1280);
    ck_assert_ptr_eq(named("stem"), &costs[0]);
    ck_assert_ptr_eq(named("block3.shortcut"), named("block3.project") + 1);
    ck_assert_ptr_eq(named("dense"), &costs[count - 1]);
    ck_assert_str_eq(cost_kind_name(COST_DEPTHWISE), "depthwise");
}
END_TEST

/* Elements that an image moves through a layer. */
static double moved(const char *name, cost_direction d)
{
    return named(name)->work[d].bytes / sizeof(real);
}

START_TEST(traffic)
{
    const double map = 56.0 * 56;
    lay_out(10, 1);
    ck_assert_double_eq(moved("stem", COST_FORWARD), 224.0 * 224 * 3 + 112.0 * 112 * 32);
    ck_assert_double_eq(moved("stem", COST_BACKWARD), 224.0 * 224 * 3 + 2 * 112.0 * 112 * 32); /* images, dy, z */
    ck_assert_double_eq(moved("block2.depthwise", COST_FORWARD), (112.0 * 112 + map) * 96);
    ck_assert_double_eq(moved("block2.project", COST_FORWARD), map * (96 + 24));
    ck_assert_double_eq(moved("block2.project", COST_BACKWARD), map * (2 * 24 + 96 + 96)); /* dy, z, in, dx */
    /* Its input is block 2's z itself; the block's shortcut adds to dx. */
    ck_assert_double_eq(moved("block3.expand", COST_BACKWARD), map * (2 * 144 + 3 * 24));
    /* Its input is block 3's stored output, and the epilogue reads block 3's z beside it. */
    ck_assert_double_eq(moved("block4.expand", COST_BACKWARD), map * (2 * 144 + 3 * 24));
    ck_assert_double_eq(moved("block3.shortcut", COST_FORWARD), map * 3 * 24);
    ck_assert_double_eq(moved("block3.shortcut", COST_BACKWARD), 0);
    ck_assert_double_eq(moved("pool", COST_BACKWARD), 49.0 * 1280 * 2 + 1280);
    ck_assert_double_eq(named("block2.project")->work[COST_BACKWARD].shard_bytes, 2.0 * 96 * 24 * sizeof(real));
}
END_TEST

/* Images are `real` still. */
START_TEST(traffic_in_mixed_precision)
{
    const double map = 56.0 * 56;
    lay_out_stored(10, 1, 1);
    ck_assert_double_eq(named("stem")->work[COST_FORWARD].bytes, 224.0 * 224 * 3 * sizeof(real) + 2 * 112.0 * 112 * 32);
    ck_assert_double_eq(named("stem")->work[COST_BACKWARD].bytes,
                        224.0 * 224 * 3 * sizeof(real) + 2 * 2 * 112.0 * 112 * 32);
    ck_assert_double_eq(named("block2.project")->work[COST_BACKWARD].bytes, 2 * map * (2 * 24 + 96 + 96));
    ck_assert_double_eq(named("block2.project")->work[COST_BACKWARD].shard_bytes, 2.0 * 96 * 24 * sizeof(real));
    ck_assert_double_eq(named("pool")->work[COST_FORWARD].bytes, 2 * 49.0 * 1280 + 1280 * sizeof(real));
}
END_TEST

/* Then gradients are not read through a lens of z, and a linear output has no mask either. */
START_TEST(traffic_without_batch_norm)
{
    const double map = 56.0 * 56;
    lay_out(10, 0);
    ck_assert_double_eq(moved("block2.project", COST_BACKWARD), map * (24 + 96 + 96));
    ck_assert_double_eq(moved("block4.expand", COST_BACKWARD), map * (144 + 2 * 24));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("cost");
    tcase_add_test(cases, known_totals);
    tcase_add_test(cases, shapes);
    tcase_add_test(cases, traffic);
    tcase_add_test(cases, traffic_in_mixed_precision);
    tcase_add_test(cases, traffic_without_batch_norm);
    const int result = suite_run("cost", cases);
    free(costs);
    return result;
}
