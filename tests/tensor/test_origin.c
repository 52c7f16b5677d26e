/* Which arithmetic computed which steps. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "suite.h"

#include "tensor/origin.h"

static char text[256];

START_TEST(an_unknown_one_says_so)
{
    origin o = {0};
    ck_assert_ptr_null(origin_last(&o));
    ck_assert_str_eq(origin_describe(text, sizeof text, &o), "not known");
}
END_TEST

START_TEST(a_change_is_a_span)
{
    origin o = {0};
    origin_add(&o, 0, "avx2", "float32");
    origin_add(&o, 10, "avx2", "float32");
    ck_assert_uint_eq(o.count, 1);
    origin_add(&o, 40, "avx512", "float32");
    origin_add(&o, 50, "avx512", "float64");
    ck_assert_uint_eq(o.count, 3);
    ck_assert_str_eq(origin_describe(text, sizeof text, &o),
                     "avx2 float32 to step 40, then avx512 float32 to step 50, then avx512 float64");
    ck_assert_str_eq(origin_last(&o)->numbers, "float64");
}
END_TEST

/* A run that stopped before its first step, and goes on elsewhere: nothing was computed in between. */
START_TEST(a_span_without_steps_is_replaced)
{
    origin o = {0};
    origin_add(&o, 0, "avx2", "float32");
    origin_add(&o, 40, "avx512", "float32");
    origin_add(&o, 40, "generic", "float32");
    ck_assert_str_eq(origin_describe(text, sizeof text, &o), "avx2 float32 to step 40, then generic float32");
    origin_add(&o, 40, "avx2", "float32");
    ck_assert_str_eq(origin_describe(text, sizeof text, &o), "avx2 float32");
}
END_TEST

START_TEST(what_nobody_knows_is_said)
{
    origin o = {0};
    origin_add_unknown(&o);
    origin_add(&o, 40, "avx2", "float32");
    origin_add(&o, 50, ORIGIN_ANY_PATH, "float32");
    ck_assert_str_eq(origin_describe(text, sizeof text, &o),
                     "unknown to step 40, then avx2 float32 to step 50, then float32");
}
END_TEST

START_TEST(the_newest_are_kept)
{
    origin o = {0};
    for (uint64_t i = 0; i < 3 * ORIGIN_SPANS; i++) {
        origin_add(&o, i, i % 2 == 0 ? "avx2" : "generic", "float32");
        ck_assert_uint_le(o.count, ORIGIN_SPANS);
    }
    ck_assert_str_eq(o.spans[0].kernels, "several");
    ck_assert_uint_eq(o.spans[0].step, 0);
    for (size_t i = 1; i < o.count; i++) {
        ck_assert_uint_eq(o.spans[i].step, 3 * ORIGIN_SPANS - o.count + i);
    }
}
END_TEST

START_TEST(a_text_without_room_is_cut)
{
    char small[16];
    origin o = {0};
    origin_add(&o, 0, "avx2", "float32");
    origin_add(&o, 7, "generic", "float32");
    ck_assert_str_eq(origin_describe(small, sizeof small, &o), "avx2 float32 to");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("origin");
    tcase_add_test(cases, an_unknown_one_says_so);
    tcase_add_test(cases, a_change_is_a_span);
    tcase_add_test(cases, a_span_without_steps_is_replaced);
    tcase_add_test(cases, what_nobody_knows_is_said);
    tcase_add_test(cases, the_newest_are_kept);
    tcase_add_test(cases, a_text_without_room_is_cut);
    return suite_run("origin", cases);
}
