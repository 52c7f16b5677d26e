/*
 * killer: a library to be preloaded (LD_PRELOAD) into the ranks of a job, which counts what they do to files and at one
 * chosen call sends a signal, SIGKILL or another, or has the call fail. For tests only. In the environment:
 *
 *   KILLER_FOLDER   only files whose path begins with this count
 *   KILLER_STATE    a folder for pid-<rank> (written at the start), counts-<rank> (at the end) and struck (when it
 *                   strikes: place, ordinal, when, path)
 *   KILLER_PLACE    what to strike at: checkpoint-, log- or folder- with open (for creation), write, truncate, sync,
 *                   rename or unlink
 *   KILLER_ORDINAL  at which call of that kind in this process, from 1
 *   KILLER_WHEN     before, after, or half: within a write, once its first pages are in the file; a kill comes between
 *                   pages, so a write within a page is done then
 *   KILLER_TARGET   whom: a rank's number, or all
 *   KILLER_SIGNAL   by which signal's number (SIGKILL's, 9)
 *   KILLER_ERROR    instead of killing, have the call and all of its kind after it fail with this errno
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preloaded.h"

enum { PATH_SIZE = 4096, MAX_FD = 4096 };

typedef enum object { OTHER, CHECKPOINT, LOG, FOLDER, OBJECTS } object;
typedef enum operation { OPEN, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, OPERATIONS } operation;
typedef enum strike { NOTHING, BEFORE, HALF, AFTER, FAIL } strike;

static const char *const object_names[OBJECTS] = {"other", "checkpoint", "log", "folder"};
static const char *const operation_names[OPERATIONS] = {"open", "write", "truncate", "sync", "rename", "unlink"};

static struct {
    const char *folder, *state, *target;
    int rank, size;
    object object;
    operation operation;
    long ordinal; /* 0: never */
    strike when;
    int signal;
    int error;
} plan;

static _Atomic long counts[OBJECTS][OPERATIONS];
static _Atomic unsigned char objects[MAX_FD]; /* what each descriptor is open on */

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_unlinkat)(int, const char *, int);

static long number_of(const char *variable, long otherwise)
{
    const char *const text = getenv(variable);
    return text == NULL ? otherwise : strtol(text, NULL, 10);
}

static void state_path(char *out, const char *name, int rank)
{
    (void)snprintf(out, PATH_SIZE, rank < 0 ? "%s/%s" : "%s/%s-%d", plan.state, name, rank);
}

/* One small file of the state folder, appended to. */
static void note(const char *name, int rank, const char *text)
{
    char path[PATH_SIZE];
    if (plan.state == NULL) {
        return;
    }
    state_path(path, name, rank);
    const int fd = real_open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (fd >= 0) {
        (void)!real_write(fd, text, strlen(text));
        (void)real_close(fd);
    }
}

static void read_place(const char *place)
{
    for (int i = 0; i < OBJECTS; i++) {
        for (int j = 0; j < OPERATIONS; j++) {
            char name[64];
            (void)snprintf(name, sizeof name, "%s-%s", object_names[i], operation_names[j]);
            if (strcmp(name, place) == 0) {
                plan.object = (object)i;
                plan.operation = (operation)j;
                plan.ordinal = number_of("KILLER_ORDINAL", 1);
            }
        }
    }
    if (plan.ordinal == 0) {
        (void)fprintf(stderr, "killer: KILLER_PLACE=%s: there is no such place\n", place);
        _exit(99);
    }
}

/* Libraries that are started earlier than this one use files too (UCX, under MPICH). */
static void resolve(void)
{
    if (real_unlinkat != NULL) {
        return;
    }
    preloaded_find(&real_write, "write");
    preloaded_find(&real_pwrite, "pwrite64");
    preloaded_find(&real_open, "open64");
    preloaded_find(&real_openat, "openat64");
    preloaded_find(&real_close, "close");
    preloaded_find(&real_fsync, "fsync");
    preloaded_find(&real_fdatasync, "fdatasync");
    preloaded_find(&real_ftruncate, "ftruncate64");
    preloaded_find(&real_rename, "rename");
    preloaded_find(&real_unlink, "unlink");
    preloaded_find(&real_unlinkat, "unlinkat");
}

