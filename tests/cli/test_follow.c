/* What `lockstep watch` shows: curves, times, and lines that fit. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "cli/follow_text.h"
#include "cli/follow_view.h"
#include "cli/sparkline.h"

/* --- Curves ------------------------------------------------------------------------------------------------------- */

static void draws(const double *values, size_t count, size_t columns, bool utf8, const char *expected)
{
    text_builder t = {0};
    sparkline_add(&t, values, count, columns, utf8);
    ck_assert_str_eq(text_of(&t), expected);
    text_release(&t);
}

START_TEST(curves)
{
    const double rise[] = {0, 1, 2, 3, 4, 5, 6, 7};
    const double gaps[] = {NAN, 1, INFINITY, NAN, 0, -INFINITY};
    const double flat[] = {3, 3, 3};
    const double huge[] = {-1.7e308, 1.7e308};
    draws(rise, 8, 8, true, "▁▂▃▄▅▆▇█");
    draws(rise, 8, 20, true, "▁▂▃▄▅▆▇█"); /* no wider than there are values */
    draws(rise, 8, 8, false, "_.-~=+*#");
    draws(rise, 8, 4, true, "▁▃▆█"); /* means of two */
    draws(rise, 8, 3, true, "▁▄█");  /* of two, three and three */
    draws(gaps, 6, 6, true, " █  ▁ ");
    draws(gaps, 6, 3, true, "█ ▁");
    draws(flat, 3, 3, true, "▁▁▁");
    draws(huge, 2, 2, true, "▁█");
    draws(rise, 0, 8, true, "");
    draws(rise, 8, 0, true, "");
}
END_TEST

/* --- Times -------------------------------------------------------------------------------------------------------- */

static void lasts(double seconds, const char *expected)
{
    char out[48];
    ck_assert_str_eq(follow_duration(out, sizeof out, seconds), expected);
}

START_TEST(durations)
{
    lasts(0, "0:00");
    lasts(59.4, "0:59");
    lasts(59.6, "1:00");
    lasts(723, "12:03");
    lasts(5530, "1:32:10");
    lasts(2 * 86400 + 3 * 3600 + 5 * 60, "2 d 3:05:00");
    lasts(-1, "?");
    lasts(NAN, "?");
    lasts(INFINITY, "?");
}
END_TEST

START_TEST(moments)
{
    char out[48];
    ck_assert_str_eq(follow_moment(out, sizeof out, 1796059593, 1796059500), "17:26:33");
    ck_assert_str_eq(follow_moment(out, sizeof out, 1796059593 + 86400, 1796059500), "2026-12-01 17:26:33");
    ck_assert_str_eq(follow_moment(out, sizeof out, NAN, 1796059500), "?");
    ck_assert_str_eq(follow_moment(out, sizeof out, 1e300, 1796059500), "?");
}
END_TEST

START_TEST(time_left)
{
    status_report r = status_unknown();
    ck_assert(isnan(follow_left_of(&r).run) && isnan(follow_left_of(&r).epoch));
    r.epoch = 3;
    r.epochs = 5;
    r.epoch_step = 40;
    r.epoch_steps = 100;
    ck_assert(isnan(follow_left_of(&r).run)); /* how fast is not known */
    r.seconds_per_step = 0.5;
    ck_assert(follow_left_of(&r).epoch == 30 && follow_left_of(&r).run == 130);
    r.between_epochs = 10.5; /* with the first step of the next one: 10 s for each end of an epoch */
    ck_assert(follow_left_of(&r).epoch == 30 && follow_left_of(&r).run == 160);
    r.epoch = 5;
    r.epoch_step = 100;
    ck_assert(follow_left_of(&r).epoch == 0 && follow_left_of(&r).run == 10);
    r.epoch = 7; /* nonsense from outside */
    ck_assert(isnan(follow_left_of(&r).run));
}
END_TEST

/* --- Lines -------------------------------------------------------------------------------------------------------- */

static double losses[500];
static runlog_epoch_row rows[2];

