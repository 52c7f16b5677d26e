#include "io/h5_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/size.h"
#include "base/watch.h"
#include "io/h5_remote.h"

enum { H5_PATH_SIZE = 4096 };

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void h5_enter(void)
{
    static int prepared;
    static _Thread_local int silenced;
    (void)pthread_mutex_lock(&lock);
    if (!prepared) {
        (void)setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
        /* A file whose last bytes do not fit on the disk stays half open, and at exit HDF5 would fall over it. */
        (void)H5dont_atexit();
        (void)H5PLset_loading_state(0); /* a file must not choose code to be loaded */
        prepared = 1;
    }
    if (!silenced) {
        (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
        silenced = 1;
    }
}

void h5_leave(void)
{
    (void)pthread_mutex_unlock(&lock);
    watch_beat();
}

hid_t h5_memory_type(h5_type type)
{
    switch (type) {
    case H5_FLOAT32: return H5T_NATIVE_FLOAT;
    case H5_FLOAT64: return H5T_NATIVE_DOUBLE;
    case H5_INT32: return H5T_NATIVE_INT32;
    case H5_INT64: return H5T_NATIVE_INT64;
    case H5_UINT8: return H5T_NATIVE_UINT8;
    case H5_UINT64: return H5T_NATIVE_UINT64;
    default: return -1;
    }
}

void h5_forked(void)
{
    static const pthread_mutex_t fresh = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    lock = fresh; /* its owner is a thread of the old process */
}

size_t h5_width(h5_type type)
{
    switch (type) {
    case H5_UINT8: return 1;
    case H5_FLOAT32:
    case H5_INT32: return 4;
    case H5_FLOAT64:
    case H5_INT64:
    case H5_UINT64: return 8;
    default: return 0;
    }
}

hid_t h5_stored_type(h5_type type)
{
    switch (type) {
    case H5_FLOAT32: return H5T_IEEE_F32LE;
    case H5_FLOAT64: return H5T_IEEE_F64LE;
    case H5_INT32: return H5T_STD_I32LE;
    case H5_INT64: return H5T_STD_I64LE;
    case H5_UINT8: return H5T_STD_U8LE;
    case H5_UINT64: return H5T_STD_U64LE;
    default: return -1;
    }
}

hid_t h5_with_parents(void)
{
    static hid_t list = -1;
    if (list < 0) {
        list = H5Pcreate(H5P_LINK_CREATE);
        (void)H5Pset_create_intermediate_group(list, 1);
    }
    return list;
}

int h5_fail(const h5_file *f, const char *name, int code, const char *what)
{
    return error_set(code, "%s: %s: %s", f->path, name, what);
}

static herr_t innermost(unsigned n, const H5E_error2_t *entry, void *context)
{
    (void)n;
    char *text = context;
    (void)snprintf(text, 256, "%s", entry->desc == NULL ? "" : entry->desc);
    return 0;
}

/* What the system said, where HDF5 gives its number among others; "" otherwise. */
static const char *system_reason(const char *reason)
{
    static const char mark[] = "errno = ";
    const char *at = strstr(reason, mark);
    const long number = at == NULL ? 0 : strtol(at + sizeof mark - 1, NULL, 10);
    return number > 0 && number < INT_MAX ? strerror((int)number) : "";
}

int h5_fail_io(const h5_file *f, const char *name, const char *what)
{
    char reason[256] = "no reason given";
    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, innermost, reason);
    const char *said = system_reason(reason);
    return error_set(LS_EIO, "%s: %s: %s (%s)", f->path, name, what, *said != '\0' ? said : reason);
}

void h5_drop(hid_t id)
{
    if (id < 0) {
        return;
    }
    switch (H5Iget_type(id)) {
    case H5I_DATATYPE: (void)H5Tclose(id); break;
    case H5I_DATASPACE: (void)H5Sclose(id); break;
    case H5I_DATASET: (void)H5Dclose(id); break;
    case H5I_GROUP: (void)H5Gclose(id); break;
    case H5I_ATTR: (void)H5Aclose(id); break;
    case H5I_GENPROP_LST: (void)H5Pclose(id); break;
    default: break;
    }
}

/* How to make a file: anew, anew in the newest format, if nothing is there. */
typedef enum create_mode { CREATE, CREATE_NEWEST, CREATE_FIRST } create_mode;

/* What stands in a new file's place: a file goes; a link stays, and is not followed, nor is anything else removed. */
static void make_room(const char *path)
{
    struct stat there;
    if (lstat(path, &there) == 0 && S_ISREG(there.st_mode)) {
        (void)unlink(path);
    }
}

