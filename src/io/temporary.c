#include "io/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/leftover.h"
#include "base/log.h"
#include "base/output.h"
#include "base/storage.h"
#include "io/h5_private.h"
#include "io/named.h"

/* What a host's name, a hyphen and a number are of. */
static const char digits[] = "0123456789";
static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

bool temporary_is_named(const char *path, const char *name)
{
    const char *base = file_name(path);
    const size_t n = strlen(base);
    if (strncmp(name, base, n) != 0 || strncmp(name + n, H5_TEMPORARY_MARK, strlen(H5_TEMPORARY_MARK)) != 0) {
        return false;
    }
    const char *host = name + n + strlen(H5_TEMPORARY_MARK);
    const char *dash = strrchr(host, '-');
    return dash != NULL && dash != host && host[strspn(host, allowed)] == '\0' && dash[1] >= '1' && dash[1] <= '9' &&
           dash[1 + strspn(dash + 1, digits)] == '\0';
}

static bool leads_to(const char *name, int descriptor)
{
    struct stat open_file;
    return fstat(descriptor, &open_file) == 0 && output_is(name, &open_file);
}

/* fcntl's locks of the open file description. command: F_OFD_SETLK, or F_OFD_SETLKW to wait for it. */
static bool lock_file(int descriptor, int command)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, command, &whole) == 0;
}

/* Whether no machine can have a lock on a file there that the system here does not know of. */
static bool locks_reach_all(const char *path)
{
    const char *const kind = storage_kind(path);
    return (!storage_is_shared(kind) && strcmp(kind, "unknown") != 0) || strcmp(kind, "nfs") == 0;
}

/* Whether nobody writes the file that a descriptor is open on, and it is one that a writer of ours left. */
static bool is_left(const char *name, int descriptor)
{
    struct stat info;
    return fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode) && named_looks_begun(descriptor) &&
           locks_reach_all(name) && lock_file(descriptor, F_OFD_SETLK) && leads_to(name, descriptor);
}

static void remove_left(const char *name)
{
    struct stat info;
    if (lstat(name, &info) != 0 || !S_ISREG(info.st_mode)) {
        return;
    }
    const int descriptor = open(name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const bool left = descriptor >= 0 && is_left(name, descriptor);
    if (left && unlink(name) == 0) {
        log_info("%s: removed; an interrupted writer left it", name);
    } else if (descriptor >= 0 || errno != ENOENT) {
        log_warn("%s: left alone; remove it if nobody writes it any more", name);
    }
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
}

static void remove_all_left(const char *path)
{
    char name[PATH_MAX];
    const int length = (int)(file_name(path) - path); /* of the folder, with its slash */
    (void)snprintf(name, sizeof name, "%.*s", length, path);
    DIR *folder = opendir(length == 0 ? "." : name);
    if (folder == NULL) {
        return; /* one may write into a folder that one may not list */
    }
    for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        const int n = snprintf(name, sizeof name, "%.*s%s", length, path, e->d_name);
        if (temporary_is_named(path, e->d_name) && n > 0 && (size_t)n < sizeof name) {
            remove_left(name);
        }
    }
    (void)closedir(folder);
}

int temporary_prepare(const char *path, const char *what)
{
    char name[PATH_MAX];
    struct stat info;
    int code = output_check(path, what);
    if (code != LS_OK) {
        return code;
    }
    code = h5_temporary_name(name, sizeof name, path);
    if (code != LS_OK) {
        return code;
    }
    if (lstat(name, &info) != 0 && errno == ENAMETOOLONG) {
        return error_set(LS_EUSAGE, "%s: the name is too long for a file that is written as %s", path, file_name(name));
    }
    remove_all_left(path);
    return LS_OK;
}

/* Between these two, no signal ends the process without the file being removed. */
static int create_guarded(h5_file **out, const char *name)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int code = h5_create_first(out, name);
    if (code == LS_OK) {
        leftover_begin(name);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

/*
 * A descriptor of the open file that stays when HDF5 closes its own, with the lock if there are locks here. Who has it
 * at this moment is another writer that cleans up; it does not keep it.
 */
static int hold(const h5_file *f)
{
    void *handle = NULL;
    h5_enter();
    const int got = H5Fget_vfd_handle(f->id, H5P_DEFAULT, &handle) >= 0 && handle != NULL;
    h5_leave();
    const int descriptor = got ? fcntl(*(const int *)handle, F_DUPFD_CLOEXEC, 0) : -1;
    if (descriptor >= 0) {
        (void)lock_file(descriptor, F_OFD_SETLKW);
    }
    return descriptor;
}

/*
 * Once. A writer that has just begun may be taken for one that is gone, and its file be removed before it has the lock:
 * then *mine is false, or HDF5 misses the file while it makes it.
 */
static int attempt(temporary *t, h5_file **out, bool *mine)
{
    int code = create_guarded(out, t->name);
    if (code != LS_OK) {
        return code;
    }
    t->lock = hold(*out);
    *mine = t->lock >= 0 && leads_to(t->name, t->lock);
    if (*mine) {
        return LS_OK;
    }
    if (t->lock < 0) {
        code = error_set(LS_EIO, "%s: cannot be held: %m", t->name);
        (void)unlink(t->name);
    } else {
        (void)close(t->lock);
        t->lock = -1;
    }
    leftover_end();
    (void)h5_close(*out);
    *out = NULL;
    return code;
}

int temporary_begin(temporary *t, h5_file **out, const char *path)
{
    enum { ATTEMPTS = 100, FAILED_ATTEMPTS = 5 };
    char name[PATH_MAX];
    *t = (temporary){.lock = -1};
    *out = NULL;
    int code = h5_temporary_name(name, sizeof name, path);
    if (code != LS_OK) {
        return code;
    }
    t->name = strdup(name);
    t->path = strdup(path);
    if (t->name == NULL || t->path == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory", path);
    }
    bool mine = false;
    for (int i = 0, failed = 0; i < ATTEMPTS && failed < FAILED_ATTEMPTS && !mine; i++) {
        code = attempt(t, out, &mine);
        failed += code != LS_OK;
    }
    return code != LS_OK || mine ? code : error_set(LS_EIO, "%s: is removed by others as soon as it is made", t->name);
}

int temporary_commit(temporary *t, const char *what)
{
    const int code = output_check(t->path, what);
    if (code != LS_OK) {
        return code;
    }
    return leads_to(t->name, t->lock) ? h5_commit(t->name, t->path)
                                      : error_set(LS_EIO, "%s: was removed or replaced while it was written", t->name);
}

void temporary_end(temporary *t)
{
    if (t->lock >= 0) {
        if (leads_to(t->name, t->lock)) {
            (void)unlink(t->name);
        }
        leftover_end();
        (void)close(t->lock);
    }
    free(t->name);
    free(t->path);
    *t = (temporary){.lock = -1};
}

int temporary_finish(temporary *t, h5_file *f, int code, const char *what)
{
    const int closed = h5_close(f);
    if (code == LS_OK) {
        code = closed;
    }
    if (code == LS_OK) {
        code = temporary_commit(t, what);
    }
    temporary_end(t);
    return code;
}