static follow training(void)
{
    follow f = {.dir = "checkpoints/digits", .stage = FOLLOW_TRAINING, .reported = true, .now = 1796059593};
    status_report *r = &f.report;
    *r = status_unknown();
    for (size_t i = 0; i < 500; i++) {
        losses[i] = 500 - (double)i;
    }
    rows[0] = (runlog_epoch_row){.epoch = 1, .val_loss = 0.5, .val_accuracy = 0.92, .train_loss = 0.4};
    rows[1] = (runlog_epoch_row){.epoch = 2, .val_loss = 0.6, .val_accuracy = 0.91, .train_loss = 0.3};
    (void)snprintf(r->run, sizeof r->run, "digits-bn_l2");
    (void)snprintf(r->host, sizeof r->host, "node3");
    (void)snprintf(r->job, sizeof r->job, "Slurm job 45");
    (void)snprintf(r->phase, sizeof r->phase, "forward");
    (void)snprintf(r->verdict, sizeof r->verdict, "relaxing, 5400 steps to go; an update turns them by 0.0023 rad");
    (void)snprintf(r->slow_host, sizeof r->slow_host, "node2");
    r->pid = 4711;
    r->written = r->started = 1796059500;
    r->ranks = 8;
    r->nodes = 2;
    r->step = 240;
    r->epoch = 3;
    r->epochs = 5;
    r->epoch_step = 40;
    r->epoch_steps = 100;
    r->seconds_per_step = 0.5;
    r->images_per_second = 64;
    r->loss = 0.25;
    r->learning_rate = 0.1;
    r->limit = 1796059600;
    r->idle = 0.1;
    r->slow_rank = 3;
    r->slow_waits = 0.01;
    r->slow_pictures = 0.4;
    r->others_wait = 0.12;
    f.losses = losses;
    f.steps = 500;
    f.epochs = rows;
    f.epoch_count = 2;
    f.heard = 1;
    (void)snprintf(f.checkpoint, sizeof f.checkpoint, "step-00000200.weights.h5");
    f.saved = f.now - 75;
    return f;
}

static const char *view(const follow *f, size_t columns, bool utf8)
{
    static char text[16384];
    text_builder t = {0};
    const follow_screen screen = {columns, utf8};
    follow_view(&t, f, &screen);
    ck_assert(!t.failed);
    (void)snprintf(text, sizeof text, "%s", text_of(&t));
    text_release(&t);
    return text;
}

/* With all line ends and runs of blanks as one blank: what is broken into lines is still there. */
static bool says(const char *text, const char *what)
{
    static char joined[16384];
    size_t at = 0;
    for (; *text != '\0'; text++) {
        const char c = (char)(*text == '\n' ? ' ' : *text);
        if (c != ' ' || (at > 0 && joined[at - 1] != ' ')) {
            joined[at++] = c;
        }
    }
    joined[at] = '\0';
    return strstr(joined, what) != NULL;
}

static void has(const follow *f, const char *what)
{
    const char *text = view(f, 80, true);
    ck_assert_msg(says(text, what), "'%s' is not in\n%s", what, text);
}

static void lacks(const follow *f, const char *what)
{
    const char *text = view(f, 80, true);
    ck_assert_msg(!says(text, what), "'%s' is in\n%s", what, text);
}

START_TEST(a_run_that_trains)
{
    const follow f = training();
    has(&f, "digits-bn_l2: training");
    has(&f, "step 240; epoch 3 of 5, step 40 of 100");
    has(&f, "] 48.0%, 2:10 left, until 17:28:43");
    has(&f, "] 40.0%, 0:30 left");
    has(&f, "loss 0.2500 █");
    has(&f, "rate 0.1; 64.0 images/s, 0.5 s a step");
    has(&f, "validation epoch 2: loss 0.6000, accuracy 0.9100; best accuracy 0.9200, epoch 1");
    has(&f, "filters relaxing, 5400 steps to go");
    has(&f,
        "the slowest is rank 3 on node2: it waits for others 1% of the time, they 12%; 40% of its time it waits for "
        "pictures");
    has(&f, "checkpoint step-00000200.weights.h5, 1:15 old");
    has(&f, "time limit 17:26:40, in 0:07; it will save and stop before its last epoch ends");
    has(&f, "process pid 4711 on node3, Slurm job 45, since 17:25:00; heard of 0:01 ago");
}
END_TEST

