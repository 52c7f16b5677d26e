/* Files that appear whole or not at all, and what is left of those whose writers were killed. */
#include "io/temporary.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "base/machine.h"

static char root[64];
static char place[PATH_MAX];
static char out[PATH_MAX];

static const char *in(const char *name)
{
    ck_assert_int_lt(snprintf(place, sizeof place, "%s/%s", root, name), (int)sizeof place);
    return place;
}

static void make(const char *name, const void *bytes, size_t size)
{
    const int fd = open(in(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
    (void)close(fd);
}

static int is_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

static void write_all(int number)
{
    temporary t;
    h5_file *f = NULL;
    const size_t size = 3;
    const int32_t values[3] = {number, 2, 3};
    ck_assert_msg(temporary_begin(&t, &f, out) == LS_OK, "%s", error_message());
    ck_assert(!is_there(out) || number > 1);
    ck_assert(is_there(t.name));
    ck_assert_int_eq(h5_write(f, "v", H5_INT32, 1, &size, values), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_int_eq(temporary_commit(&t, "a file"), LS_OK);
    temporary_end(&t);
}

static int32_t first_value(void)
{
    h5_file *f = NULL;
    int32_t values[3] = {0};
    ck_assert_int_eq(h5_open_read(&f, out), LS_OK);
    ck_assert_int_eq(h5_read(f, "v", H5_INT32, 3, values), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    return values[0];
}

/* Files in the folder. */
static int count(void)
{
    char command[128];
    char line[32] = "";
    (void)snprintf(command, sizeof command, "ls -A %s | wc -l", root);
    FILE *f = popen(command, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    (void)pclose(f);
    return atoi(line); /* NOLINT(cert-err34-c) */
}

START_TEST(whole_or_not_at_all)
{
    temporary t;
    h5_file *f = NULL;
    write_all(1);
    write_all(2);
    ck_assert_int_eq(first_value(), 2);
    ck_assert_int_eq(temporary_begin(&t, &f, out), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    temporary_end(&t); /* given up */
    ck_assert_int_eq(first_value(), 2);
    ck_assert_int_eq(count(), 1);
}
END_TEST

START_TEST(what_came_meanwhile_is_not_replaced)
{
    temporary t;
    h5_file *f = NULL;
    ck_assert_int_eq(temporary_begin(&t, &f, out), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_int_eq(symlink("/dev/null", out), 0);
    ck_assert_int_eq(temporary_commit(&t, "a file"), LS_EUSAGE);
    temporary_end(&t);
    ck_assert_int_eq(count(), 1);
    ck_assert(is_there(out));
}
END_TEST

START_TEST(one_that_is_taken_away_is_missed)
{
    temporary t;
    h5_file *f = NULL;
    ck_assert_int_eq(temporary_begin(&t, &f, out), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_int_eq(unlink(t.name), 0);
    make(strrchr(t.name, '/') + 1, "other", 5);
    ck_assert_int_eq(temporary_commit(&t, "a file"), LS_EIO);
    temporary_end(&t);
    ck_assert_int_eq(count(), 1); /* the other's */
    ck_assert(!is_there(out));
}
END_TEST

/* Somebody put a link to where the temporary file is to be. */
START_TEST(links_are_not_followed)
{
    temporary t;
    h5_file *f = NULL;
    char name[PATH_MAX];
    struct stat info;
    make("victim", "precious", 8);
    ck_assert_int_eq(h5_temporary_name(name, sizeof name, out), LS_OK);
    ck_assert_int_eq(symlink("victim", name), 0);
    ck_assert_int_eq(temporary_prepare(out, "a file"), LS_OK);
    ck_assert_int_eq(temporary_begin(&t, &f, out), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), "is there already"));
    ck_assert_ptr_null(f);
    temporary_end(&t);
    ck_assert(is_there(name));
    ck_assert_int_eq(stat(in("victim"), &info), 0);
    ck_assert_int_eq(info.st_size, 8);
}
END_TEST

static const char *name_by(const char *host, long pid)
{
    static char name[PATH_MAX];
    (void)snprintf(name, sizeof name, "out.h5.tmp-%s-%ld", host, pid);
    return name;
}

START_TEST(others_of_such_a_name_stay)
{
    static const char *const names[] = {"out.h5.tmp-",        "out.h5.tmp",
                                        "out.h5.tmp-vm",      "out.h5.tmp-vm-",
                                        "out.h5.tmp-vm-12a",  "out.h5.tmp--12",
                                        "out.h5.tmp-vm-0",    "out.h5.tmp-vm-012",
                                        "out.h5.tmp-vm-1.h5", "out.h5x.tmp-vm-12",
                                        "xout.h5.tmp-vm-1",   "out.h5.tmp-vm-12~",
                                        "OUT.h5.tmp-vm-12",   "out.h5",
                                        "out.h5.bak-vm-12",   "other.tmp-vm-12",
                                        "out.h5.tmp-vm-12 1", "out.h5.tmp-vm-+12",
                                        "out.h5.tmp-vm--"};
    const size_t n = sizeof names / sizeof *names;
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(!temporary_is_named(out, names[i]), "%s", names[i]);
        make(names[i], "", 0);
    }
    make(name_by("vm", 1), "a text of somebody", 18);
    make(name_by("vm", 2), "abc", 3);
    ck_assert_int_eq(mkdir(in(name_by("vm", 3)), 0700), 0);
    ck_assert_int_eq(symlink("out.h5", in(name_by("vm", 4))), 0);
    ck_assert_int_eq(mkfifo(in(name_by("vm", 5)), 0600), 0);
    ck_assert(temporary_is_named(out, name_by("vm", 5)));
    ck_assert(temporary_is_named("out.h5", name_by("a-b.c", 123456)));
    ck_assert_int_eq(temporary_prepare(out, "a file"), LS_OK);
    ck_assert_int_eq(count(), (int)n + 5);
    make(name_by("vm", 6), "", 0);
    make(name_by("node-2.cluster", 7), "\0\0\0\0\0\0\0\0\0", 9);
    make(name_by("vm", 8), "\x89HDF\r\n\x1a\n and so on", 18);
    ck_assert_int_eq(temporary_prepare(out, "a file"), LS_OK);
    ck_assert_int_eq(count(), (int)n + 5);
}
END_TEST

/* A writer in a process of its own, in the middle of it. */
static pid_t start_writer(char name[PATH_MAX])
{
    int ready[2];
    char byte = 0;
    char host[64];
    ck_assert_int_eq(pipe(ready), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        temporary t;
        h5_file *f = NULL;
        const size_t size = 100000;
        (void)signal(SIGINT, SIG_DFL); /* Check has handlers of its own */
        (void)signal(SIGTERM, SIG_DFL);
        (void)signal(SIGHUP, SIG_DFL);
        int failed = temporary_begin(&t, &f, out) != LS_OK;
        failed = failed || h5_write(f, "v", H5_UINT8, 1, &size, NULL) != LS_OK;
        failed = failed || h5_write_slice(f, "v", H5_UINT8, 50000, 3, "abc") != LS_OK;
        failed = failed || write(ready[1], "x", 1) != 1;
        while (!failed) {
            (void)pause();
        }
        _exit(1);
    }
    (void)close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    machine_host(host, sizeof host);
    ck_assert_int_lt(snprintf(name, PATH_MAX, "%s.tmp-%s-%ld", out, host, (long)child), PATH_MAX);
    ck_assert(is_there(name));
    return child;
}

static void end_writer(pid_t child, int number)
{
    int status = 0;
    ck_assert_int_eq(kill(child, number), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == number);
}

START_TEST(signals_leave_nothing)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    char name[PATH_MAX];
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        end_writer(start_writer(name), ending[i]);
        ck_assert_msg(!is_there(name), "signal %d", ending[i]);
        ck_assert_int_eq(count(), 0);
    }
}
END_TEST

START_TEST(the_next_removes_what_a_kill_left)
{
    char name[PATH_MAX];
    end_writer(start_writer(name), SIGKILL);
    ck_assert(is_there(name));
    write_all(1);
    ck_assert(is_there(name)); /* temporary_prepare does it */
    ck_assert_int_eq(temporary_prepare(out, "a file"), LS_OK);
    ck_assert(!is_there(name));
    ck_assert_int_eq(first_value(), 1);
    ck_assert_int_eq(count(), 1);
}
END_TEST

START_TEST(what_a_living_writer_has_stays)
{
    char name[PATH_MAX];
    const pid_t child = start_writer(name);
    ck_assert_int_eq(temporary_prepare(out, "a file"), LS_OK);
    ck_assert(is_there(name));
    write_all(1);
    ck_assert(is_there(name));
    ck_assert_int_eq(kill(child, SIGSTOP), 0); /* nor one that does not get on */
    ck_assert_int_eq(temporary_prepare(out, "a file"), LS_OK);
    ck_assert(is_there(name));
    end_writer(child, SIGKILL);
    ck_assert_int_eq(temporary_prepare(out, "a file"), LS_OK);
    ck_assert(!is_there(name));
}
END_TEST

START_TEST(names_that_are_too_long)
{
    char name[PATH_MAX];
    memset(name, 'x', 250);
    name[250] = '\0';
    (void)snprintf(out, sizeof out, "%s", in(name));
    ck_assert_int_eq(temporary_prepare(out, "a file"), LS_EUSAGE);
    ck_assert_ptr_nonnull(strstr(error_message(), "too long"));
}
END_TEST

static void setup(void)
{
    (void)snprintf(root, sizeof root, "/tmp/lockstep-temporary-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    (void)snprintf(out, sizeof out, "%s", in("out.h5"));
}

static void teardown(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", root);
    ck_assert_int_eq(system(command), 0);
}

int main(void)
{
    TCase *cases = tcase_create("temporary");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, whole_or_not_at_all);
    tcase_add_test(cases, what_came_meanwhile_is_not_replaced);
    tcase_add_test(cases, one_that_is_taken_away_is_missed);
    tcase_add_test(cases, links_are_not_followed);
    tcase_add_test(cases, others_of_such_a_name_stay);
    tcase_add_test(cases, signals_leave_nothing);
    tcase_add_test(cases, the_next_removes_what_a_kill_left);
    tcase_add_test(cases, what_a_living_writer_has_stays);
    tcase_add_test(cases, names_that_are_too_long);
    return suite_run("temporary", cases);
}
