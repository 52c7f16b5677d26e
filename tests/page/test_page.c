#include "page/axes.h"
#include "page/bars.h"
#include "page/chart.h"
#include "page/html.h"
#include "page/matrix.h"
#include "page/ridges.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

/* Each tag that is opened is closed in its place, but for those that HTML has no end of. */
static void check_nesting(const char *text)
{
    char open[64][16];
    size_t depth = 0;
    for (const char *at = strchr(text, '<'); at != NULL; at = strchr(at + 1, '<')) {
        char name[16] = "";
        const char *end = strchr(at, '>');
        const bool closes = at[1] == '/';
        ck_assert_ptr_nonnull(end);
        ck_assert_int_eq(sscanf(at + (closes ? 2 : 1), "%15[a-z0-9!]", name), 1);
        if (name[0] == '!' || strcmp(name, "meta") == 0 || strcmp(name, "img") == 0 || end[-1] == '/') {
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
    const char *const headings[] = {"x", "<y>"};
    const char *const cells[] = {"<a>", "b & c"};
    const html_place places[] = {{"one", "One <1>"}, {"two", "Two"}};
    html_begin(&t, "Runs <of> a & b");
    html_contents(&t, places, 2);
    html_heading(&t, &places[0]);
    html_card_begin(&t, "card & co");
    html_terms_begin(&t);
    html_term(&t, "why?", "1 < 2");
    html_terms_end(&t);
    html_card_end(&t);
    html_paragraph(&t, "1 < 2");
    html_note(&t, "a note");
    html_table_begin(&t, "A \"table\"", headings, 2);
    html_row(&t, cells, 2);
    html_table_end(&t);
    html_details_begin(&t, "more");
    html_verbatim(&t, "a: 1\n  <b>: 2\n");
    html_details_end(&t);
    html_end(&t);
    const char *text = text_of(&t);
    check_nesting(text);
    ck_assert(!t.failed);
    ck_assert_ptr_nonnull(strstr(text, "<title>Runs &lt;of&gt; a &amp; b</title>"));
    ck_assert_ptr_nonnull(strstr(text, "<a href=\"#one\">One &lt;1&gt;</a>"));
    ck_assert_ptr_nonnull(strstr(text, "<h2 id=\"one\">One &lt;1&gt;</h2>"));
    ck_assert_ptr_nonnull(strstr(text, "<caption>A &quot;table&quot;</caption>"));
    ck_assert_ptr_nonnull(strstr(text, "<thead><tr><th scope=\"col\">x</th><th scope=\"col\">&lt;y&gt;</th></tr>"));
    ck_assert_ptr_nonnull(strstr(text, "<tr><th scope=\"row\">&lt;a&gt;</th><td>b &amp; c</td></tr>"));
    ck_assert_ptr_nonnull(strstr(text, "<pre>a: 1\n  &lt;b&gt;: 2\n</pre>"));
    ck_assert_ptr_null(strstr(text, "http")); /* nothing from elsewhere */
    ck_assert_ptr_null(strstr(text, "$"));    /* all colours are known */
    text_release(&t);
}
END_TEST

START_TEST(pictures)
{
    static const char *const encoded[] = {"", "TQ==", "TWE=", "TWFu", "TWFuPw=="};
    const char *const lines[] = {"Labelled <b>", "x"};
    for (size_t i = 0; i < sizeof encoded / sizeof encoded[0]; i++) {
        text_builder t = {0};
        char wanted[128];
        html_pictures_begin(&t);
        html_picture_add(&t, &(html_picture){"image/png", (const uint8_t *)"Man?", i, 8, 8, "a \"b\"", lines, 2});
        html_picture_add(&t, &(html_picture){"image/png", NULL, 0, 0, 0, "none", lines, 2});
        html_pictures_end(&t);
        check_nesting(text_of(&t));
        (void)snprintf(wanted, sizeof wanted, "alt=\"a &quot;b&quot;\" src=\"data:image/png;base64,%s\">", encoded[i]);
        ck_assert_ptr_nonnull(strstr(text_of(&t), wanted));
        ck_assert_uint_eq(count(text_of(&t), "<img"), 1);
        ck_assert_uint_eq(count(text_of(&t), "<strong>Labelled &lt;b&gt;</strong>"), 2);
        text_release(&t);
    }
}
END_TEST

/* The text of the page: nested well, without figures that are none; and its only drawing as a file, where there is one.
 */
static const char *check_drawing(const page *p, const char *name)
{
    const char *text = text_of(&p->text);
    check_nesting(text);
    ck_assert(!p->text.failed);
    ck_assert_ptr_null(strstr(text, "nan"));
    ck_assert_ptr_null(strstr(text, "inf"));
    if (p->apart->count > 0) {
        const char *svg = p->apart->files[0].svg;
        ck_assert_uint_eq(p->apart->count, 1);
        ck_assert_str_eq(p->apart->files[0].name, name);
        check_nesting(svg);
        ck_assert_ptr_eq(strstr(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" width="), svg);
        ck_assert_ptr_null(strstr(svg, "var(")); /* stands alone */
        ck_assert_ptr_nonnull(strstr(svg, "<title id=\"t\">"));
        ck_assert_ptr_nonnull(strstr(svg, "fill=\"#ffffff\""));
    }
    return text;
}

static void release(page *p)
{
    figure_files_release(p->apart);
    text_release(&p->text);
}

START_TEST(a_chart)
{
    figure_files apart = {0};
    page p = {.apart = &apart};
    const double x[] = {1, 2, 3, 4, 5};
    const double y[] = {0.1, 0.5, NAN, 0.7, 0.9};
    const double z[] = {NAN, INFINITY, NAN, 0.3, NAN};
    const chart_series series[] = {{"a <b>", x, y, 5, 1, false}, {"c", x, z, 5, 2, true}};
    const chart c = {.name = "a-chart",
                     .title = "T & t",
                     .says = "It rises.",
                     .x_label = "epoch",
                     .y_label = "accuracy",
                     .series = series,
                     .count = 2,
                     .from_zero = true};
    chart_add(&p, &c);
    const char *text = check_drawing(&p, "a-chart");
    ck_assert_uint_eq(count(text, "<polyline class=\"s1\" stroke"), 2); /* a gap */
    ck_assert_uint_eq(count(text, "<polyline class=\"s2 dashed\" stroke"), 1);
    ck_assert_uint_eq(count(text, "<tr>"), 1 + 4 + 1);
    ck_assert_ptr_nonnull(strstr(text, "role=\"img\" aria-labelledby=\"a-chart-t a-chart-d\"><title "
                                       "id=\"a-chart-t\">T &amp; t</title><desc id=\"a-chart-d\">It rises.</desc>"));
    ck_assert_ptr_nonnull(strstr(text, ">0</text>"));
    ck_assert_uint_eq(count(apart.files[0].svg, "<polyline class=\"s1\" stroke"), 2);
    ck_assert_uint_eq(count(apart.files[0].svg, "a &lt;b&gt;"), 1); /* the legend */
    release(&p);
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
            figure_files apart = {0};
            page p = {.apart = &apart};
            const chart_series series = {"one", x, lines[i], 1, 1, false};
            const chart c = {.name = "odd",
                             .title = "t",
                             .says = "",
                             .x_label = "x",
                             .y_label = "y",
                             .series = &series,
                             .count = 1,
                             .logarithmic = logarithmic};
            chart_add(&p, &c);
            const char *text = check_drawing(&p, "odd");
            ck_assert(logarithmic == 0 || i == 1 || strlen(text) == 0);
            release(&p);
        }
    }
}
END_TEST

