#include "page/chart.h"
#include "page/html.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

/* Each tag that is opened is closed in its place, but for those that HTML has no end of. */
static void check_nesting(const char *page)
{
    char open[64][16];
    size_t depth = 0;
    for (const char *at = strchr(page, '<'); at != NULL; at = strchr(at + 1, '<')) {
        char name[16] = "";
        const char *end = strchr(at, '>');
        const bool closes = at[1] == '/';
        ck_assert_ptr_nonnull(end);
        ck_assert_int_eq(sscanf(at + (closes ? 2 : 1), "%15[a-z0-9!]", name), 1);
        if (name[0] == '!' || strcmp(name, "meta") == 0 || end[-1] == '/') {
            continue;
        }
        if (closes) {
            ck_assert_uint_gt(depth, 0);
            ck_assert_str_eq(open[--depth], name);
        } else {
            ck_assert_uint_lt(depth, 64);
            (void)snprintf(open[depth++], sizeof open[0], "%s", name);
        }
    }
    ck_assert_uint_eq(depth, 0);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        n++;
    }
    return n;
}

START_TEST(text_is_harmless)
{
    text_builder t = {0};
    html_text(&t, "<script>alert(\"&'\")</script>\x1b[31m\xe2\x80\xae");
    ck_assert_str_eq(text_of(&t), "&lt;script&gt;alert(&quot;&amp;&#39;&quot;)&lt;/script&gt;?[31m???");
    text_release(&t);
}
END_TEST

START_TEST(a_page)
{
    text_builder t = {0};
    const char *const cells[] = {"<a>", "b & c"};
    html_begin(&t, "Runs <of> a & b");
    html_heading(&t, "One");
    html_paragraph(&t, "1 < 2");
    html_table_begin(&t, "A \"table\"");
    html_row(&t, cells, 2, 1);
    html_row(&t, cells, 2, 0);
    html_table_end(&t);
    html_details_begin(&t, "more");
    html_verbatim(&t, "a: 1\n  <b>: 2\n");
    html_details_end(&t);
    html_end(&t);
    const char *page = text_of(&t);
    check_nesting(page);
    ck_assert(!t.failed);
    ck_assert_ptr_nonnull(strstr(page, "<title>Runs &lt;of&gt; a &amp; b</title>"));
    ck_assert_ptr_nonnull(strstr(page, "<tr><th scope=\"row\">&lt;a&gt;</th><td>b &amp; c</td></tr>"));
    ck_assert_ptr_nonnull(strstr(page, "<pre>a: 1\n  &lt;b&gt;: 2\n</pre>"));
    ck_assert_ptr_null(strstr(page, "http")); /* nothing from elsewhere */
    text_release(&t);
}
END_TEST

START_TEST(a_chart)
{
    text_builder t = {0};
    const double x[] = {1, 2, 3, 4, 5};
    const double y[] = {0.1, 0.5, NAN, 0.7, 0.9};
    const double z[] = {NAN, INFINITY, NAN, 0.3, NAN};
    const chart_series series[] = {{"a <b>", x, y, 5, 1, false}, {"c", x, z, 5, 2, true}};
    const chart c = {.title = "T & t",
                     .x_label = "epoch",
                     .y_label = "accuracy",
                     .says = "It rises.",
                     .series = series,
                     .count = 2,
                     .from_zero = true};
    chart_add(&t, &c);
    const char *text = text_of(&t);
    check_nesting(text);
    ck_assert_uint_eq(count(text, "<polyline class=\"s1\" stroke"), 2); /* a gap */
    ck_assert_uint_eq(count(text, "<polyline class=\"s2 dashed\" stroke"), 1);
    ck_assert_uint_eq(count(text, "<tr>"), 1 + 4 + 1);
    ck_assert_ptr_nonnull(strstr(text, "aria-label=\"T &amp; t. It rises.\""));
    ck_assert_ptr_null(strstr(text, "nan"));
    ck_assert_ptr_null(strstr(text, "inf"));
    ck_assert_ptr_nonnull(strstr(text, ">0</text>"));
    text_release(&t);
}
END_TEST

START_TEST(odd_charts)
{
    const double x[] = {7};
    const double y[] = {0};
    const double large[] = {1e300};
    const double negative[] = {-3};
    const double *const lines[] = {y, large, negative};
    for (size_t i = 0; i < 3; i++) {
        for (int logarithmic = 0; logarithmic < 2; logarithmic++) {
            text_builder t = {0};
            const chart_series series = {"one", x, lines[i], 1, 1, false};
            const chart c = {.title = "t",
                             .x_label = "x",
                             .y_label = "y",
                             .says = "",
                             .series = &series,
                             .count = 1,
                             .logarithmic = logarithmic};
            chart_add(&t, &c);
            check_nesting(text_of(&t));
            ck_assert(logarithmic == 0 || i == 1 || strlen(text_of(&t)) == 0);
            ck_assert_ptr_null(strstr(text_of(&t), "nan"));
            ck_assert_ptr_null(strstr(text_of(&t), "inf"));
            text_release(&t);
        }
    }
}
END_TEST

START_TEST(round_steps)
{
    ck_assert_double_eq_tol(chart_step(1, 6), 0.2, 1e-15);
    ck_assert_double_eq_tol(chart_step(60, 8), 10, 1e-12);
    ck_assert_double_eq_tol(chart_step(0.003, 6), 0.0005, 1e-15);
    ck_assert_double_eq_tol(chart_step(7000, 8), 1000, 1e-9);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("page");
    tcase_add_test(cases, text_is_harmless);
    tcase_add_test(cases, a_page);
    tcase_add_test(cases, a_chart);
    tcase_add_test(cases, odd_charts);
    tcase_add_test(cases, round_steps);
    return suite_run("page", cases);
}