__attribute__((constructor)) static void start(void)
{
    char text[32];
    resolve();
    plan.folder = getenv("KILLER_FOLDER");
    plan.state = getenv("KILLER_STATE");
    plan.target = getenv("KILLER_TARGET");
    plan.rank = preloaded_rank();
    plan.size = preloaded_number("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", 1);
    plan.signal = (int)number_of("KILLER_SIGNAL", SIGKILL);
    plan.error = (int)number_of("KILLER_ERROR", 0);
    const char *const when = getenv("KILLER_WHEN");
    plan.when = plan.error != 0                              ? FAIL
                : when != NULL && strcmp(when, "half") == 0  ? HALF
                : when != NULL && strcmp(when, "after") == 0 ? AFTER
                                                             : BEFORE;
    if (getenv("KILLER_PLACE") != NULL) {
        read_place(getenv("KILLER_PLACE"));
    }
    (void)snprintf(text, sizeof text, "%ld\n", (long)getpid());
    note("pid", plan.rank, text);
}

__attribute__((destructor)) static void end(void)
{
    char text[64];
    for (int i = 1; i < OBJECTS; i++) {
        for (int j = 0; j < OPERATIONS; j++) {
            (void)snprintf(text, sizeof text, "%s-%s %ld\n", object_names[i], operation_names[j], counts[i][j]);
            note("counts", plan.rank, text);
        }
    }
}

static object object_of(const char *path)
{
    if (plan.folder == NULL || strncmp(path, plan.folder, strlen(plan.folder)) != 0) {
        return OTHER;
    }
    const char *const slash = strrchr(path, '/');
    const char *const name = slash == NULL ? path : slash + 1;
    return strstr(name, ".weights.h5") != NULL ? CHECKPOINT : strncmp(name, "log", 3) == 0 ? LOG : OTHER;
}

static object object_at(int fd)
{
    return fd >= 0 && fd < MAX_FD ? (object)objects[fd] : OTHER;
}

static void kill_rank(int rank)
{
    char path[PATH_SIZE];
    char text[32] = "";
    state_path(path, "pid", rank);
    const int fd = real_open(path, O_RDONLY);
    if (fd < 0) {
        return;
    }
    if (read(fd, text, sizeof text - 1) > 0 && strtol(text, NULL, 10) > 1) {
        (void)kill((pid_t)strtol(text, NULL, 10), plan.signal);
    }
    (void)real_close(fd);
}

/* Itself last: nothing else would be killed any more. */
static void kill_target(void)
{
    if (plan.target == NULL || strcmp(plan.target, "all") == 0) {
        for (int r = 0; r < plan.size; r++) {
            if (r != plan.rank) {
                kill_rank(r);
            }
        }
        (void)kill(getpid(), plan.signal);
    } else if (atoi(plan.target) == plan.rank) {
        (void)kill(getpid(), plan.signal);
    } else {
        kill_rank(atoi(plan.target));
    }
}

/* Count this call; what is to happen at it. */
static strike meet(object what, operation how, const char *path)
{
    static const char *const when_names[] = {"", "before", "half", "after", "fail"};
    char text[PATH_SIZE + 128];
    if (what == OTHER) {
        return NOTHING;
    }
    const long n = ++counts[what][how];
    if (what != plan.object || how != plan.operation || plan.ordinal == 0 || n < plan.ordinal ||
        (n > plan.ordinal && plan.when != FAIL)) {
        return NOTHING;
    }
    (void)snprintf(text, sizeof text, "%s-%s %ld %s %s\n", object_names[what], operation_names[how], n,
                   when_names[plan.when], path);
    note("struck", -1, text);
    if (plan.when == BEFORE) {
        kill_target();
    }
    if (plan.when == FAIL) {
        errno = plan.error;
    }
    return plan.when;
}

