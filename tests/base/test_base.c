#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/cpus.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/size.h"
#include "base/thread.h"

START_TEST(errors_keep_code_and_message)
{
    ck_assert_int_eq(error_set(LS_EIO, "%s: cannot %s", "file", "read"), LS_EIO);
    ck_assert_str_eq(error_message(), "file: cannot read");
    ck_assert_int_eq(error_prefix(LS_EIO, "step %d", 3), LS_EIO);
    ck_assert_str_eq(error_message(), "step 3: file: cannot read");
    /* A message may be made out of the one before. */
    ck_assert_int_eq(error_set(LS_ECOMM, "rank 1: %s", error_message()), LS_ECOMM);
    ck_assert_str_eq(error_message(), "rank 1: step 3: file: cannot read");
    ck_assert_int_eq(error_exit_code(LS_OK), EXIT_DONE);
    ck_assert_int_eq(error_exit_code(LS_EUSAGE), EXIT_USAGE);
    ck_assert_int_eq(error_exit_code(LS_ENUMERIC), EXIT_NUMERIC);
    ck_assert_int_eq(error_exit_code(LS_EIO), EXIT_FAILED);
}
END_TEST

START_TEST(long_errors_are_cut)
{
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)error_set(LS_ERROR, "%s", text);
    const size_t kept = strlen(error_message());
    ck_assert_uint_gt(kept, 500);
    (void)error_prefix(LS_ERROR, "%s", text);
    ck_assert_uint_eq(strlen(error_message()), kept);
}
END_TEST

/* Names come from files: one that holds line ends or escape sequences must not get through to a terminal. */
START_TEST(errors_are_one_line)
{
    (void)error_set(LS_EFORMAT, "tensor %s", "a\nb\x1b[31m\x7f\xc2\x9bz \xc3\xa9");
    ck_assert_str_eq(error_message(), "tensor a?b?[31m???z \xc3\xa9");
    (void)error_prefix(LS_EFORMAT, "%s", "c\rd");
    ck_assert_str_eq(error_message(), "c?d: tensor a?b?[31m???z \xc3\xa9");
}
END_TEST

START_TEST(a_saved_error_outlives_others)
{
    saved_error saved = {0};
    (void)error_set(LS_EIO, "first");
    ck_assert_int_eq(error_restore(&saved), LS_OK); /* nothing was saved: the message stays */
    ck_assert_str_eq(error_message(), "first");
    error_save(&saved, LS_EIO);
    (void)error_set(LS_ENOMEM, "second");
    ck_assert_int_eq(error_restore(&saved), LS_EIO);
    ck_assert_str_eq(error_message(), "first");
}
END_TEST

static void *blocked_signals(void *out)
{
    (void)pthread_sigmask(SIG_BLOCK, NULL, out);
    return NULL;
}

START_TEST(a_started_thread_gets_no_signals)
{
    pthread_t thread;
    sigset_t blocked;
    sigset_t mine;
    ck_assert_int_eq(thread_start(&thread, blocked_signals, &blocked, "a test"), LS_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(sigismember(&blocked, SIGTERM), 1);
    (void)pthread_sigmask(SIG_BLOCK, NULL, &mine);
    ck_assert_int_eq(sigismember(&mine, SIGTERM), 0);
}
END_TEST

START_TEST(sizes_are_checked)
{
    size_t out = 0;
    ck_assert_int_eq(size_mul(&out, 6, 7), 0);
    ck_assert_uint_eq(out, 42);
    ck_assert_int_ne(size_mul(&out, SIZE_MAX / 2, 3), 0);
    ck_assert_int_eq(size_add(&out, SIZE_MAX - 1, 1), 0);
    ck_assert_uint_eq(out, SIZE_MAX);
    ck_assert_int_ne(size_add(&out, SIZE_MAX, 1), 0);
    ck_assert_uint_eq(size_round_up(0, 8), 0);
    ck_assert_uint_eq(size_round_up(1, 8), 8);
    ck_assert_uint_eq(size_round_up(16, 8), 16);
}
END_TEST

START_TEST(hash_sees_every_byte_and_the_length)
{
    unsigned char bytes[40] = {0};
    const uint64_t zeros = hash_bytes(HASH_START, bytes, sizeof bytes);
    ck_assert_uint_eq(hash_bytes(HASH_START, bytes, sizeof bytes), zeros);
    for (size_t n = 0; n < sizeof bytes; n++) {
        ck_assert_uint_ne(hash_bytes(HASH_START, bytes, n), zeros);
        bytes[n] = 1;
        ck_assert_uint_ne(hash_bytes(HASH_START, bytes, sizeof bytes), zeros);
        bytes[n] = 0;
    }
    /* Continued over two pieces, the order of the pieces matters. */
    const uint64_t ab = hash_bytes(hash_bytes(HASH_START, "a", 1), "b", 1);
    const uint64_t ba = hash_bytes(hash_bytes(HASH_START, "b", 1), "a", 1);
    ck_assert_uint_ne(ab, ba);
}
END_TEST

START_TEST(random_is_a_function_of_its_arguments)
{
    const uint64_t stream = random_stream(RANDOM_TEST, 1, 2);
    ck_assert_uint_eq(random_bits(7, stream, 9), random_bits(7, stream, 9));
    ck_assert_uint_ne(random_bits(7, stream, 9), random_bits(7, stream, 10));
    ck_assert_uint_ne(random_bits(7, stream, 9), random_bits(8, stream, 9));
    ck_assert_uint_ne(random_stream(RANDOM_TEST, 1, 2), random_stream(RANDOM_TEST, 2, 1));
    ck_assert_uint_ne(random_stream(RANDOM_ORDER, 1, 2), random_stream(RANDOM_AUGMENT, 1, 2));
}
END_TEST

START_TEST(random_is_uniform)
{
    enum { DRAWS = 100000, BINS = 16 };
    size_t bins[BINS] = {0}, small[7] = {0};
    double sum = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        const double u = random_unit(1, 2, i);
        ck_assert(u >= 0 && u < 1);
        sum += u;
        bins[(size_t)(u * BINS)]++;
        small[random_below(3, 4, i, 7)]++;
    }
    ck_assert_double_eq_tol(sum / DRAWS, 0.5, 0.005);
    for (size_t i = 0; i < BINS; i++) {
        ck_assert_double_eq_tol((double)bins[i], (double)DRAWS / BINS, 400); /* 5 standard deviations */
    }
    for (size_t i = 0; i < 7; i++) {
        ck_assert_double_eq_tol((double)small[i], DRAWS / 7.0, 560);
    }
}
END_TEST

