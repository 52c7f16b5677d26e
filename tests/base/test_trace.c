#include "base/trace.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/pool.h"
#include "base/timeline.h"
#include "suite.h"

static const trace_label outer = {"outer", "test", {NULL}};
static const trace_label inner = {"inner", "test", {"first", "second"}};
static const trace_label layer = {NULL, "test", {"layer"}};

/* Whether a text is one value of JSON, and nothing behind it. */
static const char *skip(const char *at)
{
    while (isspace((unsigned char)*at)) {
        at++;
    }
    return at;
}

static const char *skip_text(const char *at)
{
    ck_assert_msg(*at == '"', "no text at: %.40s", at);
    for (at++; *at != '"'; at++) {
        ck_assert_msg((unsigned char)*at >= 0x20, "a control character at: %.40s", at);
        at += *at == '\\';
    }
    return at + 1;
}

static const char *skip_value(const char *at);

static const char *skip_container(const char *at, char close)
{
    at = skip(at + 1);
    while (*at != close) {
        if (close == '}') {
            at = skip(skip_text(at));
            ck_assert_msg(*at == ':', "no colon at: %.40s", at);
            at++;
        }
        at = skip(skip_value(at));
        if (*at == ',') {
            at = skip(at + 1);
            ck_assert_msg(*at != close, "a comma too much at: %.40s", at);
        } else {
            ck_assert_msg(*at == close, "no comma at: %.40s", at);
        }
    }
    return at + 1;
}

static const char *skip_value(const char *at)
{
    at = skip(at);
    if (*at == '{' || *at == '[') {
        return skip_container(at, *at == '{' ? '}' : ']');
    }
    if (*at == '"') {
        return skip_text(at);
    }
    char *end = NULL;
    (void)strtod(at, &end);
    ck_assert_msg(end > at, "no value at: %.40s", at);
    return end;
}

/* What was recorded, read back from its text. */
typedef struct seen {
    int lane; /* after the process' first */
    char name[40];
    long long begin, end; /* nanoseconds */
    int unfinished;
} seen;
enum { MOST_SEEN = 200 };
static seen slices[MOST_SEEN];
static size_t count;
static char *text;
static size_t text_size;

static long long nanoseconds(const char *line, const char *key)
{
    char *point = NULL;
    char *end = NULL;
    const char *at = strstr(line, key);
    ck_assert_msg(at != NULL, "%s: %s", key, line);
    const long long whole = strtoll(at + strlen(key), &point, 10);
    ck_assert_msg(*point == '.', "%s: %s", key, line);
    const long long part = strtoll(point + 1, &end, 10);
    ck_assert_msg(end == point + 4, "%s: %s", key, line);
    return whole * 1000 + part;
}

static void take_line(const char *line)
{
    seen *s = &slices[count];
    const char *const tid = strstr(line, "\"tid\": ");
    if (strstr(line, "\"ph\": \"X\"") == NULL) {
        return;
    }
    const char *const name = strstr(line, "\"name\": \"");
    ck_assert(tid != NULL && name != NULL && count < MOST_SEEN);
    ck_assert(sscanf(name, "\"name\": \"%39[^\"]", s->name) == 1);
    s->lane = (int)strtol(tid + strlen("\"tid\": "), NULL, 10) - 3000;
    s->begin = nanoseconds(line, "\"ts\": ");
    s->end = s->begin + nanoseconds(line, "\"dur\": ");
    s->unfinished = strstr(line, "\"unfinished\": 1") != NULL;
    count++;
}

/* The slices of a lane, in the order of their begins, lie within each other or one after the other. */
static void expect_nesting(void)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count && slices[j].lane == slices[i].lane; j++) {
            ck_assert(slices[i].begin <= slices[j].begin);
            ck_assert_msg(slices[j].begin >= slices[i].end || slices[j].end <= slices[i].end, "%s and %s overlap",
                          slices[i].name, slices[j].name);
        }
    }
}

