#include <check.h>
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "suite.h"

#include "base/error.h"
#include "base/fpu.h"
#include "base/pool.h"

/* What a thread makes of results and of operands that are subnormal. */
typedef struct seen {
    float product, negative, from_operand, quotient;
    double product64, from_operand64;
} seen;

/* Not inlined: the compiler may move a product past a call that it knows nothing of. */
static __attribute__((noinline)) seen look(void)
{
    volatile float small = 1e-30F, tiny = 1e-10F, subnormal = 1e-40F, large = 1e10F;
    volatile double small64 = 1e-300, tiny64 = 1e-12, subnormal64 = 1e-310, large64 = 1e20;
    return (seen){
        .product = small * tiny,
        .negative = -small * tiny,
        .from_operand = subnormal * large,
        .quotient = small / large,
        .product64 = small64 * tiny64,
        .from_operand64 = subnormal64 * large64,
    };
}

static int all_zero(const seen *s)
{
    return s->product == 0 && s->negative == 0 && signbit(s->negative) && s->from_operand == 0 && s->quotient == 0 &&
           s->product64 == 0 && s->from_operand64 == 0;
}

/* Whether this thread flushes now, both results and operands. */
static int flushes(void)
{
    const seen s = look();
    return all_zero(&s);
}

/* Asked where nothing is flushed: to compare is to compute. */
static int none_zero(const seen *s)
{
    return s->product > 0 && s->negative < 0 && s->from_operand > 0 && s->quotient > 0 && s->product64 > 0 &&
           s->from_operand64 > 0;
}

START_TEST(pairs_nest_and_give_back_what_was)
{
    seen s = look();
    ck_assert(none_zero(&s));
    fpu_flush_begin();
    fpu_flush_begin();
    s = look();
    fpu_flush_end();
    const seen inner = look();
    fpu_flush_end();
    const seen after = look();
    fpu_flush_end(); /* one too many does nothing */
    ck_assert(all_zero(&s) && all_zero(&inner));
    ck_assert(none_zero(&after));
}
END_TEST

START_TEST(nothing_else_of_the_environment_changes)
{
    ck_assert_int_eq(fesetround(FE_UPWARD), 0);
    ck_assert_int_eq(feraiseexcept(FE_DIVBYZERO), 0);
    fpu_flush_begin();
    ck_assert_int_eq(fegetround(), FE_UPWARD);
    fpu_flush_end();
    ck_assert_int_eq(fegetround(), FE_UPWARD);
    ck_assert_int_ne(fetestexcept(FE_DIVBYZERO), 0);
    fesetenv(FE_DFL_ENV);
}
END_TEST

enum { MOST_THREADS = 4 };

/* A round in which each thread takes one piece, as none leaves its own before all have come. */
typedef struct round_seen {
    atomic_int come;
    int threads;
    seen seen[MOST_THREADS];
} round_seen;

static void look_in_thread(void *context, size_t index, int thread)
{
    round_seen *r = context;
    (void)index;
    r->seen[thread] = look();
    atomic_fetch_add(&r->come, 1);
    while (atomic_load(&r->come) < r->threads) {
    }
}

static int threads_that_flush(pool *p)
{
    round_seen r = {.threads = pool_threads(p)};
    int count = 0;
    pool_run(p, look_in_thread, &r, (size_t)r.threads);
    for (int i = 0; i < r.threads; i++) {
        count += all_zero(&r.seen[i]);
    }
    return count;
}

START_TEST(all_threads_of_a_pool_flush)
{
    for (int threads = 1; threads <= MOST_THREADS; threads++) {
        pool *p = NULL;
        ck_assert_int_eq(pool_create(&p, threads), LS_OK);
        ck_assert_int_eq(threads_that_flush(p), threads);
        seen s = look(); /* between two rounds, where ranks add up */
        ck_assert(all_zero(&s));
        fesetenv(FE_DFL_ENV); /* as a library might do */
        ck_assert_int_eq(threads_that_flush(p), threads);
        pool_free(p);
        s = look();
        ck_assert(none_zero(&s));
    }
}
END_TEST

