/* Where a result may be written, and files that go when a signal comes. */
#include "base/output.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

/* What is in a file, up to 15 bytes. */
static const char *content(const char *name)
{
    static char text[16];
    const int fd = open(in(name), O_RDONLY);
    ck_assert_int_ge(fd, 0);
    const ssize_t n = read(fd, text, sizeof text - 1);
    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    (void)close(fd);
    return text;
}

START_TEST(a_text_replaces_a_file)
{
    make("old");
    ck_assert_int_eq(symlink("old", in("other")), 0);
    ck_assert_int_eq(output_write_text(in("old"), "a report", "new", 3), LS_OK);
    ck_assert_str_eq(content("old"), "new");
    ck_assert_int_eq(output_write_text(in("none"), "a report", "", 0), LS_OK);
    ck_assert_str_eq(content("none"), "");
    ck_assert_int_eq(output_check_text(in("other"), "a report"), LS_EUSAGE);
    ck_assert_int_eq(output_write_text(in("other"), "a report", "bad", 3), LS_EUSAGE);
    ck_assert_str_eq(content("old"), "new");
    ck_assert_int_eq(output_check_text(root, "a report"), LS_EUSAGE);
    ck_assert_int_eq(output_check_text(in("nowhere/file"), "a report"), LS_EIO);
}
END_TEST

/* A text that cannot be written whole leaves what was there. */
START_TEST(a_text_that_fails_replaces_nothing)
{
    int status = 0;
    make("old");
    ck_assert_int_eq(output_write_text(in("old"), "a report", "old", 3), LS_OK);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const struct rlimit smallest = {2, 2};
        (void)signal(SIGXFSZ, SIG_IGN);
        _exit(setrlimit(RLIMIT_FSIZE, &smallest) == 0 && output_write_text(in("old"), "a report", "new", 3) == LS_EIO
                  ? 0
                  : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_str_eq(content("old"), "old");
    char temporary[PATH_MAX];
    ck_assert_int_lt(snprintf(temporary, sizeof temporary, "%s/old.tmp-%ld", root, (long)child), PATH_MAX);
    ck_assert_int_ne(access(temporary, F_OK), 0);
}
END_TEST

/* Whether a file is there under the name that it has while this process writes it. */
static int is_being_written(const char *name)
{
    char temporary[PATH_MAX];
    ck_assert_int_lt(snprintf(temporary, sizeof temporary, "%s/%s.tmp-%ld", root, name, (long)getpid()), PATH_MAX);
    return access(temporary, F_OK) == 0;
}

static void copy_place(char path[PATH_MAX], const char *name)
{
    ck_assert_int_lt(snprintf(path, PATH_MAX, "%s", in(name)), PATH_MAX);
}

START_TEST(a_file_takes_its_place_as_a_whole)
{
    output_file f;
    char path[PATH_MAX];
    copy_place(path, "old");
    ck_assert_int_eq(output_write_text(path, "a report", "old", 3), LS_OK);
    ck_assert_int_eq(output_begin(&f, path), LS_OK);
    ck_assert(fputs("new", f.to) >= 0);
    ck_assert_str_eq(content("old"), "old");
    ck_assert(is_being_written("old"));
    ck_assert_int_eq(output_end(&f, "a timeline", LS_OK), LS_OK);
    ck_assert_str_eq(content("old"), "new");
    ck_assert(!is_being_written("old"));
}
END_TEST

/* One that has failed, whose place is taken by something else by then, or which cannot be made. */
START_TEST(a_file_that_fails_replaces_nothing)
{
    output_file f;
    char path[PATH_MAX];
    copy_place(path, "old");
    ck_assert_int_eq(output_write_text(path, "a report", "old", 3), LS_OK);
    ck_assert_int_eq(output_begin(&f, path), LS_OK);
    ck_assert(fputs("new", f.to) >= 0);
    ck_assert_int_eq(output_end(&f, "a timeline", LS_ENOMEM), LS_ENOMEM);
    ck_assert_str_eq(content("old"), "old");
    ck_assert(!is_being_written("old"));

    copy_place(path, "place");
    ck_assert_int_eq(output_begin(&f, path), LS_OK);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(output_end(&f, "a timeline", LS_OK), LS_EUSAGE);
    ck_assert(strstr(error_message(), "is a folder; name a file in it for a timeline") != NULL);
    ck_assert(!is_being_written("place"));

    copy_place(path, "nowhere/file");
    ck_assert_int_eq(output_begin(&f, path), LS_EIO);
    ck_assert_int_eq(output_end(&f, "a timeline", LS_EIO), LS_EIO);
}
END_TEST

START_TEST(a_text_goes_through_what_is_no_file)
{
    static const char *const streams[] = {"-", "/dev/null", "/dev/full", "/dev/stdout"};
    char text[8] = "";
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        ck_assert_int_eq(output_check_text(streams[i], "a report"), LS_OK);
    }
    ck_assert_int_eq(output_write_text("/dev/null", "a report", "text", 4), LS_OK);
    ck_assert_int_eq(output_write_text("/dev/full", "a report", "text", 4), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), "/dev/full cannot be written: No space left"));
    ck_assert_int_eq(mkfifo(in("pipe"), 0600), 0);
    const int fd = open(place, O_RDWR);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(output_write_text(in("pipe"), "a report", "text", 4), LS_OK);
    ck_assert_int_eq(read(fd, text, sizeof text), 4);
    ck_assert_str_eq(text, "text");
    (void)close(fd);
}
END_TEST

/* Whatever standard output is called, a text comes behind what is there. */
START_TEST(a_text_follows_what_was_printed)
{
    int status = 0;
    make("printed");
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const int fd = open(in("printed"), O_WRONLY);
        (void)dup2(fd, STDOUT_FILENO);
        (void)printf("1");
        _exit(output_write_text("/dev/stdout", "a report", "2", 1) == LS_OK &&
                      output_write_text("-", "a report", "3", 1) == LS_OK
                  ? 0
                  : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_str_eq(content("printed"), "123");
}
END_TEST

START_TEST(inputs_are_refused)
{
    make("input");
    ck_assert_int_eq(symlink("input", in("name")), 0);
    char name[PATH_MAX];
    (void)snprintf(name, sizeof name, "%s", in("name"));
    const char *const inputs[] = {NULL, "/nowhere", name};
    ck_assert_int_eq(output_refuse_inputs(in("input"), inputs, 3), LS_EUSAGE);
    ck_assert_int_eq(output_refuse_inputs(in("input"), inputs, 2), LS_OK);
    ck_assert_int_eq(output_refuse_inputs(in("new"), inputs, 3), LS_OK);
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
    tcase_add_test(cases, inputs_are_refused);
    tcase_add_test(cases, a_text_replaces_a_file);
    tcase_add_test(cases, a_text_that_fails_replaces_nothing);
    tcase_add_test(cases, a_file_takes_its_place_as_a_whole);
    tcase_add_test(cases, a_file_that_fails_replaces_nothing);
    tcase_add_test(cases, a_text_goes_through_what_is_no_file);
    tcase_add_test(cases, a_text_follows_what_was_printed);
    tcase_add_test(cases, a_signal_removes_it);
    tcase_add_test(cases, no_more);
    return suite_run("output", cases);
}