START_TEST(all_widths)
{
    follow f = training();
    (void)snprintf(
        f.report.waited, sizeof f.report.waited,
        "rank 1 on a-node-with-a-name-of-more-than-forty-columns.example.org (pid 4711) has not been heard from");
    (void)snprintf(f.note, sizeof f.note, "ein Wort: \xc3\xa4\xc3\xb6 \xe4\xb8\xad\xe6\x96\x87");
    for (size_t columns = 40; columns <= 120; columns++) {
        for (int utf8 = 0; utf8 < 2; utf8++) {
            const char *text = view(&f, columns, utf8 != 0);
            for (const char *line = text; *line != '\0';) {
                const size_t n = strcspn(line, "\n");
                char one[1024];
                (void)snprintf(one, sizeof one, "%.*s", (int)n, line);
                ck_assert_msg(text_columns(one) < columns, "of %zu columns: '%s'", columns, one);
                for (size_t i = 0; i < n && utf8 == 0; i++) {
                    ck_assert_msg((unsigned char)line[i] < 0x80, "no ASCII: '%s'", one);
                }
                line += n + (line[n] == '\n');
            }
            ck_assert(says(text, "epoch 3 of 5") && says(text, "48.0%") && says(text, "40.0%, 0:30 left"));
            ck_assert(says(text, "step-00000200.weights.h5") && says(text, "Slurm job 45") && says(text, "rank 1 on"));
        }
    }
    (void)view(&f, 0, true);
    (void)view(&f, 1, false);
}
END_TEST

START_TEST(waiting)
{
    follow f = training();
    f.report.idle = 12;
    (void)snprintf(f.report.waited, sizeof f.report.waited,
                   "rank 1 on node2 (pid 12) has not been heard from for 12 s");
    has(&f, "digits-bn_l2: no progress for 0:12");
    has(&f, "waits for rank 1 on node2 (pid 12) has not been heard from");
    f = training();
    f.heard = 34;
    has(&f, "digits-bn_l2: nothing heard of its rank 0 for 0:34");
    f = training();
    (void)snprintf(f.report.phase, sizeof f.report.phase, "validating");
    has(&f, "digits-bn_l2: validating");
    f.report.others_wait = 0.02;
    has(&f, "8 on 2 nodes, evenly fast; they wait for each other 2% of the time");
    f.report.ranks = 1;
    lacks(&f, "ranks ");
}
END_TEST

START_TEST(no_process)
{
    follow f = training();
    f.stage = FOLLOW_AWAY;
    f.lock.sign = RUN_LOCK_LEFT;
    has(&f, "digits-bn_l2: ended without a word, as a killed job does; no process runs since 17:25:00 (1:33 ago)");
    lacks(&f, "left");
    lacks(&f, "images/s");
    lacks(&f, "slowest");
    lacks(&f, "time limit");
    f.stage = FOLLOW_SAVED;
    (void)snprintf(f.report.message, sizeof f.report.message, "SIGUSR1");
    has(&f, "digits-bn_l2: stopped and saved: SIGUSR1; no process runs since 17:25:00 (1:33 ago)");
    f.stage = FOLLOW_FAILED;
    f.report.exit_status = 3;
    (void)snprintf(f.report.message, sizeof f.report.message, "step 7: the loss is not finite");
    has(&f, "digits-bn_l2: failed with status 3; no process runs since");
    has(&f, "error step 7: the loss is not finite");
    ck_assert(follow_is_over(&f));
    f.report.exit_status = 1;
    ck_assert(!follow_is_over(&f)); /* launchers start it again */
    f.stage = FOLLOW_DONE;
    has(&f, "digits-bn_l2: done at 17:25:00");
    ck_assert(!follow_is_over(&f));
}
END_TEST

START_TEST(little_is_known)
{
    follow f = {.dir = "checkpoints/x", .now = 1796059593, .report = status_unknown(), .saved = NAN};
    ck_assert_str_eq(view(&f, 80, true), "checkpoints/x: nothing has begun here yet\n");
    f.stage = FOLLOW_STARTING;
    (void)snprintf(f.lock.owner, sizeof f.lock.owner, "pid 12 on node3, since 2026-11-30 17:00:00");
    has(&f, "checkpoints/x: a process is starting");
    has(&f, "process pid 12 on node3");
    has(&f, "checkpoint none yet");
    f.stage = FOLLOW_AWAY;
    has(&f, "no process runs since ? (? ago)");
}
END_TEST

int main(void)
{
    (void)setenv("TZ", "UTC", 1);
    TCase *cases = tcase_create("follow");
    tcase_add_test(cases, curves);
    tcase_add_test(cases, durations);
    tcase_add_test(cases, moments);
    tcase_add_test(cases, time_left);
    tcase_add_test(cases, a_run_that_trains);
    tcase_add_test(cases, all_widths);
    tcase_add_test(cases, waiting);
    tcase_add_test(cases, no_process);
    tcase_add_test(cases, little_is_known);
    return suite_run("follow", cases);
}