typedef struct caller {
    pool *p;
    int before, flushing, after; /* threads that flush in a round; this one before and after it */
} caller;

static void *run_pool(void *context)
{
    caller *c = context;
    c->before = flushes();
    c->flushing = threads_that_flush(c->p);
    c->after = flushes();
    return NULL;
}

/* The thread that runs a round need not be the one that started the helpers. */
START_TEST(another_caller_flushes_too)
{
    caller c = {0};
    pthread_t other;
    ck_assert_int_eq(pool_create(&c.p, 2), LS_OK);
    fesetenv(FE_DFL_ENV); /* the new thread inherits this */
    ck_assert_int_eq(pthread_create(&other, NULL, run_pool, &c), 0);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    ck_assert_int_eq(c.before, 0);
    ck_assert_int_eq(c.flushing, 2);
    ck_assert_int_eq(c.after, 0);
    pool_free(c.p);
}
END_TEST

START_TEST(pools_overlap)
{
    for (int first = 0; first < 2; first++) {
        pool *p[2];
        ck_assert_int_eq(pool_create(&p[0], 2), LS_OK);
        ck_assert_int_eq(pool_create(&p[1], 2), LS_OK);
        pool_free(p[first]);
        ck_assert_int_eq(flushes(), 1);
        ck_assert_int_eq(threads_that_flush(p[1 - first]), 2);
        pool_free(p[1 - first]);
        ck_assert_int_eq(flushes(), 0);
    }
}
END_TEST

/* A thread that creates a pool while it flushes for reasons of its own goes on so. */
START_TEST(what_the_creator_did_stays)
{
    pool *p = NULL;
    fpu_flush_begin();
    ck_assert_int_eq(pool_create(&p, 3), LS_OK);
    ck_assert_int_eq(threads_that_flush(p), 3);
    pool_free(p);
    ck_assert_int_eq(flushes(), 1);
    fpu_flush_end();
    ck_assert_int_eq(flushes(), 0);
}
END_TEST

START_TEST(subnormal_numbers_are_counted)
{
    const float singles[] = {0, -0.0F, 1, -1e-39F, 1e-45F, FLT_MIN, -FLT_MIN, INFINITY, NAN, 1.1754942e-38F};
    const double doubles[] = {0, -0.0, 1e-310, -1e-310, 5e-324, DBL_MIN, 1e-39, -INFINITY, NAN, -DBL_MIN};
    const uint16_t halves[] = {0, 0x8000, 0x0001, 0x807f, 0x0080, 0x7f80, 0x7fc0, 0x3f80, 0x8080, 0xffff};
    for (int flush = 0; flush < 2; flush++) {
        (flush ? fpu_flush_begin : fpu_flush_end)();
        ck_assert_uint_eq(fpu_subnormals(singles, 10, sizeof *singles), 3);
        ck_assert_uint_eq(fpu_subnormals(doubles, 10, sizeof *doubles), 3);
        ck_assert_uint_eq(fpu_subnormals(halves, 10, sizeof *halves), 2);
        ck_assert_uint_eq(fpu_subnormals(halves + 2, 1, sizeof *halves), 1);
        ck_assert_uint_eq(fpu_subnormals(NULL, 0, sizeof *singles), 0);
    }
    fpu_flush_end();
}
END_TEST

int main(void)
{
#if !defined(__x86_64__) && !defined(__aarch64__)
    (void)printf("this processor's subnormal numbers cannot be flushed\n");
    return 77;
#endif
    TCase *cases = tcase_create("fpu");
    tcase_add_test(cases, pairs_nest_and_give_back_what_was);
    tcase_add_test(cases, nothing_else_of_the_environment_changes);
    tcase_add_test(cases, all_threads_of_a_pool_flush);
    tcase_add_test(cases, another_caller_flushes_too);
    tcase_add_test(cases, pools_overlap);
    tcase_add_test(cases, what_the_creator_did_stays);
    tcase_add_test(cases, subnormal_numbers_are_counted);
    return suite_run("fpu", cases);
}
