/* JSON from outside: what is right is read, what is wrong refused, and no bytes read past the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "base/json.h"
#include "base/json_read.h"

/* What was taken, as "key=text;" and "key:number=1;", "key:whole=1;" where it is written with digits alone. */
static char taken[8192];

static void take(void *context, const json_member *m)
{
    static const char *const kinds[] = {
        [JSON_NULL] = "null", [JSON_BOOL] = "bool", [JSON_NUMBER] = "number", [JSON_OTHER] = "other"};
    const size_t at = strlen(taken);
    (void)context;
    if (m->kind == JSON_TEXT) {
        (void)snprintf(taken + at, sizeof taken - at, "%s=%s;", m->key, m->text);
    } else {
        (void)snprintf(taken + at, sizeof taken - at, "%s:%s=%.17g;", m->key, m->whole ? "whole" : kinds[m->kind],
                       m->number);
    }
}

/* From memory of exactly that size, so that AddressSanitizer sees a byte more. */
static int read_bytes(const char *bytes, size_t n)
{
    char *exact = malloc(n + (n == 0));
    ck_assert_ptr_nonnull(exact);
    memcpy(exact, bytes, n);
    taken[0] = '\0';
    const int code = json_read_object(exact, n, take, NULL);
    free(exact);
    return code;
}

static void reads(const char *text, const char *expected)
{
    ck_assert_msg(read_bytes(text, strlen(text)) == LS_OK, "%s: %s", text, error_message());
    ck_assert_str_eq(taken, expected);
}

static void refuses(const char *text, const char *message)
{
    ck_assert_msg(read_bytes(text, strlen(text)) == LS_EFORMAT, "%s is read", text);
    ck_assert_msg(strcmp(error_message(), message) == 0, "%s: %s, not %s", text, error_message(), message);
}

START_TEST(what_is_right)
{
    reads("{}", "");
    reads(" \n{ } \t", "");
    reads("{\"a\":1}", "a:whole=1;");
    reads("{\"a\" : -0.25e2 , \"b\":\"x\" }", "a:number=-25;b=x;");
    reads("{\"n\": null, \"t\": true, \"f\": false}", "n:null=0;t:bool=1;f:bool=0;");
    reads("{\"a\": [1, {\"]\": \"}\"}, \"\\\"\"], \"b\": {}, \"c\": 2}", "a:other=0;b:other=0;c:whole=2;");
    reads("{\"\\u00e4\\n\": \"\\ud83d\\ude00 \\\\ \\/ \\u0041\"}", "\xc3\xa4\n=\xf0\x9f\x98\x80 \\ / A;");
    reads("{\"a\": \"\\ud83d x \\ude00 \\u0000\"}",
          "a=\xef\xbf\xbd x \xef\xbf\xbd \xef\xbf\xbd;"); /* halves, and a zero */
    reads("{\"a\": 1796059593, \"b\": 1e400}", "a:whole=1796059593;b:number=inf;");
    reads("{\"a\": 8.0, \"b\": 8e0, \"c\": -0}", "a:number=8;b:number=8;c:number=-0;");
}
END_TEST

START_TEST(what_is_wrong)
{
    refuses("", "byte 1: no object");
    refuses("[1]", "byte 1: no object");
    refuses("{", "byte 2: no text");
    refuses("{\"a\"}", "byte 5: no colon");
    refuses("{\"a\":}", "byte 6: no value");
    refuses("{\"a\":1", "byte 7: the object is not closed");
    refuses("{\"a\":1,}", "byte 8: no text");
    refuses("{\"a\":1} x", "byte 9: something behind the object");
    refuses("{\"a\":01}", "byte 6: no number");
    refuses("{\"a\":+1}", "byte 6: no number");
    refuses("{\"a\":1.}", "byte 6: no number");
    refuses("{\"a\":nul}", "byte 6: no value");
    refuses("{\"a\":\"x", "byte 8: the text does not end");
    refuses("{\"a\":\"\n\"}", "byte 7: a control character in a text");
    refuses("{\"a\":\"\\x\"}", "byte 9: an unknown escape");
    refuses("{\"a\":\"\\u12g4\"}", "byte 11: no number of a character");
    refuses("{\"a\":\"\xff\"}", "byte 7: no UTF-8");
    refuses("{\"a\":\"\xc3", "byte 7: no UTF-8"); /* cut off within a character */
    refuses("{\"a\":[1", "byte 8: a bracket is not closed");
    refuses("{\"a\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}", "byte 23: too many brackets within each other");
    refuses("{\"a\":1111111111222222222233333333334444444444555555555566666666667777}",
            "byte 6: a number of too many digits");
}
END_TEST

