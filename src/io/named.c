#include "io/named.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

enum { SIGNATURE = 8, FIRST_BLOCK = 512 };

static int refuse_open(const char *path, const char *what, const char *how)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR: return error_set(LS_EUSAGE, "%s: no such %s", path, what);
    case EACCES:
    case EPERM:
    case ELOOP:
    case ENAMETOOLONG:
    case ENXIO: return error_set(LS_EUSAGE, "%s: cannot be %s: %m", path, how);
    default: return LS_OK; /* a disk or a file system that fails */
    }
}

static const unsigned char signature[SIGNATURE] = "\x89HDF\r\n\x1a\n";

bool named_looks_begun(int descriptor)
{
    static const unsigned char zeros[SIGNATURE];
    unsigned char start[SIGNATURE] = {0};
    const ssize_t n = pread(descriptor, start, sizeof start, 0);
    return n == 0 ||
           (n == SIGNATURE && (memcmp(start, signature, SIGNATURE) == 0 || memcmp(start, zeros, SIGNATURE) == 0));
}

/* Half of HDF5's first bytes are enough, as a damaged file has some of them; so are zeros, which disks leave. */
static bool may_begin(const unsigned char *bytes, ssize_t count)
{
    ssize_t same = 0;
    ssize_t zeros = 0;
    for (ssize_t i = 0; i < count; i++) {
        same += bytes[i] == signature[i];
        zeros += bytes[i] == 0;
    }
    return 2 * same >= count || zeros == count;
}

/* The signature is at the beginning, or after a block of a user's own, of 512 bytes or a power of two more. */
static bool may_be_hdf5(int fd, uint64_t size)
{
    unsigned char bytes[SIGNATURE] = {0};
    for (uint64_t at = 0; at <= size; at = at == 0 ? FIRST_BLOCK : 2 * at) {
        const ssize_t got = pread(fd, bytes, sizeof bytes, (off_t)at);
        if (got < 0 || (at > 0 && got < SIGNATURE)) {
            return got < 0;
        }
        if (may_begin(bytes, got)) {
            return true;
        }
    }
    return false;
}

int named_check_place(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return refuse_open(path, "file", "opened");
    }
    if (!S_ISREG(status.st_mode)) {
        return error_set(LS_EUSAGE, "%s: is a %s, not a file", path,
                         S_ISDIR(status.st_mode) ? "folder" : "pipe, device or socket");
    }
    return access(path, R_OK) == 0 ? LS_OK : refuse_open(path, "file", "opened");
}

bool named_is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int named_check_folder(const char *path, const char *what)
{
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        return error_set(LS_EUSAGE, "%s: is a file, not %s", path, what);
    }
    return access(path, R_OK | X_OK) == 0 ? LS_OK : refuse_open(path, "folder", "listed");
}

int named_check(const char *path)
{
    int fd = -1;
    uint64_t size = 0;
    int code = named_check_place(path);
    if (code != LS_OK || file_open_regular(&fd, &size, path) != LS_OK) {
        return code; /* where it still cannot be opened, the reader reports why */
    }
    if (!may_be_hdf5(fd, size)) {
        code = error_set(LS_EUSAGE, "%s: is of another kind: not an HDF5 file, as data sets and checkpoints are", path);
    }
    (void)close(fd);
    return code;
}