START_TEST(permutations_are_permutations)
{
    enum { MOST = 1000 };
    uint32_t order[MOST], again[MOST];
    const size_t sizes[] = {0, 1, 2, 3, 17, MOST};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        unsigned char seen[MOST] = {0};
        random_permutation(order, sizes[s], 5, 6);
        random_permutation(again, sizes[s], 5, 6);
        for (size_t i = 0; i < sizes[s]; i++) {
            ck_assert_uint_lt(order[i], sizes[s]);
            ck_assert_uint_eq(order[i], again[i]);
            ck_assert_uint_eq(seen[order[i]], 0);
            seen[order[i]] = 1;
        }
    }
    random_permutation(again, MOST, 5, 7);
    ck_assert_mem_ne(order, again, sizeof order);
}
END_TEST

/* All six orders of three things come up equally often. */
START_TEST(permutations_are_uniform)
{
    size_t counts[27] = {0};
    for (uint64_t i = 0; i < 60000; i++) {
        uint32_t order[3];
        random_permutation(order, 3, 1, random_stream(RANDOM_TEST, 0, i));
        counts[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    for (size_t i = 0; i < 27; i++) {
        ck_assert(counts[i] == 0 || (counts[i] > 9500 && counts[i] < 10500));
    }
}
END_TEST

START_TEST(arena_plans_what_it_hands_out)
{
    arena plan = arena_plan();
    ck_assert_ptr_null(arena_alloc(&plan, 3, sizeof(double)));
    ck_assert_ptr_null(arena_alloc(&plan, 100, 1));
    arena a;
    ck_assert_int_eq(arena_init(&a, plan.used), LS_OK);
    double *first = arena_alloc(&a, 3, sizeof(double));
    unsigned char *second = arena_alloc(&a, 100, 1);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    ck_assert_uint_eq((uintptr_t)first % 64, 0);
    ck_assert_uint_eq((uintptr_t)second % 64, 0);
    ck_assert((unsigned char *)(first + 3) <= second);
    ck_assert_uint_eq(a.used, plan.used);
    for (size_t i = 0; i < 100; i++) {
        ck_assert_uint_eq(second[i], 0);
        second[i] = 1;
    }
    ck_assert_ptr_null(arena_alloc(&a, (size_t)1 << 30, 1));
    arena_release(&a);
    ck_assert_ptr_null(a.base);
}
END_TEST

typedef struct tally {
    unsigned char times[1000];
    int threads;
    int bad_thread[1000];
} tally;

static void count_piece(void *context, size_t index, int thread)
{
    tally *t = context;
    t->times[index]++;
    t->bad_thread[index] |= thread < 0 || thread >= t->threads;
}

START_TEST(pool_does_each_piece_once)
{
    cpu_set_t before, after;
    int cpus[5] = {0};
    cpus_allowed(&before);
    while (cpus[0] < CPU_SETSIZE - 1 && !CPU_ISSET(cpus[0], &before)) {
        cpus[0]++;
    }
    cpus[1] = cpus[2] = cpus[3] = cpus[4] = cpus[0];
    for (int threads = 1; threads <= 5; threads++) {
        pool *p = NULL;
        ck_assert_int_eq(pool_create(&p, threads), LS_OK);
        ck_assert_int_eq(pool_threads(p), threads);
        const size_t counts[] = {0, 1, 2, 7, 1000};
        for (size_t k = 0; k < 2000; k++) {
            const size_t count = counts[k % 5];
            if (k == 1000) { /* threads that stay awake, on one CPU all of them */
                pool_settle(p, cpus);
            }
            tally t = {.threads = threads};
            (k % 3 == 0 ? pool_run : pool_sweep)(p, count_piece, &t, count);
            size_t wrong = 0;
            for (size_t i = 0; i < 1000; i++) {
                wrong += t.times[i] != (i < count) || t.bad_thread[i];
            }
            ck_assert_uint_eq(wrong, 0);
        }
        pool_free(p);
        cpus_allowed(&after);
        ck_assert_int_eq(memcmp(&before, &after, sizeof before), 0);
    }
    pool_free(NULL);
}
END_TEST

typedef struct order_seen {
    size_t pieces[4];
    size_t count;
} order_seen;

static void note_piece(void *context, size_t index, int thread)
{
    order_seen *o = context;
    (void)thread;
    o->pieces[o->count++] = index;
}

START_TEST(a_sweep_begins_where_the_last_one_ended)
{
    const size_t expected[4][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {0, 1, 2, 3}, {0, 1, 2, 3}};
    pool *p = NULL;
    ck_assert_int_eq(pool_create(&p, 1), LS_OK);
    for (size_t i = 0; i < 4; i++) {
        order_seen o = {.count = 0};
        (i == 3 ? pool_run : pool_sweep)(p, note_piece, &o, 4);
        ck_assert_uint_eq(o.count, 4);
        ck_assert_int_eq(memcmp(o.pieces, expected[i], sizeof o.pieces), 0);
    }
    pool_free(p);
}
END_TEST

/* A set of CPUs [first, end). */
static cpu_set_t cpus_between(int first, int end)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int cpu = first; cpu < end; cpu++) {
        CPU_SET(cpu, &set);
    }
    return set;
}