/* What a container holds, by its bytes: "key=inside;" of an object within an object or an array. */
static void take_bytes(void *context, const json_member *m)
{
    const size_t at = strlen(taken);
    (void)context;
    (void)snprintf(taken + at, sizeof taken - at, "%s=%.*s;", m->key, (int)m->size, m->bytes != NULL ? m->bytes : "");
}

static void inside(int (*read)(const char *, size_t, void (*)(void *, const json_member *), void *), const char *text,
                   const char *expected)
{
    taken[0] = '\0';
    ck_assert_msg(read(text, strlen(text), take_bytes, NULL) == LS_OK, "%s: %s", text, error_message());
    ck_assert_str_eq(taken, expected);
}

START_TEST(containers_are_told_by_their_bytes)
{
    inside(json_read_object, "{\"a\": [1, {}] , \"b\":{\"c\":[]}, \"d\": 1}", "a=[1, {}];b={\"c\":[]};d=;");
    inside(json_read_array, " [ [1], 2, {\"a\": 3} ] ", "=[1];=;={\"a\": 3};");
    inside(json_read_array, "[]", "");
    ck_assert_int_eq(json_read_array("[1", 2, take_bytes, NULL), LS_EFORMAT);
    ck_assert_str_eq(error_message(), "byte 3: the array is not closed");
    ck_assert_int_eq(json_read_array("[1] 2", 5, take_bytes, NULL), LS_EFORMAT);
    ck_assert_str_eq(error_message(), "byte 5: something behind the array");
    ck_assert_int_eq(json_read_array("{}", 2, take_bytes, NULL), LS_EFORMAT);
    ck_assert_str_eq(error_message(), "byte 1: no array");
}
END_TEST

START_TEST(long_texts_are_cut)
{
    char text[4 * JSON_TEXT_SIZE];
    size_t at = (size_t)snprintf(text, sizeof text, "{\"");
    for (int i = 0; i < JSON_KEY_SIZE; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "\xc3\xa4");
    }
    at += (size_t)snprintf(text + at, sizeof text - at, "\": \"");
    for (int i = 0; i < JSON_TEXT_SIZE; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "\xc3\xa4");
    }
    at += (size_t)snprintf(text + at, sizeof text - at, "\"}");
    ck_assert_int_eq(read_bytes(text, at), LS_OK);
    const char *value = strchr(taken, '=');
    ck_assert_ptr_nonnull(value);
    ck_assert_uint_eq((size_t)(value - taken), JSON_KEY_SIZE - 2); /* whole characters */
    ck_assert_uint_eq(strlen(value + 1), JSON_TEXT_SIZE - 2 + 1);
}
END_TEST

/* Each beginning, and each byte changed in each bit, of what the writer writes: read or refused. */
START_TEST(any_bytes)
{
    char *text = NULL;
    size_t size = 0;
    json j = {.to = open_memstream(&text, &size)};
    json_open(&j, NULL, '{');
    json_text(&j, "name", "a \"text\" \\ \n\x01 \xc3\xa4");
    json_number(&j, "half", -0.5);
    json_whole(&j, "whole", INT64_C(-9007199254740993));
    json_number(&j, "none", 1e300 * 1e300);
    json_open(&j, "list", '[');
    json_number(&j, NULL, 1);
    json_close(&j, ']');
    json_close(&j, '}');
    ck_assert_int_eq(fclose(j.to), 0);
    ck_assert_int_eq(read_bytes(text, size), LS_OK);
    ck_assert_str_eq(taken,
                     "name=a \"text\" \\ \n\x01 \xc3\xa4;half:number=-0.5;whole:number=-9007199254740992;none:null=0;"
                     "list:other=0;");
    for (size_t n = 0; n < size; n++) {
        ck_assert_int_eq(read_bytes(text, n) == LS_OK, n == size - 1); /* without the newline at its end */
        for (int bit = 0; bit < 8; bit++) {
            text[n] = (char)(text[n] ^ 1 << bit);
            (void)read_bytes(text, size);
            text[n] = (char)(text[n] ^ 1 << bit);
        }
    }
    free(text);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("json_read");
    tcase_add_test(cases, what_is_right);
    tcase_add_test(cases, what_is_wrong);
    tcase_add_test(cases, containers_are_told_by_their_bytes);
    tcase_add_test(cases, long_texts_are_cut);
    tcase_add_test(cases, any_bytes);
    return suite_run("json_read", cases);
}
