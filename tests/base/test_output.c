/* Where a result may be written, and files that go when a signal comes. */
#include "base/output.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "base/leftover.h"

static char root[64];
static char place[PATH_MAX];

static const char *in(const char *name)
{
    ck_assert_int_lt(snprintf(place, sizeof place, "%s/%s", root, name), (int)sizeof place);
    return place;
}

static void make(const char *name)
{
    const int fd = open(in(name), O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
}

/* It is refused with this code, and the message names the path and says this. */
static void refused(const char *path, int code, const char *says)
{
    ck_assert_msg(output_check(path, "a data set") == code, "%s: %s", path, error_message());
    ck_assert_msg(strstr(error_message(), says) != NULL, "%s", error_message());
}

START_TEST(a_file_or_nothing_is_replaced)
{
    make("there");
    ck_assert_int_eq(output_check(in("new"), "a data set"), LS_OK);
    ck_assert_int_eq(output_check(in("there"), "a data set"), LS_OK);
    ck_assert_int_eq(chdir(root), 0);
    ck_assert_int_eq(output_check("new", "a data set"), LS_OK);
    ck_assert_int_eq(output_check("there", "a data set"), LS_OK);
    ck_assert_int_eq(output_check("./new", "a data set"), LS_OK);
}
END_TEST

START_TEST(all_else_is_refused)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int server = socket(AF_UNIX, SOCK_STREAM, 0);
    make("file");
    ck_assert_int_eq(mkdir(in("folder"), 0700), 0);
    ck_assert_int_eq(mkfifo(in("pipe"), 0600), 0);
    ck_assert_int_eq(symlink("file", in("link")), 0);
    ck_assert_int_eq(symlink("nothing", in("dangling")), 0);
    ck_assert_int_eq(symlink("circle", in("circle")), 0);
    ck_assert_int_eq(symlink("/dev/null", in("null")), 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%.80s", in("socket"));
    ck_assert_int_eq(bind(server, (const struct sockaddr *)&address, sizeof address), 0);

    refused("", LS_EUSAGE, "empty");
    refused("-", LS_EUSAGE, "standard output");
    refused("/dev/stdout", LS_EUSAGE, "/dev/stdout: ");
    refused("/dev/null", LS_EUSAGE, "device");
    refused("/", LS_EUSAGE, "folder");
    refused(".", LS_EUSAGE, "folder");
    refused(in("folder"), LS_EUSAGE, "is a folder; name a file in it");
    refused(in("new/"), LS_EUSAGE, "folder");
    refused(in("file/"), LS_EUSAGE, "folder");
    refused(in("pipe"), LS_EUSAGE, "pipe");
    refused(in("socket"), LS_EUSAGE, "socket");
    refused(in("link"), LS_EUSAGE, "is a link, which would be replaced; remove it");
    refused(in("dangling"), LS_EUSAGE, "is a link");
    refused(in("circle"), LS_EUSAGE, "is a link");
    refused(in("null"), LS_EUSAGE, "leads to a device");
    refused(in("nowhere/file"), LS_EIO, "its folder does not exist; make the folder first");
    refused(in("file/file"), LS_EIO, "Not a directory");
    (void)close(server);
}
END_TEST

START_TEST(a_device_is_refused)
{
    if (mknod(in("device"), S_IFCHR | 0666, makedev(1, 3)) != 0) {
        (void)printf("no device made, as that is for root\n");
        return;
    }
    refused(in("device"), LS_EUSAGE, "device");
}
END_TEST

/* Whether a check ends with this code for an ordinary user. */
static void refused_for_others(const char *path, int code)
{
    int status = 0;
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const int dropped = geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
        _exit(dropped && output_check(path, "a data set") == code ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

START_TEST(folders_that_take_no_file)
{
    ck_assert_int_eq(mkdir(in("closed"), 0500), 0);
    ck_assert_int_eq(mkdir(in("sticky"), 0700), 0);
    ck_assert_int_eq(chmod(in("sticky"), 01777), 0);
    ck_assert_int_eq(chmod(root, 0755), 0);
    make("sticky/mine");
    refused_for_others(in("closed/file"), LS_EIO);
    if (geteuid() == 0) {
        refused_for_others(in("sticky/mine"), LS_EIO);
    }
    refused_for_others(in("sticky/new"), LS_OK);
}
END_TEST

START_TEST(an_input_is_known)
{
    struct stat info;
    make("input");
    make("other");
    ck_assert_int_eq(stat(in("input"), &info), 0);
    ck_assert(output_is(in("./input"), &info));
    ck_assert(!output_is(in("other"), &info));
    ck_assert(!output_is(in("nothing"), &info));
}
END_TEST

static int killed_by(int number)
{
    int status = 0;
    make("leftover");
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)signal(number, SIG_DFL); /* Check has handlers of its own */
        (void)signal(SIGUSR2, SIG_IGN);
        leftover_begin(in("leftover"));
        (void)raise(number);
        _exit(7);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(a_signal_removes_it)
{
    static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGXCPU, SIGXFSZ};
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        const int status = killed_by(ending[i]);
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == ending[i], "signal %d", ending[i]);
        ck_assert_msg(access(in("leftover"), F_OK) != 0, "signal %d", ending[i]);
    }
    const int status = killed_by(SIGUSR2); /* was ignored */
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    ck_assert_int_eq(access(in("leftover"), F_OK), 0);
}
END_TEST

START_TEST(no_more)
{
    int status = 0;
    make("kept");
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)signal(SIGTERM, SIG_DFL);
        leftover_begin(in("kept"));
        leftover_end();
        (void)raise(SIGTERM);
        _exit(7);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    ck_assert_int_eq(access(in("kept"), F_OK), 0);
}
END_TEST

static void setup(void)
{
    (void)snprintf(root, sizeof root, "/tmp/lockstep-output-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void teardown(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", root);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(system(command), 0);
}

int main(void)
{
    TCase *cases = tcase_create("output");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, a_file_or_nothing_is_replaced);
    tcase_add_test(cases, all_else_is_refused);
    tcase_add_test(cases, a_device_is_refused);
    tcase_add_test(cases, folders_that_take_no_file);
    tcase_add_test(cases, an_input_is_known);
    tcase_add_test(cases, a_signal_removes_it);
    tcase_add_test(cases, no_more);
    return suite_run("output", cases);
}