static hid_t create_id(const char *path, create_mode mode)
{
    hid_t id = -1;
    const hid_t access_list = H5Pcreate(H5P_FILE_ACCESS);
    if (access_list < 0) {
        return -1;
    }
    if (mode != CREATE_NEWEST || H5Pset_libver_bounds(access_list, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST) >= 0) {
        if (mode != CREATE_FIRST) {
            make_room(path);
        }
        id = H5Fcreate(path, H5F_ACC_EXCL, H5P_DEFAULT, access_list);
    }
    (void)H5Pclose(access_list);
    return id;
}

/* HDF5 leaves a file without content where there is no room for its first bytes. */
static void remove_empty(const char *path)
{
    struct stat there;
    if (lstat(path, &there) == 0 && S_ISREG(there.st_mode) && there.st_size == 0 && there.st_uid == geteuid()) {
        (void)unlink(path);
    }
}

/*
 * The error that belongs to a file that was not created. first: what stands there now is somebody else's, unless it is
 * empty, as nothing stood there a moment ago.
 */
static int create_error(const char *path, int first)
{
    if (first) {
        remove_empty(path);
    } else {
        make_room(path);
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == ENOENT) {
        return error_set(LS_EIO, "%s: cannot be created, as its folder does not exist; make the folder first", path);
    }
    if (fd < 0) {
        return error_set(LS_EIO, "%s: cannot be created: %m", path);
    }
    const int code = write(fd, "", 1) < 0 ? error_set(LS_EIO, "%s: cannot be created: %m", path)
                                          : error_set(LS_EIO, "%s: cannot be created", path);
    (void)unlink(path);
    (void)close(fd);
    return code;
}

h5_file *h5_file_make(const char *path)
{
    h5_file *f = calloc(1, sizeof *f);
    char *copy = strdup(path);
    if (f == NULL || copy == NULL) {
        free(f);
        free(copy);
        (void)error_set(LS_ENOMEM, "%s: out of memory", path);
        return NULL;
    }
    f->id = -1;
    f->path = copy;
    f->descriptor = -1;
    return f;
}

int h5_file_of(h5_file **out, int descriptor, const char *name)
{
    struct stat status;
    *out = NULL;
    h5_file *f = h5_file_make(name);
    if (f == NULL) {
        return LS_ENOMEM;
    }
    f->descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (f->descriptor < 0 || fstat(f->descriptor, &status) != 0) {
        const int code = error_set(LS_EIO, "%s: cannot be examined: %m", name);
        (void)h5_close(f);
        return code;
    }
    f->size = (uint64_t)status.st_size;
    *out = f;
    return LS_OK;
}

/* HDF5 opens what stands there before it refuses it, and follows links. */
static int check_free(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 ? error_set(LS_EIO, "%s: is there already; remove it if nobody writes it", path)
                                     : LS_OK;
}

static int create_file(h5_file **out, const char *path, create_mode mode)
{
    *out = NULL;
    if (mode == CREATE_FIRST) {
        const int code = check_free(path);
        if (code != LS_OK) {
            return code;
        }
    }
    h5_file *f = h5_file_make(path);
    if (f == NULL) {
        return LS_ENOMEM;
    }
    h5_enter();
    f->writable = 1;
    f->id = create_id(path, mode);
    h5_leave();
    if (f->id < 0) {
        const int code = create_error(path, mode == CREATE_FIRST);
        (void)h5_close(f);
        return code;
    }
    *out = f;
    return LS_OK;
}

static int here; /* files are read in this process */

void h5_read_here(int yes)
{
    here = yes;
}

int h5_check_reader(const h5_file *f)
{
    return f->remote == NULL ? LS_OK : h5_remote_check(f->remote);
}

static int open_descriptor(h5_file **out, int descriptor, const char *name, int packed)
{
    if (here) {
        return h5_open_local(out, descriptor, name, packed);
    }
    int code = h5_file_of(out, descriptor, name);
    if (code == LS_OK) {
        code = h5_remote_open(&(*out)->remote, (*out)->descriptor, (*out)->path, packed, &(*out)->followed);
    }
    if (code != LS_OK) {
        (void)h5_close(*out);
        *out = NULL;
    }
    return code;
}

int h5_open_descriptor(h5_file **out, int descriptor, const char *name)
{
    return open_descriptor(out, descriptor, name, 0);
}

static int open_read(h5_file **out, const char *path, int packed)
{
    int descriptor = -1;
    uint64_t size = 0;
    *out = NULL;
    int code = file_open_regular(&descriptor, &size, path);
    if (code == LS_OK) {
        code = open_descriptor(out, descriptor, path, packed);
        (void)close(descriptor);
    }
    return code;
}

int h5_open_read(h5_file **out, const char *path)
{
    return open_read(out, path, 0);
}

