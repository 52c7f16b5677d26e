/* A run's status file: what is written comes back, what is damaged does no harm, and nobody else's file is lost. */
#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "store/status_file.h"

static char folder[64], path[96];

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/lockstep-status-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/status.json", folder);
}

static void tear_down(void)
{
    char command[PATH_MAX + 16];
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static status_report some_report(void)
{
    status_report r = status_unknown();
    r.state = STATUS_SAVED;
    r.exit_status = 75;
    r.turn = 12;
    r.written = 1796059593;
    r.step = 123456789012.0;
    r.images_per_second = 512.25;
    r.slow_rank = 3;
    (void)snprintf(r.run, sizeof r.run, "digits \"\xc3\xa4\" \\");
    (void)snprintf(r.waited, sizeof r.waited, "rank 1 on node2 (pid 4711) has not been heard from for 5 s");
    return r;
}

static bool equal(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void same(const status_report *a, const status_report *b)
{
    ck_assert(a->state == b->state && equal(a->exit_status, b->exit_status) && equal(a->turn, b->turn));
    ck_assert(equal(a->written, b->written) && equal(a->step, b->step));
    ck_assert(equal(a->images_per_second, b->images_per_second) && equal(a->slow_rank, b->slow_rank));
    ck_assert(equal(a->limit, b->limit) && equal(a->loss, b->loss));
    ck_assert_str_eq(a->run, b->run);
    ck_assert_str_eq(a->waited, b->waited);
    ck_assert_str_eq(a->phase, b->phase);
}

static size_t files(void)
{
    size_t n = 0;
    DIR *list = opendir(folder);
    ck_assert_ptr_nonnull(list);
    for (const struct dirent *e = readdir(list); e != NULL; e = readdir(list)) {
        n += e->d_name[0] != '.';
    }
    (void)closedir(list);
    return n;
}

static void write_bytes(const char *to, const char *bytes, size_t n)
{
    FILE *file = fopen(to, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(comes_back)
{
    status_report got;
    const status_report r = some_report();
    const status_report none = status_unknown();
    ck_assert_int_eq(status_file_read(&got, folder), LS_ENOTFOUND);
    same(&got, &none);
    for (int i = 0; i < 3; i++) {
        ck_assert_msg(status_file_write(folder, &r) == LS_OK, "%s", error_message());
    }
    ck_assert_uint_eq(files(), 1); /* nothing is left beside it */
    ck_assert_int_eq(status_file_read(&got, folder), LS_OK);
    same(&got, &r);
}
END_TEST

/* A text that does not fit is cut off within a character. */
START_TEST(any_text_can_be_read_again)
{
    status_report got;
    status_report r = some_report();
    for (size_t i = 0; i + 1 < sizeof r.host; i++) {
        r.host[i] = (char)(i % 2 == 0 ? 0xc3 : 0xa4);
    }
    r.host[sizeof r.host - 1] = '\0';
    (void)snprintf(r.phase, sizeof r.phase, "\xff\033[2J");
    ck_assert_int_eq(status_file_write(folder, &r), LS_OK);
    ck_assert_msg(status_file_read(&got, folder) == LS_OK, "%s", error_message());
    ck_assert_str_eq(got.phase, "??[2J");
    ck_assert(strchr(got.host, '?') != NULL);
}
END_TEST

START_TEST(damage_does_no_harm)
{
    status_report got;
    struct stat status;
    const status_report r = some_report();
    ck_assert_int_eq(status_file_write(folder, &r), LS_OK);
    ck_assert_int_eq(stat(path, &status), 0);
    const size_t size = (size_t)status.st_size;
    char *bytes = malloc(size);
    ck_assert_ptr_nonnull(bytes);
    FILE *file = fopen(path, "re");
    ck_assert(file != NULL && fread(bytes, 1, size, file) == size);
    ck_assert_int_eq(fclose(file), 0);
    for (size_t n = 0; n < size; n += 7) {
        write_bytes(path, bytes, n);
        ck_assert_int_eq(status_file_read(&got, folder), LS_EFORMAT);
        ck_assert_ptr_nonnull(strstr(error_message(), path));
        bytes[n] = (char)(bytes[n] ^ 8);
        write_bytes(path, bytes, size);
        const int code = status_file_read(&got, folder);
        ck_assert(code == LS_OK || code == LS_EFORMAT);
        bytes[n] = (char)(bytes[n] ^ 8);
    }
    free(bytes);
    static const char other[] = "{\"lockstep_status\": 2, \"step\": 7}";
    write_bytes(path, other, sizeof other - 1);
    ck_assert_int_eq(status_file_read(&got, folder), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "that this program knows"));
    static const char odd[] = "{\"lockstep_status\": 1, \"step\": \"7\", \"run\": 8, \"state\": \"?\", \"new\": [1]}";
    write_bytes(path, odd, sizeof odd - 1);
    ck_assert_int_eq(status_file_read(&got, folder), LS_OK);
    ck_assert(isnan(got.step) && got.run[0] == '\0' && got.state == STATUS_RUNNING);
    ck_assert_int_eq(truncate(path, 1 << 20), 0);
    ck_assert_int_eq(status_file_read(&got, folder), LS_EFORMAT);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0); /* nobody waits for it */
    ck_assert_int_eq(status_file_read(&got, folder), LS_EFORMAT);
}
END_TEST

static void expect_aside(void (*make)(void))
{
    char aside[128];
    struct stat status;
    (void)snprintf(aside, sizeof aside, "%s.aside", path);
    make();
    ck_assert_int_eq(status_file_make_way(folder), LS_OK);
    ck_assert(lstat(aside, &status) == 0 && lstat(path, &status) != 0);
    ck_assert_int_eq(unlink(aside), 0);
    make();
    ck_assert_int_eq(status_file_clear(folder), LS_OK);
    ck_assert(lstat(aside, &status) == 0 && lstat(path, &status) != 0);
    ck_assert_int_eq(unlink(aside), 0);
}

static void make_text(void)
{
    write_bytes(path, "{\"mine\": 1}", 11);
}

static void make_link(void)
{
    ck_assert_int_eq(symlink("elsewhere", path), 0);
}

static void make_pipe(void)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0);
}