/* Marks of an axis in a chart from low to high. */
static size_t marks(double low, double high, bool logarithmic)
{
    page p = {0};
    const double x[] = {0, 1};
    const double y[] = {low, high};
    const chart_series series = {"one", x, y, 2, 1, false};
    chart_add(&p, &(chart){.name = "n",
                           .title = "t",
                           .says = "",
                           .x_label = "x",
                           .y_label = "y",
                           .series = &series,
                           .count = 1,
                           .logarithmic = logarithmic});
    const size_t n = count(text_of(&p.text), "class=\"grid\"");
    text_release(&p.text);
    return n;
}

START_TEST(enough_marks)
{
    static const double ranges[][2] = {{0.42, 0.83}, {1, 9.9}, {1, 11}, {1e-7, 1e4}, {1e-30, 1e20}, {0.0331, 0.0421}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        for (int logarithmic = 0; logarithmic < 2; logarithmic++) {
            const size_t n = marks(ranges[i][0], ranges[i][1], logarithmic);
            ck_assert_uint_ge(n, 2);
            ck_assert_uint_le(n, 8);
        }
    }
}
END_TEST

START_TEST(a_long_line_ends_where_it_ends)
{
    enum { MANY = 5001 };
    static double x[MANY], y[MANY];
    page p = {0};
    for (size_t i = 0; i < MANY; i++) {
        x[i] = (double)i;
        y[i] = i + 1 == MANY ? 100 : 0;
    }
    const chart_series series = {"one", x, y, MANY, 1, false};
    chart_add(
        &p,
        &(chart){.name = "n", .title = "t", .says = "", .x_label = "x", .y_label = "y", .series = &series, .count = 1});
    ck_assert_uint_lt(p.text.length, 20000);
    ck_assert_ptr_nonnull(strstr(text_of(&p.text), "<td>5000</td><td>100</td>"));
    ck_assert_ptr_nonnull(strstr(text_of(&p.text), " 444.0,")); /* the right edge */
    text_release(&p.text);
}
END_TEST