/* Stop, and read it all back, as rank 2 of some. */
static void finish_trace(void)
{
    static const char *const layers[] = {"stem", "block1.\"expand\""};
    timeline_process p = {.rank = 2, .host = "a \"host\"", .layers = layers, .layer_count = 2};
    const timeline_facts facts = {.program = "1", .run = "a\\b", .first = 1, .last = 2, .ranks = 3};
    uint64_t written = 0;
    char *rest = NULL;
    trace_stop();
    p.now = clock_nanoseconds();
    free(text);
    FILE *to = open_memstream(&text, &text_size);
    ck_assert(to != NULL);
    timeline_head(to, &facts);
    (void)fprintf(to, "{}"); /* what ranks before it have */
    timeline_write(to, &p, &written);
    timeline_tail(to);
    ck_assert_int_eq(fclose(to), 0);
    ck_assert_msg(*skip(skip_value(text)) == '\0', "more than one value");
    count = 0;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        take_line(line);
    }
    ck_assert_uint_eq(count, written);
    expect_nesting();
    trace_close();
}

static void open_trace(size_t room)
{
    size_t rooms[TRACE_KINDS];
    for (int i = 0; i < TRACE_KINDS; i++) {
        rooms[i] = room;
    }
    ck_assert_int_eq(trace_open(), LS_OK);
    ck_assert_int_eq(trace_reserve(rooms), LS_OK);
}

static void expect(size_t i, const char *name, int unfinished)
{
    ck_assert_uint_lt(i, count);
    ck_assert_str_eq(slices[i].name, name);
    ck_assert_int_eq(slices[i].unfinished, unfinished);
}

START_TEST(nothing_without_a_trace)
{
    trace_begin(&outer);
    ck_assert(!trace_on() && trace_innermost() == NULL && trace_add_lane(TRACE_SAVING, 0) == NULL);
    trace_begin_on(NULL, &outer, 0);
    trace_end_on(NULL);
    trace_end();
    trace_stop();
    trace_close();
}
END_TEST

START_TEST(slices_lie_within_each_other)
{
    open_trace(20);
    trace_start();
    for (int i = 0; i < 2; i++) {
        trace_step(7 + i);
        trace_begin(&outer);
        trace_begin_with(&inner, -3, 4, 0, 0);
        trace_end();
        trace_begin_of(&layer, 0);
        trace_end();
        trace_begin_of(&layer, 2);
        trace_end();
        trace_end();
    }
    ck_assert_uint_eq(trace_dropped(), 0);
    finish_trace();
    ck_assert_uint_eq(count, 8);
    for (size_t i = 0; i < 8; i += 4) {
        expect(i, "outer", 0);
        expect(i + 1, "inner", 0);
        expect(i + 2, "stem", 0);
        expect(i + 3, "a layer", 0); /* of a number that no layer has */
        ck_assert(slices[i].end >= slices[i + 3].end && slices[i + 1].end <= slices[i + 2].begin);
    }
    ck_assert(slices[4].begin >= slices[0].end);
}
END_TEST

static void write_one(FILE *to, const timeline_process *p)
{
    uint64_t written = 0;
    timeline_write(to, p, &written);
    ck_assert_uint_eq(written, 1);
}

/* Names and values as a reader of the text finds them. */
START_TEST(says_what_it_was)
{
    static const char *const layers[] = {"stem", "block1.\"expand\""};
    timeline_process p = {.rank = 0, .host = "a \"host\"", .layers = layers, .layer_count = 2};
    open_trace(2);
    trace_start();
    trace_step(41);
    trace_begin_of(&layer, 1);
    trace_end();
    trace_stop();
    p.now = clock_nanoseconds();
    free(text);
    FILE *to = open_memstream(&text, &text_size);
    write_one(to, &p);
    ck_assert_int_eq(fclose(to), 0);
    ck_assert(strstr(text, "\"ph\": \"M\", \"pid\": 1, \"tid\": 1000, \"name\": \"process_name\", "
                           "\"args\": {\"name\": \"rank 0 on a \\\"host\\\"\"}}") != NULL);
    ck_assert(strstr(text, "\"name\": \"thread_name\", \"args\": {\"name\": \"computing 0\"}}") != NULL);
    ck_assert(strstr(text, "\"name\": \"block1.\\\"expand\\\"\", \"cat\": \"test\", \"ts\": ") != NULL);
    ck_assert(strstr(text, "\"args\": {\"step\": 41, \"layer\": 1}}") != NULL);
    trace_close();
}
END_TEST

