#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/leftover.h"
#include "base/output.h"

/* What is written through: standard output, and what is no file or folder, also by the links of /dev and /proc. */
static bool is_stream(const char *path)
{
    struct stat info;
    if (strcmp(path, "-") == 0) {
        return true;
    }
    if (stat(path, &info) != 0) {
        return false;
    }
    const bool stands_for_open = strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
    return !S_ISDIR(info.st_mode) && (stands_for_open || !S_ISREG(info.st_mode));
}

int output_check_text(const char *path, const char *what)
{
    return is_stream(path) ? LS_OK : output_check(path, what);
}

static int write_all(int descriptor, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(descriptor, text, size);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        text += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Opened by a name of its own, it would be written from its start on. */
static bool is_standard_output(const char *path)
{
    struct stat named;
    struct stat standard;
    return strcmp(path, "-") == 0 || (stat(path, &named) == 0 && fstat(STDOUT_FILENO, &standard) == 0 &&
                                      named.st_dev == standard.st_dev && named.st_ino == standard.st_ino);
}

static int write_through(const char *path, const char *text, size_t size)
{
    const bool standard = is_standard_output(path) && fflush(stdout) == 0;
    const int descriptor = standard ? STDOUT_FILENO : open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    int code = LS_OK;
    if (descriptor < 0 || write_all(descriptor, text, size) != 0) {
        code = error_set(LS_EIO, "%s cannot be written: %m", standard ? "standard output" : path);
    }
    if (descriptor >= 0 && !standard) {
        (void)close(descriptor);
    }
    return code;
}

static int write_file(const char *path, const char *text, size_t size)
{
    char name[PATH_MAX];
    const int n = snprintf(name, sizeof name, "%s.tmp-%ld", path, (long)getpid());
    const int descriptor =
        n > 0 && (size_t)n < sizeof name ? open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666) : -1;
    if (descriptor < 0) {
        return error_set(LS_EIO, "%s: %s cannot be created: %m", path, name);
    }
    leftover_begin(name);
    const bool written = write_all(descriptor, text, size) == 0 && fsync(descriptor) == 0;
    int code = LS_OK;
    if (!written || rename(name, path) != 0) {
        code = error_set(LS_EIO, "%s: cannot be written: %m", path);
        (void)unlink(name);
    }
    leftover_end();
    (void)close(descriptor);
    return code;
}

int output_write_text(const char *path, const char *what, const char *text, size_t size)
{
    if (is_stream(path)) {
        return write_through(path, text, size);
    }
    const int code = output_check(path, what);
    return code != LS_OK ? code : write_file(path, text, size);
}
