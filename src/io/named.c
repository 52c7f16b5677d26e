#include "io/named.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"

enum { SIGNATURE = 8, FIRST_BLOCK = 512 };

static int refuse_open(const char *path)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR: return error_set(LS_EUSAGE, "%s: no such file", path);
    case EACCES:
    case EPERM:
    case ELOOP:
    case ENAMETOOLONG:
    case ENXIO: return error_set(LS_EUSAGE, "%s: cannot be opened: %m", path);
    default: return LS_OK; /* a disk or a file system that fails */
    }
}

/* Half of HDF5's first bytes are enough, as a damaged file has some of them; so are zeros, which disks leave. */
static bool may_begin(const unsigned char *bytes, ssize_t count)
{
    static const unsigned char signature[SIGNATURE] = "\x89HDF\r\n\x1a\n";
    ssize_t same = 0;
    ssize_t zeros = 0;
    for (ssize_t i = 0; i < count; i++) {
        same += bytes[i] == signature[i];
        zeros += bytes[i] == 0;
    }
    return 2 * same >= count || zeros == count;
}

/* The signature is at the beginning, or after a block of a user's own, of 512 bytes or a power of two more. */
static bool may_be_hdf5(int fd, off_t size)
{
    unsigned char bytes[SIGNATURE] = {0};
    for (off_t at = 0; at <= size; at = at == 0 ? FIRST_BLOCK : 2 * at) {
        const ssize_t got = pread(fd, bytes, sizeof bytes, at);
        if (got < 0 || (at > 0 && got < SIGNATURE)) {
            return got < 0;
        }
        if (may_begin(bytes, got)) {
            return true;
        }
    }
    return false;
}

static int check_regular(const struct stat *status, const char *path)
{
    return S_ISREG(status->st_mode) ? LS_OK
                                    : error_set(LS_EUSAGE, "%s: is a %s, not a file", path,
                                                S_ISDIR(status->st_mode) ? "folder" : "pipe, device or socket");
}

static int examine(int fd, const char *path)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return LS_OK;
    }
    const int code = check_regular(&status, path);
    if (code != LS_OK) {
        return code;
    }
    return may_be_hdf5(fd, status.st_size)
               ? LS_OK
               : error_set(LS_EUSAGE, "%s: is of another kind: not an HDF5 file, as data sets and checkpoints are",
                           path);
}

int named_check_place(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return refuse_open(path);
    }
    const int code = check_regular(&status, path);
    return code == LS_OK && access(path, R_OK) != 0 ? refuse_open(path) : code;
}

int named_check(const char *path)
{
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return refuse_open(path);
    }
    const int code = examine(fd, path);
    (void)close(fd);
    return code;
}
