#include <check.h>
#include <stdio.h>
#include <unistd.h>

#include "suite.h"

#include "cli/plain.h"

START_TEST(what_a_terminal_obeys_is_not_shown)
{
    char out[64];
    char cut[5];
    ck_assert_str_eq(plain_line(out, sizeof out, "caf\xc3\xa9 \x1b[31mred\nline"), "caf\xc3\xa9 ?[31mred?line");
    ck_assert_str_eq(plain_line(cut, sizeof cut, "abcdefgh"), "abcd");
}
END_TEST

START_TEST(lines_stay_lines)
{
    char read_back[64] = "";
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fflush(stdout), 0);
    const int kept = dup(STDOUT_FILENO);
    ck_assert_int_ge(dup2(ends[1], STDOUT_FILENO), 0);
    plain_print("a: 1\n\x1b]0;title\x07\nb: 2");
    ck_assert_int_eq(fflush(stdout), 0);
    ck_assert_int_ge(dup2(kept, STDOUT_FILENO), 0);
    ck_assert_int_gt(read(ends[0], read_back, sizeof read_back - 1), 0);
    ck_assert_str_eq(read_back, "a: 1\n?]0;title?\nb: 2\n");
    (void)close(kept);
    (void)close(ends[0]);
    (void)close(ends[1]);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("plain");
    tcase_add_test(cases, what_a_terminal_obeys_is_not_shown);
    tcase_add_test(cases, lines_stay_lines);
    return suite_run("plain", cases);
}
