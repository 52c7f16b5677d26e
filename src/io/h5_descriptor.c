/*
 * Files by descriptor: HDF5's own driver wants a name, and looks it up again after it has opened a file, so that
 * /proc/self/fd does not do for one without a name. This driver reads from a descriptor, and does nothing else.
 */
#include "io/h5_private.h"

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { DRIVER_NUMBER = 1007 }; /* any above those that HDF5 keeps for itself */

typedef struct descriptor_file {
    H5FD_t public; /* first: HDF5 knows the file by it */
    int fd;        /* that of the h5_file, which stays open longer */
    haddr_t end;   /* of the file */
    haddr_t used;  /* what HDF5 takes for its end */
} descriptor_file;

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t access_list, haddr_t most)
{
    struct stat status;
    const int *const descriptor = H5Pget_driver_info(access_list);
    (void)name;
    (void)most;
    if (descriptor == NULL || (flags & H5F_ACC_RDWR) != 0 || fstat(*descriptor, &status) != 0) {
        return NULL;
    }
    descriptor_file *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return NULL;
    }
    f->fd = *descriptor;
    f->end = (haddr_t)status.st_size;
    return &f->public;
}

static herr_t driver_close(H5FD_t *file)
{
    free(file);
    return 0;
}

static herr_t driver_query(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_SUPPORTS_SWMR_IO;
    return 0;
}

static haddr_t driver_get_eoa(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const descriptor_file *)file)->used;
}

static herr_t driver_set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t at)
{
    (void)type;
    ((descriptor_file *)file)->used = at;
    return 0;
}

static haddr_t driver_get_eof(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const descriptor_file *)file)->end;
}

/* What lies past the end of the file reads as zeros, as HDF5's own driver has it. */
static herr_t driver_read(H5FD_t *file, H5FD_mem_t type, hid_t list, haddr_t at, size_t size, void *out)
{
    const descriptor_file *f = (const descriptor_file *)file;
    (void)type;
    (void)list;
    for (size_t have = 0; have < size;) {
        const ssize_t got = pread(f->fd, (char *)out + have, size - have, (off_t)(at + have));
        if (got < 0 && errno != EINTR) {
            return -1;
        }
        if (got == 0) {
            memset((char *)out + have, 0, size - have);
            return 0;
        }
        have += got > 0 ? (size_t)got : 0;
        h5_serve_alive();
    }
    return 0;
}

static herr_t driver_write(H5FD_t *file, H5FD_mem_t type, hid_t list, haddr_t at, size_t size, const void *bytes)
{
    (void)file;
    (void)type;
    (void)list;
    (void)at;
    (void)size;
    (void)bytes;
    return -1;
}

/* The driver's number in the library; under the lock. */
static hid_t driver(void)
{
    static const H5FD_class_t class = {
#ifdef H5FD_CLASS_VERSION
        .version = H5FD_CLASS_VERSION,
        .value = (H5FD_class_value_t)DRIVER_NUMBER,
#endif
        .name = "lockstep-descriptor",
        .maxaddr = HADDR_MAX >> 1,
        .fc_degree = H5F_CLOSE_WEAK,
        .fapl_size = sizeof(int),
        .open = driver_open,
        .close = driver_close,
        .query = driver_query,
        .get_eoa = driver_get_eoa,
        .set_eoa = driver_set_eoa,
        .get_eof = driver_get_eof,
        .read = driver_read,
        .write = driver_write,
        .fl_map = H5FD_FLMAP_DICHOTOMY,
    };
    static hid_t id = -1;
    if (id < 0) {
        id = H5FDregister(&class);
    }
    return id;
}

/*
 * What a writer has only half written is read again after a pause, which HDF5 doubles each time from a nanosecond on:
 * these take 17 ms. Its own choice, 100, never ends where a writer was killed.
 */
enum { SHARED_READ_ATTEMPTS = 24 };

/*
 * The mark of a writer, from the consistency flags: bit 0, and bit 2 for one that readers may follow. A superblock of
 * version 3 has them behind the signature, its version and two sizes (HDF5 file format specification, II.A.3).
 */
enum { MARK_WRITTEN = 1, MARK_FOLLOWED = 4 };

static int marks_of(int descriptor)
{
    enum { VERSION_AT = 8, FLAGS_AT = 11, HEAD = 12 };
    unsigned char head[HEAD] = {0};
    const int known = pread(descriptor, head, HEAD, 0) == HEAD && memcmp(head, "\x89HDF\r\n\x1a\n", VERSION_AT) == 0 &&
                      head[VERSION_AT] >= 3;
    return known ? head[FLAGS_AT] & (MARK_WRITTEN | MARK_FOLLOWED) : 0;
}

/* followed: while somebody else writes it. */
static hid_t open_id(int descriptor, const char *name, int followed)
{
    hid_t id = -1;
    const hid_t access_list = H5Pcreate(H5P_FILE_ACCESS);
    if (access_list < 0 || H5Pset_driver(access_list, driver(), &descriptor) < 0) {
        goto cleanup;
    }
    (void)H5Pset_sieve_buf_size(access_list, 1); /* else a read of 5 KB from the middle of an array is one of 64 */
    if (!followed) {
        id = H5Fopen(name, H5F_ACC_RDONLY, access_list);
    } else if (H5Pset_metadata_read_attempts(access_list, SHARED_READ_ATTEMPTS) >= 0) {
        id = H5Fopen(name, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, access_list);
    }
cleanup:
    h5_drop(access_list);
    return id;
}

int h5_open_local(h5_file **out, int descriptor, const char *name, int packed)
{
    const int code = h5_file_of(out, descriptor, name);
    if (code != LS_OK) {
        return code;
    }
    h5_file *f = *out;
    const int marks = marks_of(f->descriptor);
    f->followed = marks != 0;
    f->packed = packed;
    h5_enter();
    f->id = open_id(f->descriptor, name, marks == (MARK_WRITTEN | MARK_FOLLOWED));
    h5_leave();
    if (f->id < 0) {
        (void)h5_close(f);
        *out = NULL;
        return marks == 0
                   ? error_set(LS_EFORMAT, "%s: not a whole HDF5 file (damaged, cut short, or of another kind)", name)
                   : error_set(LS_EFORMAT,
                               "%s: marked as being written, by a program that has it open or was killed, and "
                               "cannot be read so; `h5clear -s FILE` takes the mark away",
                               name);
    }
    return LS_OK;
}
