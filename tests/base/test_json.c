#include "base/json.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "suite.h"

static char *text;
static size_t size;

static json start(void)
{
    free(text);
    text = NULL;
    return (json){.to = open_memstream(&text, &size)};
}

static const char *finish(json *j)
{
    ck_assert_int_eq(fclose(j->to), 0);
    return text;
}

START_TEST(structure)
{
    json j = start();
    json_open(&j, NULL, '{');
    json_text(&j, "name", "x");
    json_open(&j, "empty", '[');
    json_close(&j, ']');
    json_open(&j, "rows", '[');
    json_open(&j, NULL, '{');
    json_number(&j, "a", 1);
    json_number(&j, "b", -0.25);
    json_close(&j, '}');
    json_open(&j, NULL, '{');
    json_close(&j, '}');
    json_close(&j, ']');
    json_close(&j, '}');
    ck_assert_str_eq(finish(&j),
                     "{\n  \"name\": \"x\",\n  \"empty\": [],\n  \"rows\": [\n    {\"a\": 1, \"b\": -0.25},\n"
                     "    {}\n  ]\n}\n");
}
END_TEST

START_TEST(escapes)
{
    json j = start();
    json_open(&j, NULL, '{');
    json_text(&j, "a\"b", "\\ \n\x01 \xc3\xa4");
    json_close(&j, '}');
    ck_assert_str_eq(finish(&j), "{\n  \"a\\\"b\": \"\\\\ \\u000a\\u0001 \xc3\xa4\"\n}\n");
    j = start();
    json_open(&j, NULL, '[');
    json_text(&j, NULL, "\x7f\xc2\x9b\xc2\xa0");
    json_close(&j, ']');
    ck_assert_str_eq(finish(&j), "[\n  \"\\u007f\\u009b\xc2\xa0\"\n]\n");
}
END_TEST

START_TEST(numbers)
{
    const double values[] = {0, 704621000, 1e300, 1.0 / 3, NAN, -INFINITY};
    json j = start();
    json_open(&j, NULL, '[');
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        json_number(&j, NULL, values[i]);
    }
    json_close(&j, ']');
    ck_assert_str_eq(finish(&j), "[\n  0,\n  704621000,\n  1e+300,\n  0.333333333,\n  null,\n  null\n]\n");
}
END_TEST

/* All their digits, which numbers above do not have. */
START_TEST(whole_numbers)
{
    const int64_t values[] = {0, -7, 999, 1000, -250, 1234567890123456789, INT64_MIN, INT64_MAX};
    json j = start();
    json_open(&j, NULL, '[');
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        json_whole(&j, NULL, values[i]);
        json_thousandths(&j, NULL, values[i]);
    }
    json_close(&j, ']');
    ck_assert_str_eq(finish(&j), "[\n  0,\n  0.000,\n  -7,\n  -0.007,\n  999,\n  0.999,\n  1000,\n  1.000,\n"
                                 "  -250,\n  -0.250,\n  1234567890123456789,\n  1234567890123456.789,\n"
                                 "  -9223372036854775808,\n  -9223372036854775.808,\n"
                                 "  9223372036854775807,\n  9223372036854775.807\n]\n");
}
END_TEST

/* Where the system has a locale with another decimal sign. */
START_TEST(locale)
{
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL && setlocale(LC_NUMERIC, "fr_FR.UTF-8") == NULL) {
        return;
    }
    json j = start();
    json_open(&j, NULL, '[');
    json_number(&j, NULL, 0.5);
    json_close(&j, ']');
    ck_assert_str_eq(finish(&j), "[\n  0.5\n]\n");
    ck_assert_ptr_nonnull(setlocale(LC_NUMERIC, "C"));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("json");
    tcase_add_test(cases, structure);
    tcase_add_test(cases, escapes);
    tcase_add_test(cases, numbers);
    tcase_add_test(cases, whole_numbers);
    tcase_add_test(cases, locale);
    const int code = suite_run("json", cases);
    free(text);
    return code;
}
