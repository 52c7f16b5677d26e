/* Options and positional arguments of a subcommand, right and wrong. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "cli/args.h"

typedef struct arguments {
    uint64_t top;
    bool strict, mixed;
    int layout; /* from 5 on */
    const char *marked;
} arguments;

static const char *const layouts[] = {"auto", "split", "classes", NULL};

static const args_option options[] = {
    {"top", ARGS_WHOLE, ARGS_FIELD(arguments, top), .least = 1, .most = 12},
    {"strict", ARGS_FLAG, ARGS_FIELD(arguments, strict), ARGS_MARK(arguments, marked)},
    {"layout", ARGS_WORD, ARGS_FIELD(arguments, layout), .least = 5, .words = layouts},
    {"precision", ARGS_WORD, ARGS_FIELD(arguments, mixed), .words = args_precision},
    {0},
};

/* Restart getopt on an argument vector that ends with a NULL; returns how many there are. */
static int restart(char *const *argv)
{
    int argc = 0;
    while (argv[argc] != NULL) {
        argc++;
    }
    optind = 0;
    return argc;
}

START_TEST(options_may_follow_positionals)
{
    char words[][12] = {"predict", "a", "--top", "3", "b", "--strict"};
    char *argv[] = {words[0], words[1], words[2], words[3], words[4], words[5], NULL};
    const int argc = restart(argv);
    arguments a = {0};
    ck_assert_int_eq(args_read(&a, argc, argv, options), LS_OK);
    ck_assert_uint_eq(a.top, 3);
    ck_assert(a.strict);
    ck_assert_str_eq(a.marked, "strict");
    ck_assert_int_eq(args_positionals(argc, argv, 2, 2, "A B"), LS_OK);
    ck_assert_str_eq(argv[optind], "a");
    ck_assert_str_eq(argv[optind + 1], "b");
    ck_assert_int_eq(args_positionals(argc, argv, 3, ARGS_ANY_NUMBER, "A B C"), LS_EUSAGE);
    ck_assert_ptr_nonnull(strstr(error_message(), "A B C"));
    ck_assert_int_eq(args_positionals(argc, argv, 1, 1, "A"), LS_EUSAGE);
    ck_assert_ptr_nonnull(strstr(error_message(), "'b'"));
}
END_TEST

/* Each wrong option is named. */
static void check_wrong(const char *option, const char *named)
{
    char command[] = "predict";
    char text[32];
    (void)snprintf(text, sizeof text, "%s", option);
    char *argv[] = {command, text, NULL};
    const int argc = restart(argv);
    arguments a = {0};
    ck_assert_int_eq(args_read(&a, argc, argv, options), LS_EUSAGE);
    ck_assert_msg(strstr(error_message(), named) != NULL, "%s: %s", named, error_message());
}

START_TEST(wrong_options_are_named)
{
    check_wrong("--frob", "'--frob'");
    check_wrong("--top", "--top: needs a value");
    check_wrong("--strict=1", "--strict: takes no value");
    check_wrong("-x", "'-x'");
    check_wrong("--top=13", "--top: '13' is not a whole number from 1 to 12");
    check_wrong("--layout=flat", "--layout: 'flat' is none of auto, split and classes");
    check_wrong("--precision=half", "--precision: 'half' is neither float32 nor mixed");
}
END_TEST

START_TEST(words_are_counted)
{
    char words[][20] = {"pack", "--layout", "classes", "--precision=mixed"};
    char *argv[] = {words[0], words[1], words[2], words[3], NULL};
    const int argc = restart(argv);
    arguments a = {0};
    ck_assert_int_eq(args_read_all(&a, argc, argv, options, 0, 0, ""), LS_OK);
    ck_assert_int_eq(a.layout, 7);
    ck_assert(a.mixed);
}
END_TEST

START_TEST(numbers)
{
    uint64_t n = 0;
    double x = 0;
    ck_assert_int_eq(args_whole(&n, "--top", "12", 1, 12), LS_OK);
    ck_assert_uint_eq(n, 12);
    const char *const wrong[] = {"", "-1", "+1", "1.5", "13", "99999999999999999999", "3 "};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_int_eq(args_whole(&n, "--top", wrong[i], 1, 12), LS_EUSAGE);
    }
    ck_assert_int_eq(args_number(&x, "--max", "1e-3", 0, 1), LS_OK);
    ck_assert_double_eq(x, 1e-3);
    const char *const strange[] = {"", "nan", "inf", "2", "-0.1", "0.5x"};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        ck_assert_int_eq(args_number(&x, "--max", strange[i], 0, 1), LS_EUSAGE);
    }
}
END_TEST

START_TEST(sizes)
{
    size_t w = 0;
    size_t h = 0;
    ck_assert_int_eq(args_size(&w, &h, "--size", "8x12"), LS_OK);
    ck_assert(w == 8 && h == 12);
    const char *const wrong[] = {"8", "8x", "x8", "8x0", "8x8x8", "8*8", "00000000000000000008x8", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_int_eq(args_size(&w, &h, "--size", wrong[i]), LS_EUSAGE);
    }
}
END_TEST

START_TEST(lists)
{
    char **names = NULL;
    size_t count = 0;
    ck_assert_int_eq(args_list(&names, &count, "--classes", "cat,dog,big fish"), LS_OK);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(names[0], "cat");
    ck_assert_str_eq(names[2], "big fish");
    free(names);
    ck_assert_int_eq(args_list(&names, &count, "--classes", "cat,,dog"), LS_EUSAGE);
    ck_assert_int_eq(args_list(&names, &count, "--classes", ""), LS_EUSAGE);
}
END_TEST

static void check_duration(const char *text, double wanted)
{
    double seconds = -1;
    ck_assert_msg(args_duration(&seconds, "--max-time", text) == LS_OK, "%s: %s", text, error_message());
    ck_assert_double_eq(seconds, wanted);
}

START_TEST(times_are_read)
{
    static const char *const wrong[] = {
        "", "0", "-5", "x", "5x", "5mm", "1:", ":5", "1:2:3:4", "1-5", "1-", "nan", "1e99"};
    double seconds = -1;
    check_duration("90", 90);
    check_duration("90s", 90);
    check_duration("1.5h", 5400);
    check_duration("15m", 900);
    check_duration("2d", 172800);
    check_duration("01:30", 90);
    check_duration("1:30:05", 5405);
    check_duration("2-00:00:01", 172801);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_msg(args_duration(&seconds, "--max-time", wrong[i]) == LS_EUSAGE, "'%s'", wrong[i]);
    }
    ck_assert_double_eq(seconds, -1);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("args");
    tcase_add_test(tests, options_may_follow_positionals);
    tcase_add_test(tests, wrong_options_are_named);
    tcase_add_test(tests, times_are_read);
    tcase_add_test(tests, words_are_counted);
    tcase_add_test(tests, numbers);
    tcase_add_test(tests, sizes);
    tcase_add_test(tests, lists);
    return suite_run("args", tests);
}
