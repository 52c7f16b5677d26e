/*
 * Optimizers, decays, rates, averages and limits against Keras, PyTorch and timm: what references_keras.py and
 * references_torch.py wrote, by the keys of a configuration.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "config/config.h"
#include "io/h5.h"
#include "optim/average.h"
#include "optim/optimizer.h"

/* As in references.py. */
enum { STEPS = 30, EPOCH = 5, ROWS = 8, NUMBERS = 23, MOST_KEYS = 16, KEYS_SIZE = 1000 };

static tensor_table table;

static void set_up(void)
{
    const size_t kernel[] = {1, 1, 1, 10}, channels[] = {2}, dense[] = {2, 3}, classes[] = {3};
    tensor_table_init(&table);
    ck_assert_int_eq(tensor_table_add_layer(&table, "conv2d"), LS_OK);
    ck_assert_int_eq(tensor_table_add(&table, TENSOR_CONV_KERNEL, 4, kernel, 1), LS_OK);
    ck_assert_int_eq(tensor_table_add_layer(&table, "batch_normalization"), LS_OK);
    ck_assert_int_eq(tensor_table_add(&table, TENSOR_GAMMA, 1, channels, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add(&table, TENSOR_BETA, 1, channels, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add(&table, TENSOR_MOVING_MEAN, 1, channels, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add(&table, TENSOR_MOVING_VARIANCE, 1, channels, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add_layer(&table, "dense"), LS_OK);
    ck_assert_int_eq(tensor_table_add(&table, TENSOR_DENSE_KERNEL, 2, dense, 0), LS_OK);
    ck_assert_int_eq(tensor_table_add(&table, TENSOR_DENSE_BIAS, 1, classes, 0), LS_OK);
    ck_assert_uint_eq(table.weights_size, NUMBERS);
}

static void tear_down(void)
{
    tensor_table_release(&table);
}

static double wave(size_t i, double start)
{
    return 0.5 * sin(start + 1.7 * (double)i);
}

/* The gradient of the sum of (tanh(A w) - y)², A and y those of the step. */
static void gradient(real *out, const real *w, size_t step)
{
    double sums[NUMBERS] = {0};
    for (size_t r = 0; r < ROWS; r++) {
        double product = 0;
        for (size_t i = 0; i < NUMBERS; i++) {
            product += wave(r * NUMBERS + i, (double)step) * (double)w[i];
        }
        const double y = tanh(product);
        const double back = 2 * (y - wave(r, 3 * (double)step)) * (1 - y * y);
        for (size_t i = 0; i < NUMBERS; i++) {
            sums[i] += back * wave(r * NUMBERS + i, (double)step);
        }
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        out[i] = (real)sums[i];
    }
}

/* A configuration of these keys, with spaces between. */
static void parse(config *out, const char *keys)
{
    static const char text[] = "experiment: {name: x}\ndata: {file: y}\ntrain: {learning_rate: 0.0625}\n";
    char copy[KEYS_SIZE];
    const char *list[MOST_KEYS];
    size_t count = 0;
    ck_assert_uint_lt(strlen(keys), sizeof copy);
    strcpy(copy, keys);
    for (char *key = strtok(copy, " "); key != NULL; key = strtok(NULL, " ")) {
        ck_assert_uint_lt(count, MOST_KEYS);
        list[count++] = key;
    }
    ck_assert_msg(config_parse(out, text, strlen(text), keys, list, count) == LS_OK, "%s", error_message());
}

/* The state after all steps; [begin, end) of them if it goes on from another one. */
static void run(state *s, const config *c, size_t begin, size_t end, pool *p)
{
    const optimizer_options *o = &c->optimizer;
    const rate_run length = {.steps_per_epoch = EPOCH, .batch = c->order.batch * o->accumulate};
    for (size_t step = begin; step < end; step++) {
        real grads[NUMBERS];
        const rate_now rate = rate_at(o, &length, s->step);
        if (step == 0) {
            optimizer_begin(s, o);
        }
        gradient(grads, state_weights(s), step);
        (void)optimizer_update(s, grads, &rate, o, p);
        s->step++;
    }
}

static void start(state *s, const config *c)
{
    state_slot slots[STATE_MOST_SLOTS];
    ck_assert_int_eq(state_create(s, &table, slots, optimizer_slots(slots, &c->optimizer)), LS_OK);
    for (size_t i = 0; i < NUMBERS; i++) {
        state_weights(s)[i] = (real)wave(i, 0);
    }
}

/* Largest difference between the weights, or their averages, and what a framework made of them. */
static double difference(const char *keys, const double *expected, pool *p)
{
    config c;
    state s;
    double worst = 0;
    parse(&c, keys);
    start(&s, &c);
    run(&s, &c, 0, STEPS, p);
    const state seen = average_exists(&s) ? average_state(&s) : s;
    for (size_t i = 0; i < NUMBERS; i++) {
        worst = fmax(worst, fabs((double)state_weights(&seen)[i] - expected[i]));
    }
    state_release(&s);
    config_free(&c);
    return worst;
}

/* What a file holds. */
typedef struct references {
    char **names, **keys;
    double *weights; /* [count][NUMBERS] */
    size_t count;
} references;

static references load(const char *file)
{
    h5_file *f = NULL;
    references r = {0};
    char path[1000];
    size_t keys = 0;
    snprintf(path, sizeof path, "%s/%s", REFERENCES, file);
    ck_assert_msg(h5_open_read(&f, path) == LS_OK, "%s", error_message());
    ck_assert_int_eq(h5_read_strings(f, "names", &r.names, &r.count), LS_OK);
    ck_assert_int_eq(h5_read_strings(f, "keys", &r.keys, &keys), LS_OK);
    ck_assert_uint_eq(keys, r.count);
    r.weights = calloc(r.count, NUMBERS * sizeof *r.weights);
    ck_assert_ptr_nonnull(r.weights);
    ck_assert_int_eq(h5_read(f, "weights", H5_FLOAT64, r.count * NUMBERS, r.weights), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    return r;
}

static void release(references *r)
{
    free(r->names);
    free(r->keys);
    free(r->weights);
}

static void compare(const char *file, size_t cases)
{
    const double tolerance = sizeof(real) == sizeof(double) ? 1e-10 : 2e-6;
    references r = load(file);
    double worst = 0;
    pool *p = NULL;
    ck_assert_int_eq(pool_create(&p, 2), LS_OK);
    ck_assert_uint_eq(r.count, cases);
    for (size_t i = 0; i < r.count; i++) {
        const double apart = difference(r.keys[i], r.weights + i * NUMBERS, p);
        worst = fmax(worst, apart);
        if (!(apart <= tolerance)) {
            printf("%s (%s): %g apart\n", r.names[i], r.keys[i], apart);
        }
    }
    printf("%s: %zu cases, at most %g apart\n", file, r.count, worst);
    ck_assert_double_le(worst, tolerance);
    pool_free(p);
    release(&r);
}

START_TEST(as_keras)
{
    compare("references_keras.h5", 114);
}
END_TEST

START_TEST(as_pytorch_and_timm)
{
    compare("references_torch.h5", 164);
}
END_TEST

/* Any number of threads, and any step at which a run is saved and goes on, leave the same bits in all vectors. */
START_TEST(threads_and_resumes_leave_no_trace)
{
    references r = load("references_torch.h5");
    for (size_t i = 0; i < r.count; i++) {
        config c;
        uint64_t expected = 0;
        parse(&c, r.keys[i]);
        for (int threads = 1; threads <= 3; threads++) {
            state s;
            state copy;
            pool *p = NULL;
            const size_t saved = (i + 7 * (size_t)threads) % STEPS;
            ck_assert_int_eq(pool_create(&p, threads), LS_OK);
            start(&s, &c);
            run(&s, &c, 0, saved, p);
            ck_assert_int_eq(state_create_like(&copy, &s), LS_OK);
            state_copy(&copy, &s);
            run(&copy, &c, saved, STEPS, p);
            ck_assert_msg(threads == 1 || state_hash_all(&copy) == expected, "%s", r.names[i]);
            expected = state_hash_all(&copy);
            state_release(&copy);
            state_release(&s);
            pool_free(p);
        }
        config_free(&c);
    }
    release(&r);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("references");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, as_keras);
    tcase_add_test(cases, as_pytorch_and_timm);
    tcase_add_test(cases, threads_and_resumes_leave_no_trace);
    return suite_run("references", cases);
}