int h5_open_packed(h5_file **out, const char *path)
{
    return open_read(out, path, 1);
}

int h5_read_packed(h5_file **f)
{
    h5_file *again = NULL;
    const int code = open_descriptor(&again, (*f)->descriptor, (*f)->path, 1);
    if (code == LS_OK) {
        (void)h5_close(*f);
        *f = again;
    }
    return code;
}

int h5_create(h5_file **out, const char *path)
{
    return create_file(out, path, CREATE);
}

int h5_create_first(h5_file **out, const char *path)
{
    return create_file(out, path, CREATE_FIRST);
}

int h5_create_newest(h5_file **out, const char *path)
{
    return create_file(out, path, CREATE_NEWEST);
}

int h5_start_swmr(h5_file *f)
{
    h5_enter();
    const int code = H5Fstart_swmr_write(f->id) < 0 ? h5_fail_io(f, "/", "cannot be shared with readers") : LS_OK;
    h5_leave();
    return code;
}

int h5_flush(h5_file *f)
{
    h5_enter();
    const int code = H5Fflush(f->id, H5F_SCOPE_LOCAL) < 0 ? h5_fail_io(f, "/", "cannot be flushed") : LS_OK;
    h5_leave();
    return code;
}

int h5_close(h5_file *f)
{
    int code = LS_OK;
    if (f == NULL) {
        return LS_OK;
    }
    if (f->id >= 0) {
        h5_enter();
        code = H5Fclose(f->id) < 0 ? h5_fail_io(f, "/", "the last bytes could not be written") : LS_OK;
        h5_leave();
    }
    h5_remote_close(f->remote);
    if (f->descriptor >= 0) {
        (void)close(f->descriptor);
    }
    free(f->path);
    free(f);
    return code;
}

const char *h5_path(const h5_file *f)
{
    return f->path;
}

int h5_is_followed(const h5_file *f)
{
    return f->followed;
}

uint64_t h5_size(const h5_file *f)
{
    struct stat status;
    hsize_t size = 0;
    if (f->writable) { /* what is written may not have reached the file yet */
        return H5Fget_filesize(f->id, &size) < 0 ? 0 : size;
    }
    if (f->followed) { /* it grows; by descriptor, as it may have been renamed or replaced since */
        return fstat(f->descriptor, &status) == 0 ? (uint64_t)status.st_size : 0;
    }
    return f->size;
}

int h5_temporary_name(char *out, size_t size, const char *path)
{
    char host[64];
    machine_host(host, sizeof host);
    const int n = snprintf(out, size, "%s" H5_TEMPORARY_MARK "%s-%ld", path, host, (long)getpid());
    if (n < 0 || (size_t)n >= size) {
        return error_set(LS_EUSAGE, "%s: the path is too long", path);
    }
    return LS_OK;
}

static int sync_path(const char *path, int flags)
{
    const int fd = open(path, flags);
    if (fd < 0) {
        return error_set(LS_EIO, "%s: cannot be opened to be synced: %m", path);
    }
    /* Some file systems refuse to sync a directory (EINVAL); their renames are as safe as they get. */
    const int failed = fsync(fd) != 0 && errno != EINVAL;
    const int code = failed ? error_set(LS_EIO, "%s: cannot be synced to disk: %m", path) : LS_OK;
    (void)close(fd);
    return code;
}

int h5_commit(const char *temporary, const char *path)
{
    char folder[H5_PATH_SIZE];
    const int n = snprintf(folder, sizeof folder, "%s", path);
    if (n < 0 || (size_t)n >= sizeof folder) {
        return error_set(LS_EUSAGE, "%s: the path is too long", path);
    }
    const int code = sync_path(temporary, O_RDWR);
    if (code != LS_OK) {
        return code;
    }
    if (rename(temporary, path) != 0) {
        return error_set(LS_EIO, "%s: cannot be renamed to %s: %m", temporary, path);
    }
    return sync_path(dirname(folder), O_RDONLY | O_DIRECTORY);
}

int h5_publish(h5_file *f, const char *path)
{
    char *name = strdup(path);
    if (name == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory", path);
    }
    int code = h5_flush(f);
    if (code == LS_OK) {
        code = h5_commit(f->path, path);
    }
    if (code != LS_OK) {
        free(name);
        return code;
    }
    free(f->path);
    f->path = name;
    return LS_OK;
}

int h5_sync(const char *path)
{
    return sync_path(path, O_RDWR);
}

const char *h5_version(void)
{
    static char text[40];
    unsigned major = 0;
    unsigned minor = 0;
    unsigned release = 0;
    (void)H5get_libversion(&major, &minor, &release);
    (void)snprintf(text, sizeof text, "%u.%u.%u", major, minor, release);
    return text;
}