START_TEST(others_are_set_aside)
{
    expect_aside(make_text);
    expect_aside(make_link);
    expect_aside(make_pipe);
}
END_TEST

START_TEST(own_files_make_way)
{
    char left[160];
    char mine[160];
    const status_report r = some_report();
    ck_assert_int_eq(status_file_write(folder, &r), LS_OK);
    (void)snprintf(left, sizeof left, "%s.tmp-node3-4711", path);
    (void)snprintf(mine, sizeof mine, "%s.tmp-node3-4712", path);
    write_bytes(left, "{\n  \"lock", 9); /* a writer was killed */
    write_bytes(mine, "{\"mine\": 1}", 11);
    ck_assert_int_eq(status_file_make_way(folder), LS_OK);
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_ne(access(left, F_OK), 0);
    ck_assert_int_eq(access(mine, F_OK), 0);
    ck_assert_int_eq(status_file_clear(folder), LS_OK);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(access(mine, F_OK), 0);
    ck_assert_int_eq(status_file_clear(folder), LS_OK); /* there is none */
}
END_TEST

START_TEST(what_cannot_be_written_is_said)
{
    const status_report r = some_report();
    ck_assert_int_eq(status_file_write("/nowhere/run", &r), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), "/nowhere/run/status.json"));
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(status_file_write(folder, &r), LS_EIO);
    ck_assert_uint_eq(files(), 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("status_file");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, comes_back);
    tcase_add_test(cases, any_text_can_be_read_again);
    tcase_add_test(cases, damage_does_no_harm);
    tcase_add_test(cases, others_are_set_aside);
    tcase_add_test(cases, own_files_make_way);
    tcase_add_test(cases, what_cannot_be_written_is_said);
    return suite_run("status_file", cases);
}
