/* SGD with momentum against Keras and PyTorch, and what it is made of. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "momentum_reference.h"
#include "suite.h"

#include "base/error.h"
#include "optim/optimizer.h"

/* The net of momentum.py: dense, tanh, dense; mean squared error, and L2 on everything. */
enum { SAMPLES = 8, INPUTS = 3, HIDDEN = 4, OUTPUTS = 2, STEPS = 20 };
enum { FIRST = 0, FIRST_BIAS = INPUTS * HIDDEN, SECOND = FIRST_BIAS + HIDDEN, SECOND_BIAS = SECOND + HIDDEN * OUTPUTS };

static const double rate = 0.125, l2 = 0.0009765625;
static pool *threads;
static tensor_table table;
static double x[SAMPLES * INPUTS], y[SAMPLES * OUTPUTS];

static double value(size_t i, double start)
{
    return 0.5 * sin(start + 1.7 * (double)i);
}

static void fill(real *out, size_t n, double start)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (real)value(i, start);
    }
}

static void set_up(void)
{
    const size_t first[] = {INPUTS, HIDDEN}, hidden[] = {HIDDEN}, second[] = {HIDDEN, OUTPUTS}, outputs[] = {OUTPUTS};
    tensor_table_init(&table);
    ck_assert_int_eq(tensor_table_add_layer(&table, "dense"), LS_OK);
    ck_assert_int_ge(tensor_table_add(&table, TENSOR_DENSE_KERNEL, 2, first, 0), 0);
    ck_assert_int_ge(tensor_table_add(&table, TENSOR_DENSE_BIAS, 1, hidden, 0), 0);
    ck_assert_int_eq(tensor_table_add_layer(&table, "dense"), LS_OK);
    ck_assert_int_ge(tensor_table_add(&table, TENSOR_DENSE_KERNEL, 2, second, 0), 0);
    ck_assert_int_ge(tensor_table_add(&table, TENSOR_DENSE_BIAS, 1, outputs, 0), 0);
    ck_assert_uint_eq(table.weights_size, NUMBERS);
    for (size_t i = 0; i < SAMPLES * INPUTS; i++) {
        x[i] = value(i, 4);
    }
    for (size_t i = 0; i < SAMPLES * OUTPUTS; i++) {
        y[i] = value(i, 5);
    }
}

static void tear_down(void)
{
    tensor_table_release(&table);
}

static state fresh(const optimizer_options *o)
{
    const optimizer *how = optimizer_of(o);
    state s;
    ck_assert_int_eq(state_create(&s, &table, how->slots, how->slot_count), LS_OK);
    real *w = state_weights(&s);
    fill(w + FIRST, (size_t)INPUTS * HIDDEN, 0);
    fill(w + FIRST_BIAS, HIDDEN, 1);
    fill(w + SECOND, (size_t)HIDDEN * OUTPUTS, 2);
    fill(w + SECOND_BIAS, OUTPUTS, 3);
    return s;
}

/* Add one sample's gradient of the mean squared error. */
static void backward(double *g, const real *w, const double *in, const double *wanted)
{
    double hidden[HIDDEN];
    double error[OUTPUTS];
    for (size_t h = 0; h < HIDDEN; h++) {
        double sum = (double)w[FIRST_BIAS + h];
        for (size_t i = 0; i < INPUTS; i++) {
            sum += in[i] * (double)w[FIRST + i * HIDDEN + h];
        }
        hidden[h] = tanh(sum);
    }
    for (size_t k = 0; k < OUTPUTS; k++) {
        double sum = (double)w[SECOND_BIAS + k];
        for (size_t h = 0; h < HIDDEN; h++) {
            sum += hidden[h] * (double)w[SECOND + h * OUTPUTS + k];
        }
        error[k] = 2 * (sum - wanted[k]) / SAMPLES;
        g[SECOND_BIAS + k] += error[k];
    }
    for (size_t h = 0; h < HIDDEN; h++) {
        double back = 0;
        for (size_t k = 0; k < OUTPUTS; k++) {
            g[SECOND + h * OUTPUTS + k] += hidden[h] * error[k];
            back += (double)w[SECOND + h * OUTPUTS + k] * error[k];
        }
        back *= 1 - hidden[h] * hidden[h];
        g[FIRST_BIAS + h] += back;
        for (size_t i = 0; i < INPUTS; i++) {
            g[FIRST + i * HIDDEN + h] += in[i] * back;
        }
    }
}

static void step(state *s, const optimizer_options *o)
{
    double sums[NUMBERS] = {0};
    real grads[NUMBERS];
    for (size_t i = 0; i < SAMPLES; i++) {
        backward(sums, state_weights(s), x + i * INPUTS, y + i * OUTPUTS);
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        grads[i] = (real)sums[i];
    }
    (void)optimizer_update(s, grads, rate, o, threads);
}

static void compare(bool nesterov, const double *keras, const double *torch)
{
    const optimizer_options o = {.momentum = 0.875, .nesterov = nesterov, .l2 = l2};
    const double tolerance = sizeof(real) == sizeof(double) ? 1e-12 : 1e-6;
    state s = fresh(&o);
    for (int i = 0; i < STEPS; i++) {
        step(&s, &o);
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        ck_assert_double_eq_tol((double)state_weights(&s)[i], keras[i], tolerance);
        ck_assert_double_eq_tol((double)state_weights(&s)[i], torch[i], tolerance);
    }
    state_release(&s);
}

START_TEST(momentum_is_that_of_keras_and_pytorch)
{
    compare(false, keras_momentum, torch_momentum);
}
END_TEST

START_TEST(nesterov_is_that_of_keras_and_pytorch)
{
    compare(true, keras_nesterov, torch_nesterov);
}
END_TEST

START_TEST(a_frozen_tensor_has_no_velocity)
{
    const optimizer_options o = {.momentum = 0.875, .l2 = l2};
    tensor_table_freeze(&table, 2);
    state s = fresh(&o);
    step(&s, &o);
    for (size_t i = 0; i < NUMBERS; i++) {
        const bool frozen = i >= SECOND && i < SECOND_BIAS;
        ck_assert((s.vectors[STATE_SLOTS].values[i] == 0) == frozen);
    }
    state_release(&s);
}
END_TEST

START_TEST(without_momentum_nothing_is_kept)
{
    const optimizer_options plain = {.l2 = l2};
    const optimizer_options moving = {.momentum = 0.5};
    ck_assert_uint_eq(optimizer_of(&plain)->slot_count, 0);
    ck_assert_uint_eq(optimizer_of(&moving)->slot_count, 1);
    ck_assert_str_eq(optimizer_of(&moving)->slots[0], "velocity");
}
END_TEST

int main(void)
{
    if (pool_create(&threads, 2) != LS_OK) {
        return EXIT_FAILURE;
    }
    TCase *cases = tcase_create("momentum");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, momentum_is_that_of_keras_and_pytorch);
    tcase_add_test(cases, nesterov_is_that_of_keras_and_pytorch);
    tcase_add_test(cases, a_frozen_tensor_has_no_velocity);
    tcase_add_test(cases, without_momentum_nothing_is_kept);
    const int result = suite_run("momentum", cases);
    pool_free(threads);
    return result;
}