START_TEST(what_finds_no_room_is_counted)
{
    open_trace(3);
    trace_start();
    for (int i = 0; i < 3; i++) {
        trace_begin(&outer);
        trace_begin_of(&inner, i);
        trace_end();
        trace_end();
    }
    ck_assert_uint_eq(trace_dropped(), 3);
    finish_trace();
    ck_assert_uint_eq(count, 3);
    expect(0, "outer", 0);
    expect(1, "inner", 0);
    expect(2, "outer", 0);
}
END_TEST

START_TEST(too_deep_is_counted)
{
    enum { DEEP = 40 };
    open_trace(100);
    trace_start();
    for (int i = 0; i < DEEP; i++) {
        trace_begin(&outer);
    }
    for (int i = 0; i < DEEP; i++) {
        trace_end();
    }
    trace_begin(&inner);
    trace_end();
    trace_end(); /* of nothing */
    const uint64_t dropped = trace_dropped();
    finish_trace();
    ck_assert(dropped > 0 && dropped < DEEP);
    ck_assert_uint_eq(count, DEEP - dropped + 1);
    expect(count - 1, "inner", 0);
    ck_assert(slices[count - 1].begin >= slices[0].end);
}
END_TEST

/* Not what began before it started or was muted, nor what lies within; but what goes on as it stops. */
START_TEST(only_what_begins_in_time)
{
    open_trace(20);
    trace_begin(&outer);
    trace_start();
    trace_begin(&inner);
    trace_end();
    trace_end(); /* of the outer one */
    trace_begin(&inner);
    trace_end();
    trace_begin(&outer);
    trace_mute(true);
    trace_begin(&inner);
    ck_assert(trace_innermost() == NULL);
    trace_end();
    ck_assert(trace_innermost() == NULL);
    trace_mute(false);
    ck_assert(trace_innermost() != NULL);
    trace_begin(&inner);
    trace_mute(true);
    trace_end();
    trace_mute(false);
    trace_begin(&inner); /* which, as the outer one, has no end */
    finish_trace();
    ck_assert_uint_eq(count, 4);
    expect(0, "inner", 0);
    expect(1, "outer", 1);
    expect(2, "inner", 0);
    expect(3, "inner", 1);
    ck_assert(slices[1].end == slices[3].end);
}
END_TEST

/* Each thread takes one piece, as nobody ends one before all have begun. */
static void meet(void *context, size_t index, int thread)
{
    (void)index;
    (void)thread;
    (void)pthread_barrier_wait(context);
}

START_TEST(helpers_do_what_their_caller_does)
{
    enum { THREADS = 3, ROUNDS = 5 };
    size_t of_lane[THREADS] = {0};
    size_t rooms[TRACE_KINDS] = {40, 40, 40, 40, 40};
    pthread_barrier_t barrier;
    pool *p = NULL;
    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    ck_assert_int_eq(trace_open(), LS_OK);
    ck_assert_int_eq(pool_create(&p, THREADS), LS_OK);
    ck_assert_int_eq(trace_reserve(rooms), LS_OK);
    pool_run(p, meet, &barrier, THREADS); /* not yet */
    trace_start();
    for (int i = 0; i < ROUNDS; i++) {
        trace_begin_of(&layer, i % 2);
        pool_run(p, meet, &barrier, THREADS);
        trace_end();
        trace_begin(&outer);
        trace_mute(true); /* nor what helpers do */
        pool_run(p, meet, &barrier, THREADS);
        trace_mute(false);
        trace_end();
    }
    pool_free(p);
    finish_trace();
    pthread_barrier_destroy(&barrier);
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_lt(slices[i].lane, THREADS);
        of_lane[slices[i].lane] += slices[i].lane > 0 || strcmp(slices[i].name, "wait for threads") != 0;
    }
    ck_assert(of_lane[0] == (size_t)2 * ROUNDS);
    for (int t = 1; t < THREADS; t++) {
        ck_assert_uint_eq(of_lane[t], ROUNDS);
    }
}
END_TEST

