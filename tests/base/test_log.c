#include "base/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "suite.h"

/* Each test runs in a process of its own (CK_FORK), so these need not be put back. */
static void redirect(int number, const char *path, int flags)
{
    const int fd = open(path, flags, 0666);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_ge(dup2(fd, number), 0);
    (void)close(fd);
}

static char *read_all(const char *path)
{
    static char bytes[65536];
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    bytes[fread(bytes, 1, sizeof bytes - 1, f)] = '\0';
    (void)fclose(f);
    return bytes;
}

static char folder[] = "/tmp/test_log-XXXXXX";
static char out_path[64], err_path[64], file_path[64];

static void prepare(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    log_set_rank(0, 1); /* each line at once */
    (void)snprintf(out_path, sizeof out_path, "%s/out", folder);
    (void)snprintf(err_path, sizeof err_path, "%s/err", folder);
    (void)snprintf(file_path, sizeof file_path, "%s/file", folder);
    redirect(STDOUT_FILENO, out_path, O_WRONLY | O_CREAT);
    redirect(STDERR_FILENO, err_path, O_WRONLY | O_CREAT);
}

static void clean_up(void)
{
    (void)unlink(out_path);
    (void)unlink(err_path);
    (void)unlink(file_path);
    (void)rmdir(folder);
}

START_TEST(no_line_can_be_forged)
{
    const char *hostile = "a\x1b[31m\nweights 0123";
    ck_assert_int_eq(log_open(file_path), LS_OK);
    log_info("class %s", hostile);
    log_warn("class %s", hostile);
    ck_assert_int_eq(log_open(NULL), LS_OK);
    ck_assert_str_eq(read_all(out_path), "class a?[31m?weights 0123\n");
    ck_assert_str_eq(read_all(err_path), "lockstep: warning: class a?[31m?weights 0123\n");
    ck_assert_str_eq(read_all(file_path), "class a?[31m?weights 0123\nwarning: class a?[31m?weights 0123\n");
}
END_TEST

START_TEST(lines_stay_lines)
{
    log_lines("a: 1\n\x1b]0;title\x07\n\nb: 2");
    ck_assert_str_eq(read_all(out_path), "a: 1\n?]0;title?\n\nb: 2\n");
    ck_assert_int_eq(log_check_output(), LS_OK);
}
END_TEST

/* What a terminal makes of it: up by the lines of the last block, each line over the old one, and nothing below. */
START_TEST(a_block_replaces_itself)
{
    log_block("one\ntwo\x1b[31m\nthree\n", 10);
    ck_assert_str_eq(read_all(out_path), "one\x1b[K\ntwo?[31m\x1b[K\nthree\x1b[K\n\x1b[J");
    log_block("1\n2\n3\n", 2);
    log_block("end\n", 10);
    const char *rest = strstr(read_all(out_path), "\x1b[J") + strlen("\x1b[J");
    ck_assert_str_eq(rest, "\x1b[3A\r1\x1b[K\n2\x1b[K\n\x1b[J\x1b[2A\rend\x1b[K\n\x1b[J");
}
END_TEST

START_TEST(long_lines_are_whole)
{
    char line[10001];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    log_info("%s", line);
    ck_assert_uint_eq(strlen(read_all(out_path)), sizeof line);
}
END_TEST

START_TEST(lost_output_is_known)
{
    redirect(STDOUT_FILENO, "/dev/full", O_WRONLY);
    log_info("a line");
    redirect(STDOUT_FILENO, out_path, O_WRONLY);
    log_info("another");
    ck_assert_int_eq(log_check_output(), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), "standard output cannot be written: No space left"));
}
END_TEST

/* A warning flushes what waits in the buffer; what that cannot write is lost all the same. */
START_TEST(output_lost_by_a_warning_is_known)
{
    redirect(STDOUT_FILENO, "/dev/full", O_WRONLY);
    ck_assert_int_gt(printf("a line that waits\n"), 0);
    log_warn("a warning");
    redirect(STDOUT_FILENO, out_path, O_WRONLY);
    ck_assert_int_eq(log_check_output(), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), "standard output cannot be written: No space left"));
    ck_assert_int_eq(log_check_output(), LS_OK); /* said once */
}
END_TEST

/* No file may grow: neither the log nor, in a pipe, what is said of it. */
START_TEST(a_lost_log_file_is_said_once)
{
    static const char said[] = "lockstep: warning: the log file cannot be written (File too large): lines are missing "
                               "in it\n";
    const struct rlimit none = {0, RLIM_INFINITY};
    char got[sizeof said + 16] = "";
    int ends[2];
    (void)signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(log_open(file_path), LS_OK);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    redirect(STDOUT_FILENO, "/dev/null", O_WRONLY);
    ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
    log_info("a line");
    log_info("another");
    ck_assert_int_eq(log_open(NULL), LS_OK);
    ck_assert_int_eq(read(ends[0], got, sizeof got - 1), (ssize_t)sizeof said - 1);
    ck_assert_str_eq(got, said);
    ck_assert_int_eq(log_check_output(), LS_OK);
}
END_TEST

START_TEST(a_log_file_is_a_file)
{
    char other[80];
    (void)snprintf(other, sizeof other, "%s/other", folder);
    ck_assert_int_eq(symlink("other", file_path), 0);
    ck_assert_int_eq(log_open(file_path), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), "is a link"));
    ck_assert_int_ne(access(other, F_OK), 0);
    ck_assert_int_eq(log_open("/dev/null"), LS_EIO);
    ck_assert_int_eq(unlink(file_path), 0);
    ck_assert_int_eq(mkfifo(file_path, 0600), 0);
    ck_assert_int_eq(log_open(file_path), LS_EIO); /* and nobody waits for a reader */
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("log");
    tcase_add_checked_fixture(cases, prepare, clean_up);
    tcase_add_test(cases, no_line_can_be_forged);
    tcase_add_test(cases, lines_stay_lines);
    tcase_add_test(cases, a_block_replaces_itself);
    tcase_add_test(cases, long_lines_are_whole);
    tcase_add_test(cases, lost_output_is_known);
    tcase_add_test(cases, output_lost_by_a_warning_is_known);
    tcase_add_test(cases, a_lost_log_file_is_said_once);
    tcase_add_test(cases, a_log_file_is_a_file);
    return suite_run_as("log", cases, CK_FORK);
}
