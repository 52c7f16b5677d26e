/*
 * Files that have no name any more. HDF5's own driver wants a name, and looks it up again after it has opened a file,
 * so /proc/self/fd does not do; this driver reads from a descriptor, and does nothing else.
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
    int fd;        /* owned */
    haddr_t end;   /* of the file */
    haddr_t used;  /* what HDF5 takes for its end */
} descriptor_file;

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t access_list, haddr_t most)
{
    struct stat status;
    const int *const descriptor = H5Pget_driver_info(access_list);
    (void)name;
    (void)most;
    if (descriptor == NULL || (flags & H5F_ACC_RDWR) != 0) {
        return NULL;
    }
    descriptor_file *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return NULL;
    }
    f->fd = fcntl(*descriptor, F_DUPFD_CLOEXEC, 0);
    if (f->fd < 0 || fstat(f->fd, &status) != 0) {
        if (f->fd >= 0) {
            (void)close(f->fd);
        }
        free(f);
        return NULL;
    }
    f->end = (haddr_t)status.st_size;
    return &f->public;
}

static herr_t driver_close(H5FD_t *file)
{
    descriptor_file *f = (descriptor_file *)file;
    const int code = close(f->fd);
    free(f);
    return code;
}

static herr_t driver_query(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = H5FD_FEAT_ACCUMULATE_METADATA;
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

static herr_t driver_get_handle(H5FD_t *file, hid_t access_list, void **out)
{
    (void)access_list;
    *out = &((descriptor_file *)file)->fd;
    return 0;
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
        .get_handle = driver_get_handle,
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

static hid_t open_id(int descriptor, const char *name)
{
    hid_t id = -1;
    const hid_t access_list = H5Pcreate(H5P_FILE_ACCESS);
    if (access_list >= 0 && H5Pset_driver(access_list, driver(), &descriptor) >= 0) {
        id = H5Fopen(name, H5F_ACC_RDONLY, access_list);
    }
    h5_drop(access_list);
    return id;
}

int h5_open_descriptor(h5_file **out, int descriptor, const char *name)
{
    *out = NULL;
    h5_file *f = calloc(1, sizeof *f);
    char *copy = strdup(name);
    if (f == NULL || copy == NULL) {
        free(f);
        free(copy);
        return error_set(LS_ENOMEM, "%s: out of memory", name);
    }
    h5_enter();
    *f = (h5_file){.id = open_id(descriptor, name), .path = copy};
    f->size = f->id >= 0 ? h5_size(f) : 0;
    h5_leave();
    if (f->id < 0) {
        free(f->path);
        free(f);
        return error_set(LS_EFORMAT, "%s: not a whole HDF5 file (damaged, cut short, or of another kind)", name);
    }
    *out = f;
    return LS_OK;
}
