#include <check.h>
#include <pthread.h>
#include <string.h>

#include "suite.h"

#include "base/clock.h"
#include "base/watch.h"

START_TEST(tells_what_was_told)
{
    watch_this_thread();
    const watch_phase before = watch_enter(WATCH_FORWARD);
    const watch_state a = watch_read();
    ck_assert(a.phase == WATCH_FORWARD && !a.waits);
    ck_assert(watch_enter(WATCH_PICTURES) == WATCH_FORWARD);
    ck_assert(watch_enter(before) == WATCH_PICTURES);
    watch_step(41);
    watch_step_done();
    watch_collective_begin();
    const watch_state b = watch_read();
    ck_assert(b.phase == before && b.waits && b.step == 42 && b.collective == a.collective + 1);
    watch_collective_end();
    const watch_state c = watch_read();
    ck_assert(!c.waits && c.collective == b.collective);
    /* Whatever is told is progress, and only that. */
    ck_assert(a.beats < b.beats && b.beats < c.beats && watch_read().beats == c.beats);
    watch_beat();
    ck_assert(watch_read().beats > c.beats);
}
END_TEST

static void *interfere(void *context)
{
    (void)context;
    (void)watch_enter(WATCH_SAVING);
    watch_step(7);
    watch_collective_begin();
    watch_collective_end();
    return NULL;
}

static void *beat(void *context)
{
    (void)context;
    watch_beat();
    return NULL;
}

START_TEST(other_threads_only_beat)
{
    pthread_t other;
    watch_this_thread();
    (void)watch_enter(WATCH_BACKWARD);
    const watch_state before = watch_read();
    ck_assert(pthread_create(&other, NULL, interfere, NULL) == 0);
    ck_assert(pthread_join(other, NULL) == 0);
    const watch_state after = watch_read();
    ck_assert(memcmp(&before, &after, sizeof before) == 0);
    ck_assert(pthread_create(&other, NULL, beat, NULL) == 0);
    ck_assert(pthread_join(other, NULL) == 0);
    ck_assert(watch_read().beats == before.beats + 1);
}
END_TEST

static void *listen(void *context)
{
    uint64_t last = 0;
    int *wrong = context;
    for (int i = 0; i < 100000; i++) {
        const watch_state s = watch_read();
        *wrong += s.beats < last || (unsigned)s.phase >= WATCH_PHASE_COUNT;
        last = s.beats;
    }
    return NULL;
}

/* For ThreadSanitizer. */
START_TEST(may_be_read_meanwhile)
{
    pthread_t other;
    int wrong = 0;
    watch_this_thread();
    ck_assert(pthread_create(&other, NULL, listen, &wrong) == 0);
    for (int i = 0; i < 100000; i++) {
        (void)watch_enter((watch_phase)(i % WATCH_PHASE_COUNT));
        watch_step_done();
        watch_collective_begin();
        watch_collective_end();
    }
    ck_assert(pthread_join(other, NULL) == 0 && wrong == 0);
}
END_TEST

/* All time counts once: for a phase, or as waiting. */
START_TEST(times_add_up)
{
    watch_times t = {0};
    double sum = 0;
    watch_this_thread();
    (void)watch_enter(WATCH_BETWEEN);
    watch_measure(&t);
    const double begin = t.mark;
    (void)watch_enter(WATCH_FORWARD);
    watch_collective_begin();
    watch_collective_end();
    (void)watch_enter(WATCH_REDUCING);
    const double waited = t.waiting;
    watch_collective_begin();
    watch_collective_end();
    ck_assert(t.waiting == waited); /* the reduction is one wait */
    (void)watch_enter(WATCH_BETWEEN);
    watch_measure(NULL);
    const double end = t.mark;
    (void)watch_enter(WATCH_UPDATE);
    ck_assert(t.mark == end && t.seconds[WATCH_UPDATE] == 0);
    for (int i = 0; i < WATCH_PHASE_COUNT; i++) {
        ck_assert(t.seconds[i] >= 0 &&
                  (t.seconds[i] > 0) <= (i == WATCH_FORWARD || i == WATCH_REDUCING || i == WATCH_BETWEEN));
        sum += t.seconds[i];
    }
    ck_assert_double_eq_tol(sum + t.waiting, end - begin, 1e-9);
}
END_TEST

/* Collective calls and waits for pictures count when they are over, and other phases do not. */
START_TEST(spent_time_grows_where_it_is_spent)
{
    watch_this_thread();
    watch_collective_begin();
    clock_sleep(0.02);
    watch_collective_end();
    ck_assert(watch_read_spent().waiting == 0); /* nobody wants to know */
    watch_count_spent();
    (void)watch_enter(WATCH_FORWARD);
    const watch_spent a = watch_read_spent();
    watch_collective_begin();
    clock_sleep(0.02);
    ck_assert(watch_read_spent().waiting == a.waiting);
    watch_collective_end();
    const watch_spent b = watch_read_spent();
    ck_assert(b.waiting >= a.waiting + 10000 && b.pictures == a.pictures);
    (void)watch_enter(WATCH_PICTURES);
    clock_sleep(0.02);
    (void)watch_enter(WATCH_FORWARD);
    const watch_spent c = watch_read_spent();
    ck_assert(c.pictures >= b.pictures + 10000 && c.waiting == b.waiting);
    clock_sleep(0.02);
    (void)watch_enter(WATCH_BACKWARD);
    const watch_spent d = watch_read_spent();
    ck_assert(d.pictures == c.pictures && d.waiting == c.waiting);
}
END_TEST

START_TEST(every_phase_has_a_name)
{
    for (int i = 0; i < WATCH_PHASE_COUNT; i++) {
        ck_assert(watch_phase_name((watch_phase)i) != NULL && strlen(watch_phase_name((watch_phase)i)) > 1);
        for (int k = 0; k < i; k++) {
            ck_assert_str_ne(watch_phase_name((watch_phase)i), watch_phase_name((watch_phase)k));
        }
    }
    ck_assert_str_eq(watch_phase_name(WATCH_PHASE_COUNT), "?");
    ck_assert_str_eq(watch_phase_name((watch_phase)-1), "?");
}
END_TEST

START_TEST(a_stopped_process_uses_no_time)
{
    clock_awake c = {0};
    ck_assert(clock_turn(&c, 1000) == 0);
    ck_assert(clock_turn(&c, 1000.5) == 0.5);
    ck_assert(clock_turn(&c, 1001.5) == 1.5);
    ck_assert(clock_turn(&c, 9000) == 1.5 + CLOCK_TURN);
    ck_assert(clock_turn(&c, 9001) == 2.5 + CLOCK_TURN);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("watch");
    tcase_add_test(cases, tells_what_was_told);
    tcase_add_test(cases, other_threads_only_beat);
    tcase_add_test(cases, may_be_read_meanwhile);
    tcase_add_test(cases, times_add_up);
    tcase_add_test(cases, spent_time_grows_where_it_is_spent);
    tcase_add_test(cases, every_phase_has_a_name);
    tcase_add_test(cases, a_stopped_process_uses_no_time);
    return suite_run("watch", cases);
}
