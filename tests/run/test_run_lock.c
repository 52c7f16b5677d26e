#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "run/run_lock.h"

static char dir[64], path[96];

/* Waiting takes no time here: it is added up, and the owner does what it would do meanwhile. */
static double slept;
static void (*owner)(void);

static void sleep_here(double seconds)
{
    slept += seconds;
    if (owner != NULL) {
        owner();
    }
}

static void setup(void)
{
    (void)snprintf(dir, sizeof dir, "/tmp/lockstep-lock-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/run.lock", dir);
    run_lock_sleep = sleep_here;
    run_lock_distrust = false;
    slept = 0;
    owner = NULL;
}

static void teardown(void)
{
    (void)unlink(path);
    (void)rmdir(dir);
}

static void leave_behind(const char *name)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(name, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

static void take_and_free(void)
{
    run_lock *l = NULL;
    ck_assert_msg(run_lock_take(&l, dir) == LS_OK, "%s", error_message());
    ck_assert_int_eq(access(path, F_OK), 0);
    run_lock_free(l);
    ck_assert_int_ne(access(path, F_OK), 0);
}

START_TEST(one_at_a_time)
{
    run_lock *first = NULL;
    run_lock *second = NULL;
    char self[32];
    ck_assert_int_eq(run_lock_take(&first, dir), LS_OK);
    ck_assert_int_eq(run_lock_take(&second, dir), LS_EIO);
    ck_assert_ptr_null(second);
    (void)snprintf(self, sizeof self, "pid %ld on ", (long)getpid());
    ck_assert_ptr_nonnull(strstr(error_message(), "another job trains in this folder"));
    ck_assert_ptr_nonnull(strstr(error_message(), self));
    ck_assert_ptr_nonnull(strstr(error_message(), dir));
    run_lock_free(first);
    take_and_free();
    run_lock_free(NULL);
}
END_TEST

START_TEST(the_dead_hold_nothing_up)
{
    leave_behind("pid 1 on elsewhere, since 2026-01-01 00:00:00\n");
    take_and_free();
    /* Killed while it had the lock. */
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        run_lock *l = NULL;
        _exit(run_lock_take(&l, dir) == LS_OK ? 7 : 1);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    ck_assert_int_eq(access(path, F_OK), 0);
    take_and_free();
    ck_assert(slept == 0);
}
END_TEST

/* Each time another than before, whatever the clock says and however fine a time the file system keeps. */
static void live(void)
{
    static time_t times;
    const struct timespec t[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = ++times}};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, t, 0), 0);
}

/* Before it would count as dead. */
static void live_in_the_last_nap(void)
{
    if (slept > run_lock_patience - run_lock_beat / 10) {
        live();
        owner = NULL;
    }
}

/* As on a file system whose locks are a machine's own business: the owner is known by the file's time alone. */
START_TEST(the_file_s_time_tells_where_locks_do_not)
{
    run_lock *l = NULL;
    run_lock_distrust = true;
    take_and_free(); /* nobody was here */
    ck_assert(slept == 0);
    leave_behind("pid 1 on elsewhere\n");
    owner = live;
    ck_assert_int_eq(run_lock_take(&l, dir), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), "pid 1 on elsewhere"));
    ck_assert(slept >= run_lock_patience);
    owner = NULL;
    slept = 0;
    take_and_free();
    ck_assert(slept >= run_lock_patience);
}
END_TEST

START_TEST(a_late_sign_of_life_counts)
{
    run_lock *l = NULL;
    run_lock_distrust = true;
    leave_behind("pid 1 on elsewhere\n");
    owner = live_in_the_last_nap;
    ck_assert_int_eq(run_lock_take(&l, dir), LS_EIO);
    ck_assert_ptr_null(owner);
}
END_TEST

START_TEST(what_cannot_be_made_is_named)
{
    run_lock *l = NULL;
    ck_assert_int_eq(mkdir(path, 0777), 0);
    ck_assert_int_eq(run_lock_take(&l, dir), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), path));
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

static void looks(run_lock_sign sign, const char *name)
{
    const run_lock_look look = run_lock_look_at(dir);
    ck_assert_int_eq(look.sign, sign);
    ck_assert_msg(strncmp(look.owner, name, strlen(name)) == 0, "'%s', not '%s'", look.owner, name);
    ck_assert(sign == RUN_LOCK_FREE || look.set > 1e9);
}

/* Without waiting, and without anything being changed. */
START_TEST(others_may_look)
{
    run_lock *l = NULL;
    char self[32];
    struct stat before;
    struct stat after;
    looks(RUN_LOCK_FREE, "");
    ck_assert_int_eq(run_lock_take(&l, dir), LS_OK);
    (void)snprintf(self, sizeof self, "pid %ld on ", (long)getpid());
    looks(RUN_LOCK_HELD, self);
    run_lock_distrust = true;
    looks(RUN_LOCK_HELD, self);
    run_lock_free(l);
    looks(RUN_LOCK_FREE, "");
    leave_behind("pid 4711 on node3, since 2026-01-01 12:00:00\nmore\033[2J");
    ck_assert_int_eq(stat(path, &before), 0);
    looks(RUN_LOCK_UNKNOWN, "pid 4711 on node3, since 2026-01-01 12:00:00");
    run_lock_distrust = false;
    looks(RUN_LOCK_LEFT, "pid 4711 on node3, since 2026-01-01 12:00:00");
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert(before.st_mtim.tv_sec == after.st_mtim.tv_sec && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    (void)run_lock_look_at(dir); /* nobody is waited for */
    ck_assert(slept == 0);
}
END_TEST

/* What is written over must be a lock, and its name not lead elsewhere. */
START_TEST(only_a_lock_is_taken_for_one)
{
    run_lock *l = NULL;
    char other[96];
    struct stat status;
    (void)snprintf(other, sizeof other, "%s/other", dir);
    leave_behind("somebody's notes\n");
    ck_assert_int_eq(run_lock_take(&l, dir), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), "run.lock: is not a lock"));
    ck_assert(stat(path, &status) == 0 && status.st_size == 17);
    leave_behind("pid 4711 on node3, since 2026-01-01 12:00:00\n");
    ck_assert_int_eq(rename(path, other), 0);
    ck_assert_int_eq(link(other, path), 0);
    ck_assert_int_eq(run_lock_take(&l, dir), LS_EIO);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink("other", path), 0);
    ck_assert_int_eq(run_lock_take(&l, dir), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), "is a link"));
    ck_assert(stat(other, &status) == 0 && status.st_size == 45);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(run_lock_take(&l, dir), LS_EIO);
    ck_assert_int_eq(unlink(other), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("run_lock");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, one_at_a_time);
    tcase_add_test(cases, the_dead_hold_nothing_up);
    tcase_add_test(cases, the_file_s_time_tells_where_locks_do_not);
    tcase_add_test(cases, a_late_sign_of_life_counts);
    tcase_add_test(cases, what_cannot_be_made_is_named);
    tcase_add_test(cases, others_may_look);
    tcase_add_test(cases, only_a_lock_is_taken_for_one);
    return suite_run("run_lock", cases);
}