START_TEST(cpus_are_divided_without_overlap)
{
    int out[4], have, want;
    const cpu_set_t whole[] = {cpus_between(60, 68), cpus_between(60, 68)};
    ck_assert_int_eq(CPU_COUNT(&whole[0]), 8);
    ck_assert_int_eq(cpus_divide(out, &have, &want, whole, 2, 1, 4, 16), CPUS_OWN);
    ck_assert_int_eq(have, 8);
    ck_assert_int_eq(want, 8);
    for (int t = 0; t < 4; t++) {
        ck_assert_int_eq(out[t], 64 + t);
    }
    ck_assert_int_eq(cpus_divide(out, &have, &want, whole, 2, 1, 4, 8), CPUS_ENOUGH); /* others may run here */
    ck_assert_int_eq(cpus_divide(out, &have, &want, whole, 2, 0, 2, 16), CPUS_OWN);
    ck_assert(out[0] == 60 && out[1] == 61);
    ck_assert_int_eq(cpus_divide(out, &have, &want, whole, 2, 0, 5, 8), CPUS_SHORT);
    ck_assert_int_eq(want - have, 2);
    const cpu_set_t apart[] = {cpus_between(0, 2), cpus_between(2, 4)}; /* as a launcher binds ranks */
    ck_assert_int_eq(cpus_divide(out, &have, &want, apart, 2, 1, 2, 4), CPUS_OWN);
    ck_assert(out[0] == 2 && out[1] == 3);
    ck_assert_int_eq(cpus_divide(out, &have, &want, apart, 2, 1, 3, 4), CPUS_SHORT);
    const cpu_set_t mixed[] = {cpus_between(0, 3), cpus_between(2, 4)};
    ck_assert_int_eq(cpus_divide(out, &have, &want, mixed, 2, 1, 1, 4), CPUS_UNKNOWN);
    const cpu_set_t unknown = cpus_between(0, 0);
    ck_assert_int_eq(cpus_divide(out, &have, &want, &unknown, 1, 0, 1, 4), CPUS_UNKNOWN);
}
END_TEST

START_TEST(clock_does_not_go_back)
{
    double last = clock_seconds();
    for (int i = 0; i < 1000; i++) {
        const double now = clock_seconds();
        ck_assert(now >= last);
        last = now;
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("base");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, errors_keep_code_and_message);
    tcase_add_test(cases, long_errors_are_cut);
    tcase_add_test(cases, errors_are_one_line);
    tcase_add_test(cases, a_saved_error_outlives_others);
    tcase_add_test(cases, a_started_thread_gets_no_signals);
    tcase_add_test(cases, sizes_are_checked);
    tcase_add_test(cases, hash_sees_every_byte_and_the_length);
    tcase_add_test(cases, random_is_a_function_of_its_arguments);
    tcase_add_test(cases, random_is_uniform);
    tcase_add_test(cases, permutations_are_permutations);
    tcase_add_test(cases, permutations_are_uniform);
    tcase_add_test(cases, arena_plans_what_it_hands_out);
    tcase_add_test(cases, pool_does_each_piece_once);
    tcase_add_test(cases, a_sweep_begins_where_the_last_one_ended);
    tcase_add_test(cases, cpus_are_divided_without_overlap);
    tcase_add_test(cases, clock_does_not_go_back);
    return suite_run("base", cases);
}