START_TEST(a_matrix)
{
    figure_files apart = {0};
    page p = {.apart = &apart};
    const char *const names[] = {"<cat>", "a name that is far too long for the margin, and not only for it",
                                 "猫猫猫猫猫猫猫猫猫猫猫猫猫"};
    const size_t cells[] = {5, 0, 0, 1, 2, 0, 0, 0, 0};
    matrix_add(&p, &(matrix){.name = "m",
                             .title = "t",
                             .says = "s",
                             .row_label = "true",
                             .column_label = "said",
                             .names = names,
                             .cells = cells,
                             .count = 3});
    const char *text = check_drawing(&p, "m");
    ck_assert_uint_eq(count(text, "<rect class=\"f1\""), 2); /* what is 0 is not drawn */
    ck_assert_uint_eq(count(text, "<rect class=\"f2\""), 1);
    ck_assert_ptr_nonnull(strstr(text, "<rect class=\"f1\" fill-opacity=\"0.45\""));
    ck_assert_uint_eq(count(text, "…</text>"), 4);
    ck_assert_uint_eq(count(text, "only for it</th>"), 2); /* whole in the table */
    ck_assert_uint_eq(count(text, "<tr>"), 4);
    release(&p);
    page none = {0};
    matrix_add(&none, &(matrix){.name = "m", .names = names, .cells = cells, .count = 1});
    ck_assert_uint_eq(none.text.length, 0);
}
END_TEST

