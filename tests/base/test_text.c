#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static const char *plain(const char *from)
{
    static char out[128];
    (void)snprintf(out, sizeof out, "%s", from);
    text_make_plain(out);
    return out;
}

START_TEST(what_a_terminal_obeys_is_not_shown)
{
    ck_assert_str_eq(plain("caf\xc3\xa9 \x1b[31mred\nline\t\x7f"), "caf\xc3\xa9 ?[31mred?line??");
    ck_assert_str_eq(plain("\xc2\x9b"
                           "31m \xc2\xa0"),
                     "??31m \xc2\xa0");                                    /* CSI as one character; a no-break space */
    ck_assert_str_eq(plain("a\xe2\x80\xaeltr\xe2\x81\xa6"), "a???ltr???"); /* U+202E, U+2066 */
    ck_assert_str_eq(plain("\xe2\x80\xa8.\xd8\x9c."), "???.??.");          /* U+2028, U+061C */
}
END_TEST

START_TEST(what_is_not_utf8_is_not_shown)
{
    ck_assert_str_eq(plain("\x9b"
                           "31m \xff\xfe"),
                     "?31m ??");                         /* CSI of 8-bit terminals */
    ck_assert_str_eq(plain("\xc3"), "?");                /* cut off */
    ck_assert_str_eq(plain("\xe2\x82x"), "??x");         /* cut off within */
    ck_assert_str_eq(plain("\xc0\x9b"), "??");           /* longer than needed */
    ck_assert_str_eq(plain("\xed\xa0\x80"), "???");      /* a surrogate */
    ck_assert_str_eq(plain("\xf4\x90\x80\x80"), "????"); /* past U+10FFFF */
    ck_assert_str_eq(plain("\xf0\x9f\x90\x88 \xe7\x8c\xab"), "\xf0\x9f\x90\x88 \xe7\x8c\xab"); /* a cat, twice */
}
END_TEST

START_TEST(columns_of_a_terminal)
{
    ck_assert_uint_eq(text_columns(""), 0);
    ck_assert_uint_eq(text_columns("abc \xc3\xa4"), 5);
    ck_assert_uint_eq(text_columns("\xe2\x96\x81\xe2\x96\x88"), 2); /* blocks */
    ck_assert_uint_eq(text_columns("\xe4\xb8\xad\xe6\x96\x87"), 4); /* Chinese */
    ck_assert_uint_eq(text_columns("e\xcc\x81"), 1);                /* e and an accent */
    ck_assert_uint_eq(text_columns("\xf0\x9f\x98\x80!"), 3);        /* an emoji */
    ck_assert_uint_eq(text_columns("\xff\xc3"), 2);                 /* what is shown as '?' */
}
END_TEST

START_TEST(a_text_grows)
{
    text_builder t = {0};
    ck_assert_str_eq(text_of(&t), "");
    for (int i = 0; i < 1000; i++) {
        text_add(&t, "%d,", i);
    }
    ck_assert_uint_eq(strlen(text_of(&t)), 10 * 2 + 90 * 3 + 900 * 4);
    ck_assert_int_eq(strncmp(text_of(&t), "0,1,2,", 6), 0);
    text_release(&t);
    ck_assert_str_eq(text_of(&t), "");
}
END_TEST

START_TEST(texts_become_a_list)
{
    text_builder t = {0};
    size_t count = 0;
    char **none = text_take_list(&t, &count);
    ck_assert_ptr_nonnull(none);
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(none[0]);
    free(none);
    text_add(&t, "one%c", '\0');
    text_add_bytes(&t, "", 1);
    memcpy(text_room(&t, 6), "three", 6);
    char **all = text_take_list(&t, &count);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(all[0], "one");
    ck_assert_str_eq(all[1], "");
    ck_assert_str_eq(all[2], "three");
    ck_assert_ptr_null(all[3]);
    free(all);
    text_add(&t, "%s", "again");
    char *text = text_take(&t);
    ck_assert_str_eq(text, "again");
    ck_assert_ptr_null(t.bytes);
    free(text);
}
END_TEST

static const char *escaped(const char *from)
{
    static char out[128];
    text_builder t = {0};
    text_add_escaped(&t, from);
    (void)snprintf(out, sizeof out, "%s", text_of(&t));
    text_release(&t);
    return out;
}

START_TEST(what_a_shell_takes_back)
{
    ck_assert_str_eq(escaped(""), "");
    ck_assert_str_eq(escaped("a \"b\" 'c' $d; #e %s caf\xc3\xa9"), "a \"b\" 'c' $d; #e %s caf\xc3\xa9");
    ck_assert_str_eq(escaped("a\\0b\tc\nd\\"), "a\\\\0b\\tc\\nd\\\\");
    ck_assert_str_eq(escaped("\r1\x7f"), "\\00151\\0177"); /* three digits: what follows is none of them */
    ck_assert_str_eq(escaped("\xff\xe2\x80\xae"), "\\0377\\0342\\0200\\0256");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("text");
    tcase_add_test(cases, what_a_terminal_obeys_is_not_shown);
    tcase_add_test(cases, what_is_not_utf8_is_not_shown);
    tcase_add_test(cases, columns_of_a_terminal);
    tcase_add_test(cases, a_text_grows);
    tcase_add_test(cases, texts_become_a_list);
    tcase_add_test(cases, what_a_shell_takes_back);
    return suite_run("text", cases);
}