START_TEST(lanes_beside_the_threads)
{
    size_t rooms[TRACE_KINDS] = {10, 10, 10, 10, 10};
    ck_assert_int_eq(trace_open(), LS_OK);
    trace_lane *late = trace_add_lane(TRACE_SUMMING, 1);
    trace_lane *early = trace_add_lane(TRACE_SUMMING, 0);
    ck_assert(early != NULL && late != NULL && trace_add_lane(TRACE_SUMMING, 2) != NULL);
    ck_assert_int_eq(trace_reserve(rooms), LS_OK);
    trace_start();
    trace_begin_on(early, &inner, 1);
    trace_begin(&outer);
    trace_begin_on(late, &outer, 1);
    trace_end_on(early);
    trace_end();
    trace_end_on(late);
    finish_trace();
    ck_assert_uint_eq(count, 3);
    expect(0, "outer", 0);
    expect(1, "inner", 0);
    expect(2, "outer", 0);
    ck_assert(slices[0].lane == 0 && slices[1].lane == 1 && slices[2].lane == 2);
    ck_assert(slices[1].begin <= slices[0].begin && slices[1].end >= slices[2].begin);
}
END_TEST

/* For ThreadSanitizer: a thread that is at work as the trace stops. */
static void *work(void *lane)
{
    trace_adopt(lane);
    for (int i = 0; i < 20000; i++) {
        trace_begin_of(&inner, i);
        trace_end();
    }
    return NULL;
}

START_TEST(stops_while_threads_work)
{
    pthread_t other;
    size_t rooms[TRACE_KINDS] = {100, 100, 100, 100, 100};
    ck_assert_int_eq(trace_open(), LS_OK);
    trace_lane *lane = trace_add_lane(TRACE_LOADING, 0);
    ck_assert_int_eq(trace_reserve(rooms), LS_OK);
    ck_assert_int_eq(pthread_create(&other, NULL, work, lane), 0);
    trace_start();
    trace_begin(&outer);
    trace_end();
    uint64_t written = 0;
    trace_stop();
    const timeline_process p = {.rank = 2, .host = "host", .now = clock_nanoseconds()};
    free(text);
    FILE *to = open_memstream(&text, &text_size);
    timeline_write(to, &p, &written);
    ck_assert_int_eq(fclose(to), 0);
    ck_assert(written >= 1 && written <= 101);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    trace_close();
}
END_TEST

START_TEST(clocks_become_one)
{
    const timeline_clock same = {0};
    const timeline_clock behind = {{1000, 1000}, {-50, -50}};
    const timeline_clock drifting = {{1000, 2001000}, {100, 300}}; /* 100 ppm */
    ck_assert_int_eq(timeline_common(&same, 12345), 12345);
    ck_assert_int_eq(timeline_common(&behind, 5), 55);
    ck_assert_int_eq(timeline_common(&drifting, 1000), 900);
    ck_assert_int_eq(timeline_common(&drifting, 2001000), 2000700);
    ck_assert_int_eq(timeline_common(&drifting, 1001000), 1000800);
    for (int64_t t = 0; t < 100000; t++) {
        ck_assert(timeline_common(&drifting, t) <= timeline_common(&drifting, t + 1));
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("trace");
    tcase_add_test(cases, nothing_without_a_trace);
    tcase_add_test(cases, slices_lie_within_each_other);
    tcase_add_test(cases, says_what_it_was);
    tcase_add_test(cases, what_finds_no_room_is_counted);
    tcase_add_test(cases, too_deep_is_counted);
    tcase_add_test(cases, only_what_begins_in_time);
    tcase_add_test(cases, helpers_do_what_their_caller_does);
    tcase_add_test(cases, lanes_beside_the_threads);
    tcase_add_test(cases, stops_while_threads_work);
    tcase_add_test(cases, clocks_become_one);
    const int result = suite_run("trace", cases);
    free(text);
    return result;
}
