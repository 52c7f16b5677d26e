/*
 * file_calls: a library to be preloaded (LD_PRELOAD) into the ranks of a job, which counts what they ask of one file.
 * For tests only. In the environment:
 *
 *   CALLS_FILE    the file's path, as the program names it
 *   CALLS_STATE   a folder for calls-<rank>, written at the end: "open N", "stat N", "read N" and "bytes N"
 *   CALLS_COPY    count what is asked of files in this folder, deleted ones included, instead
 *   CALLS_TOUCH   once the file is read for the first time, it gets a new time of change
 *   CALLS_HOLD    the first fdatasync makes the file <CALLS_STATE>/holding-<rank> and never returns
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preloaded.h"

enum { PATH_SIZE = 4096 };

static const char *file, *state, *copies;
static int rank;
static _Atomic long opens, stats, reads, bytes_read;

__attribute__((constructor)) static void start(void)
{
    file = getenv("CALLS_FILE");
    state = getenv("CALLS_STATE");
    copies = getenv("CALLS_COPY");
    rank = preloaded_rank();
}

__attribute__((destructor)) static void end(void)
{
    char path[PATH_SIZE];
    if (file == NULL || state == NULL) {
        return; /* mpirun itself */
    }
    (void)snprintf(path, sizeof path, "%s/calls-%d", state, rank);
    FILE *out = fopen(path, "w");
    if (out != NULL) {
        (void)fprintf(out, "open %ld\nstat %ld\nread %ld\nbytes %ld\n", opens, stats, reads, bytes_read);
        (void)fclose(out);
    }
}

static bool counts(const char *path)
{
    if (copies != NULL) {
        return strncmp(path, copies, strlen(copies)) == 0;
    }
    return file != NULL && strcmp(path, file) == 0;
}

/* By where the descriptor leads: a path may lead through /proc/self/fd. */
static bool counts_at(int fd)
{
    char link[64];
    char path[PATH_SIZE];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return n > 0 && counts(path);
}

static int do_open(const char *path, int flags, mode_t mode)
{
    int (*real)(const char *, int, ...) = NULL;
    preloaded_find(&real, "open64");
    const int fd = real(path, flags, mode);
    opens += fd >= 0 && counts_at(fd);
    return fd;
}

static int do_stat(const char *path, struct stat *out)
{
    int (*real)(const char *, struct stat *) = NULL;
    preloaded_find(&real, "stat");
    stats += counts(path);
    return real(path, out);
}

int stat(const char *restrict path, struct stat *restrict out)
{
    return do_stat(path, out);
}

int stat64(const char *restrict path, struct stat64 *restrict out)
{
    return do_stat(path, (struct stat *)out); /* the same where offsets have 64 bits */
}

static int do_fstat(int fd, struct stat *out)
{
    int (*real)(int, struct stat *) = NULL;
    preloaded_find(&real, "fstat");
    stats += counts_at(fd);
    return real(fd, out);
}

int fstat(int fd, struct stat *out)
{
    return do_fstat(fd, out);
}

int fstat64(int fd, struct stat64 *out)
{
    return do_fstat(fd, (struct stat *)out);
}

static void note_read(int fd, ssize_t got)
{
    if (!counts_at(fd)) {
        return;
    }
    if (reads++ == 0 && getenv("CALLS_TOUCH") != NULL) {
        (void)utimensat(AT_FDCWD, file, NULL, 0);
    }
    bytes_read += got > 0 ? got : 0;
}

static ssize_t do_pread(int fd, void *out, size_t n, off_t at)
{
    ssize_t (*real)(int, void *, size_t, off_t) = NULL;
    preloaded_find(&real, "pread64");
    const ssize_t got = real(fd, out, n, at);
    note_read(fd, got);
    return got;
}

ssize_t pread(int fd, void *out, size_t n, off_t at)
{
    return do_pread(fd, out, n, at);
}

ssize_t pread64(int fd, void *out, size_t n, off64_t at)
{
    return do_pread(fd, out, n, at);
}

ssize_t read(int fd, void *out, size_t n)
{
    ssize_t (*real)(int, void *, size_t) = NULL;
    preloaded_find(&real, "read");
    const ssize_t got = real(fd, out, n);
    note_read(fd, got);
    return got;
}

int fdatasync(int fd)
{
    int (*real)(int) = NULL;
    char path[PATH_SIZE];
    preloaded_find(&real, "fdatasync");
    if (getenv("CALLS_HOLD") != NULL && state != NULL) {
        (void)snprintf(path, sizeof path, "%s/holding-%d", state, rank);
        FILE *sign = fopen(path, "w");
        if (sign != NULL) {
            (void)fclose(sign);
        }
        for (;;) {
            (void)pause();
        }
    }
    return real(fd);
}
