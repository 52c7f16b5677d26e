#include "base/file.h"

#include <errno.h>
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
