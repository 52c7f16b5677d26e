#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

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