/* What follows a call that takes no bytes. */
static int finish(strike s, int result)
{
    const int saved = errno;
    if (s == HALF || s == AFTER) {
        kill_target();
    }
    errno = saved;
    return result;
}

static int opened(int fd, const char *path, int flags)
{
    if (fd >= 0 && fd < MAX_FD && plan.folder != NULL && strncmp(path, plan.folder, strlen(plan.folder)) == 0) {
        objects[fd] = (unsigned char)((flags & O_DIRECTORY) == O_DIRECTORY ? FOLDER : object_of(path));
    }
    return fd;
}

static int do_open(const char *path, int flags, mode_t mode)
{
    resolve();
    const strike s = (flags & O_CREAT) != 0 ? meet(object_of(path), OPEN, path) : NOTHING;
    if (s == FAIL) {
        return -1;
    }
    return finish(s, opened(real_open(path, flags, mode), path, flags));
}

int close(int fd)
{
    resolve();
    if (fd >= 0 && fd < MAX_FD) {
        objects[fd] = OTHER;
    }
    return real_close(fd);
}

static ssize_t put(int fd, const void *bytes, size_t n, off_t at, bool placed)
{
    return placed ? real_pwrite(fd, bytes, n, at) : real_write(fd, bytes, n);
}

/* How much of a write is in the file when its process is killed within it: whole pages, about half of them. */
static size_t torn(int fd, size_t n, off_t at, bool placed)
{
    enum { PAGE = 4096 };
    const off_t start = placed ? at : lseek(fd, 0, SEEK_CUR);
    const off_t before = (start + (off_t)(n / 2)) / PAGE * PAGE; /* the page that holds the middle */
    const off_t after = before + PAGE;
    if (before > start) {
        return (size_t)(before - start);
    }
    return after < start + (off_t)n ? (size_t)(after - start) : n;
}

static ssize_t do_write(int fd, const void *bytes, size_t n, off_t at, bool placed)
{
    resolve();
    const strike s = meet(object_at(fd), WRITE, "");
    if (s == FAIL) {
        return -1;
    }
    const ssize_t result = put(fd, bytes, s == HALF ? torn(fd, n, at, placed) : n, at, placed);
    (void)finish(s, 0);
    return result; /* where another rank was meant, the caller writes the rest */
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    return do_write(fd, bytes, n, 0, false);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    return do_write(fd, bytes, n, at, true);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    return do_write(fd, bytes, n, at, true);
}

int fsync(int fd)
{
    resolve();
    const strike s = meet(object_at(fd), SYNC, "");
    return s == FAIL ? -1 : finish(s, real_fsync(fd));
}

int fdatasync(int fd)
{
    resolve();
    const strike s = meet(object_at(fd), SYNC, "");
    return s == FAIL ? -1 : finish(s, real_fdatasync(fd));
}

int ftruncate(int fd, off_t size)
{
    resolve();
    const strike s = meet(object_at(fd), TRUNCATE, "");
    return s == FAIL ? -1 : finish(s, real_ftruncate(fd, size));
}

int ftruncate64(int fd, off64_t size)
{
    return ftruncate(fd, size);
}

int rename(const char *from, const char *to)
{
    resolve();
    const strike s = meet(object_of(from), RENAME, from);
    return s == FAIL ? -1 : finish(s, real_rename(from, to));
}

int unlink(const char *path)
{
    resolve();
    const strike s = meet(object_of(path), UNLINK, path);
    return s == FAIL ? -1 : finish(s, real_unlink(path));
}

/* Names below a folder's descriptor; only this program's own files have names such as these. */
int unlinkat(int dir, const char *path, int flags)
{
    resolve();
    const strike s = meet(strncmp(path, "step-", 5) == 0 ? CHECKPOINT : OTHER, UNLINK, path);
    return s == FAIL ? -1 : finish(s, real_unlinkat(dir, path, flags));
}