START_TEST(columns)
{
    figure_files apart = {0};
    page p = {.apart = &apart};
    double x[150], a[150], b[150];
    for (size_t i = 0; i < 150; i++) {
        x[i] = (double)i + 1;
        a[i] = 2;
        b[i] = i % 3 == 0 ? 3 : 0;
    }
    const bars_part parts[] = {{"one", a, 1}, {"two & a half", b, 2}};
    bars_add(&p, &(bars){.name = "b",
                         .title = "t",
                         .says = "s",
                         .x_label = "epoch",
                         .y_label = "s",
                         .x = x,
                         .count = 150,
                         .parts = parts,
                         .part_count = 2});
    const char *text = check_drawing(&p, "b");
    ck_assert_uint_eq(count(text, "<rect class=\"f1 edge\""), 50); /* three in one */
    ck_assert_uint_eq(count(text, "<rect class=\"f2 edge\""), 50);
    ck_assert_ptr_nonnull(strstr(text, "<th scope=\"row\">148 to 150</th><td>2.000</td><td>1.000</td>"));
    release(&p);
    page none = {0};
    const double nothing[] = {0, NAN};
    const bars_part empty = {"none", nothing, 1};
    bars_add(&none, &(bars){.name = "b", .x = x, .count = 2, .parts = &empty, .part_count = 1});
    ck_assert_uint_eq(none.text.length, 0);
}
END_TEST

START_TEST(histograms)
{
    figure_files apart = {0};
    page p = {.apart = &apart};
    const double edges[] = {1e-3, 1e-2, 1e-1, 1};
    const double first[] = {0, 1, 0};
    const double last[] = {0.5, 0.25, 0.25};
    const ridges_row rows[] = {{"start", first}, {"epoch <9>", last}};
    const ridges r = {.name = "r",
                      .title = "t",
                      .says = "s",
                      .x_label = "|w|",
                      .edges = edges,
                      .bins = 3,
                      .rows = rows,
                      .count = 2,
                      .colour = 1,
                      .low = 1e-3,
                      .high = 1};
    ridges_add(&p, &r);
    const char *text = check_drawing(&p, "r");
    ck_assert_uint_eq(count(text, "<polygon class=\"ridge s1\""), 2);
    ck_assert_uint_eq(count(text, ">0.01<"), 2); /* a mark, and where half of the last row ends */
    ck_assert_double_eq_tol(ridges_quantile(&r, &rows[0], 0.5), pow(10, -1.5), 1e-12);
    ck_assert_double_eq_tol(ridges_quantile(&r, &rows[1], 0.05), pow(10, -2.9), 1e-12);
    ck_assert_double_eq_tol(ridges_quantile(&r, &rows[1], 1), 1, 1e-12);
    release(&p);
    page none = {0};
    ridges_add(&none, &(ridges){.name = "r", .edges = edges, .bins = 3, .rows = rows, .count = 0});
    ck_assert_uint_eq(none.text.length, 0);
}
END_TEST

START_TEST(widths_of_texts)
{
    ck_assert_uint_eq(figure_text_fit("abcdef", 10, 1000), 6);
    ck_assert_uint_eq(figure_text_fit("abcdef", 10, 0), 0);
    ck_assert_uint_eq(figure_text_fit("猫猫", 10, 15), 3); /* no half of a letter */
    ck_assert_double_gt(figure_text_width("猫", 10), figure_text_width("a", 10));
    ck_assert_uint_eq(figure_text_fit("\xff\xff", 10, 1000), 2); /* what is not UTF-8 */
}
END_TEST

START_TEST(round_steps)
{
    ck_assert_double_eq_tol(axes_step(1, 6), 0.2, 1e-15);
    ck_assert_double_eq_tol(axes_step(60, 8), 10, 1e-12);
    ck_assert_double_eq_tol(axes_step(0.003, 6), 0.0005, 1e-15);
    ck_assert_double_eq_tol(axes_step(7000, 8), 1000, 1e-9);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("page");
    tcase_add_test(cases, text_is_harmless);
    tcase_add_test(cases, a_page);
    tcase_add_test(cases, pictures);
    tcase_add_test(cases, a_chart);
    tcase_add_test(cases, odd_charts);
    tcase_add_test(cases, enough_marks);
    tcase_add_test(cases, a_long_line_ends_where_it_ends);
    tcase_add_test(cases, a_matrix);
    tcase_add_test(cases, columns);
    tcase_add_test(cases, histograms);
    tcase_add_test(cases, widths_of_texts);
    tcase_add_test(cases, round_steps);
    return suite_run("page", cases);
}
