#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

int file_read_at(int fd, void *out, size_t n, uint64_t at, const char *name)
{
    for (size_t have = 0; have < n;) {
        const ssize_t got = pread(fd, (char *)out + have, n - have, (off_t)(at + have));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? error_set(LS_EIO, "%s: cannot be read: %m", name)
                           : error_set(LS_EIO, "%s: became shorter while it was read", name);
        }
        have += (size_t)got;
    }
    return LS_OK;
}

int file_write(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        bytes += written > 0 ? written : 0;
        n -= written > 0 ? (size_t)written : 0;
    }
    return 0;
}

const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

int file_open_regular(int *out, uint64_t *size, const char *path)
{
    struct stat status;
    *out = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*out < 0) {
        return errno == ENOENT || errno == ENOTDIR ? error_set(LS_ENOTFOUND, "%s: no such file", path)
                                                   : error_set(LS_EIO, "%s: cannot be opened: %m", path);
    }
    int code = LS_OK;
    if (fstat(*out, &status) != 0) {
        code = error_set(LS_EIO, "%s: cannot be examined: %m", path);
    } else if (!S_ISREG(status.st_mode)) {
        code = error_set(LS_EFORMAT, "%s: is a %s, not a file", path,
                         S_ISDIR(status.st_mode) ? "directory" : "pipe, device or socket");
    } else {
        *size = (uint64_t)status.st_size;
    }
    if (code != LS_OK) {
        (void)close(*out);
        *out = -1;
    }
    return code;
}

/* Rename unless the new name is taken: 0, or -1 with errno, EEXIST where it is. */
static int rename_new(const char *from, const char *to)
{
    struct stat status;
#ifdef SYS_renameat2
    enum { NO_REPLACE = 1 };
    if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, NO_REPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS && errno != EPERM) {
        return -1;
    }
#endif
    /* Some file systems cannot do that. Nobody else should be writing here: a run's folder has a lock. */
    if (lstat(to, &status) == 0) {
        errno = EEXIST;
        return -1;
    }
    return errno == ENOENT ? rename(from, to) : -1;
}

int file_set_aside(const char *path, const char *suffix, const char *why, const char *then)
{
    enum { MOST = 100000 };
    char aside[PATH_MAX + 64];
    for (int i = 1; i <= MOST; i++) {
        const int n = i == 1 ? snprintf(aside, sizeof aside, "%s%s", path, suffix)
                             : snprintf(aside, sizeof aside, "%s%s-%d", path, suffix, i);
        if (n < 0 || (size_t)n >= sizeof aside) {
            return error_set(LS_EIO, "%s: the path is too long to be set aside", path);
        }
        if (rename_new(path, aside) == 0) {
            log_warn("%s; it is set aside as %s%s", why, aside, then);
            return LS_OK;
        }
        if (errno != EEXIST) {
            return error_set(LS_EIO, "%s: cannot be renamed to %s: %m", path, aside);
        }
    }
    return error_set(LS_EIO, "%s: cannot be set aside: %d names for it are taken", path, (int)MOST);
}
