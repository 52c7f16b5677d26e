#include "data/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/machine.h"
#include "base/signals.h"
#include "base/text.h"
#include "base/watch.h"

enum {
    BLOCK = 4 << 20,
    SYNC_BLOCKS = 32, /* between two waits for the disk: one for all at the end would be long, and look like a stall */
};

static const double MIB = 1048576;

/* The variable that `at` begins with, as $NAME or ${NAME}: its length there, and its value. 0: it is none. */
static size_t variable(const char *at, char *name, size_t size, const char **value)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    const size_t braced = at[1] == '{';
    const size_t n = strspn(at + 1 + braced, letters);
    if (n == 0 || n >= size || (braced && at[2 + n] != '}')) {
        return 0;
    }
    memcpy(name, at + 1 + braced, n);
    name[n] = '\0';
    *value = getenv(name);
    return 1 + n + 2 * braced;
}

/* The folder with the variables in it replaced by their values, ~ at its start by the home folder. */
static int expand(text_builder *out, const char *folder)
{
    const char *at = folder;
    if (at[0] == '~' && (at[1] == '/' || at[1] == '\0')) {
        const char *home = getenv("HOME");
        text_add(out, "%s", home != NULL ? home : "");
        at++;
        if (home == NULL || *home == '\0') {
            return error_set(LS_EIO, "%s: there is no environment variable HOME", folder);
        }
    }
    while (*at != '\0') {
        char name[128];
        const char *value = NULL;
        const size_t taken = *at == '$' ? variable(at, name, sizeof name, &value) : 0;
        if (taken > 0 && (value == NULL || *value == '\0')) {
            return error_set(LS_EIO, "%s: there is no environment variable %s", folder, name);
        }
        text_add_bytes(out, taken > 0 ? value : at, taken > 0 ? strlen(value) : 1);
        at += taken > 0 ? taken : 1;
    }
    return out->failed ? error_set(LS_ENOMEM, "%.200s: no memory for the path", folder) : LS_OK;
}

static int open_original(stage *s)
{
    s->original = open(s->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (s->original < 0) {
        return error_set(errno == EACCES ? LS_EUSAGE : LS_ENOTFOUND, "%s: cannot be opened: %m", s->path);
    }
    if (fstat(s->original, &s->found) != 0 || !S_ISREG(s->found.st_mode)) {
        return error_set(LS_EFORMAT, "%s: is not a file", s->path);
    }
    s->bytes = (uint64_t)s->found.st_size;
    (void)posix_fadvise(s->original, 0, 0, POSIX_FADV_SEQUENTIAL);
    return LS_OK;
}

static int no_room(const stage *s, double there)
{
    return error_set(LS_EIO, "%s: no room for a copy of %s: %.1f MiB needed, %.1f MiB free", s->folder, s->path,
                     (double)s->bytes / MIB, there / MIB);
}

static double room(int fd)
{
    struct statvfs disk;
    return fstatvfs(fd, &disk) == 0 ? (double)disk.f_bavail * (double)disk.f_frsize : 0;
}

/* The empty file, and room for it where the file system can set some aside. */
static int make_copy(stage *s)
{
    text_builder folder = {0};
    char host[64];
    machine_host(host, sizeof host);
    const int code = expand(&folder, s->folder);
    const int n =
        snprintf(s->name, sizeof s->name, "%s/lockstep-%s-%ld-XXXXXX", text_of(&folder), host, (long)getpid());
    text_release(&folder);
    if (code != LS_OK) {
        s->name[0] = '\0';
        return code;
    }
    if (n < 0 || (size_t)n >= sizeof s->name) {
        s->name[0] = '\0';
        return error_set(LS_EIO, "%.200s: the path is too long", s->folder);
    }
    s->copy = mkostemp(s->name, O_CLOEXEC);
    if (s->copy < 0) {
        s->name[0] = '\0';
        return error_set(LS_EIO, "%s: no file can be made there: %m", s->folder);
    }
    const double there = room(s->copy);
    return there < (double)s->bytes ? no_room(s, there) : LS_OK;
}

int stage_begin(stage *s, const char *path, const char *folder)
{
    *s = (stage){.original = -1, .copy = -1, .path = path, .folder = folder};
    const int code = open_original(s);
    return code == LS_OK ? make_copy(s) : code;
}

stage_identity stage_identity_of(const stage *s)
{
    struct stat status;
    if (fstat(s->copy, &status) != 0) {
        return (stage_identity){0};
    }
    return (stage_identity){.device = (uint64_t)status.st_dev, .file = (uint64_t)status.st_ino};
}

int stage_join(int *descriptor, const char *name, const stage_identity *expected)
{
    *descriptor = open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (*descriptor < 0) {
        return error_set(LS_EIO, "%s: what another rank of this node made there cannot be opened: %m", name);
    }
    const stage s = {.copy = *descriptor};
    const stage_identity found = stage_identity_of(&s);
    if (found.device != expected->device || found.file != expected->file) {
        (void)close(*descriptor);
        *descriptor = -1;
        return error_set(LS_EIO, "%s: is another file to this rank than to the one that made it", name);
    }
    return LS_OK;
}

void stage_unname(stage *s)
{
    if (s->name[0] != '\0') {
        (void)unlink(s->name);
        s->name[0] = '\0';
    }
}

static int write_block(const stage *s, const unsigned char *bytes, size_t n, uint64_t at)
{
    for (size_t have = 0; have < n;) {
        const ssize_t put = pwrite(s->copy, bytes + have, n - have, (off_t)(at + have));
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0 && (errno == ENOSPC || errno == EDQUOT)) {
            return no_room(s, room(s->copy));
        }
        if (put <= 0) {
            return error_set(LS_EIO, "%s: a copy of %s cannot be written: %m", s->folder, s->path);
        }
        have += (size_t)put;
    }
    return LS_OK;
}

static int sync_copy(const stage *s)
{
    return fdatasync(s->copy) == 0 ? LS_OK
                                   : error_set(LS_EIO, "%s: a copy of %s cannot be written: %m", s->folder, s->path);
}

static size_t block_at(const stage *s, uint64_t at)
{
    return s->bytes - at < BLOCK ? (size_t)(s->bytes - at) : BLOCK;
}

static int copy_blocks(const stage *s, unsigned char *block, uint64_t *hash, stage_progress report, void *context)
{
    int code = LS_OK;
    uint64_t blocks = 0;
    *hash = HASH_START;
    for (uint64_t at = 0; code == LS_OK && at < s->bytes; at += BLOCK) {
        const size_t n = block_at(s, at);
        if (signals_received() != 0) {
            return error_set(LS_EIO, "%s: not copied to %s, as %s came", s->path, s->folder,
                             signals_name(signals_received()));
        }
        code = file_read_at(s->original, block, n, at, s->path);
        if (code == LS_OK) {
            code = write_block(s, block, n, at);
        }
        if (code == LS_OK && ++blocks % SYNC_BLOCKS == 0) {
            code = sync_copy(s);
        }
        *hash = hash_bytes(*hash, block, n);
        watch_beat();
        if (code == LS_OK && report != NULL) {
            report(context, at + n, s->bytes);
        }
    }
    return code == LS_OK ? sync_copy(s) : code;
}

/* From the disk, as far as the system lets go of what it still has in memory. */
static int compare(const stage *s, unsigned char *block, uint64_t expected)
{
    int code = LS_OK;
    uint64_t hash = HASH_START;
    (void)posix_fadvise(s->copy, 0, 0, POSIX_FADV_DONTNEED);
    for (uint64_t at = 0; code == LS_OK && at < s->bytes; at += BLOCK) {
        const size_t n = block_at(s, at);
        code = file_read_at(s->copy, block, n, at, s->folder);
        hash = hash_bytes(hash, block, n);
        watch_beat();
    }
    if (code == LS_OK && hash != expected) {
        code = error_set(LS_EIO, "%s: a copy of %s comes back with other bytes; check that disk", s->folder, s->path);
    }
    return code;
}

/* Whether the path still leads to the same, unchanged file. */
static int check_unchanged(const stage *s)
{
    const struct stat *before = &s->found;
    struct stat now;
    if (stat(s->path, &now) != 0 || now.st_dev != before->st_dev || now.st_ino != before->st_ino) {
        return error_set(LS_EFORMAT, "%s: was replaced while it was copied to %s; begin again", s->path, s->folder);
    }
    if (now.st_size != before->st_size || now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != before->st_mtim.tv_nsec) {
        return error_set(LS_EFORMAT, "%s: was changed while it was copied to %s; begin again", s->path, s->folder);
    }
    return LS_OK;
}

int stage_fill(stage *s, stage_progress report, void *context)
{
    uint64_t hash = 0;
    unsigned char *block = malloc(BLOCK);
    int code = block == NULL ? error_set(LS_ENOMEM, "%s: no memory to copy it", s->path) : LS_OK;
    /* Where the file system cannot set room aside, the writes find out. */
    if (code == LS_OK && s->bytes > 0 && fallocate(s->copy, 0, 0, (off_t)s->bytes) != 0 && errno == ENOSPC) {
        code = no_room(s, room(s->copy));
    }
    if (code == LS_OK) {
        code = copy_blocks(s, block, &hash, report, context);
    }
    if (code == LS_OK) {
        code = compare(s, block, hash);
    }
    if (code == LS_OK) {
        code = check_unchanged(s);
    }
    free(block);
    return code;
}

void stage_end(stage *s)
{
    stage_unname(s);
    if (s->copy >= 0) {
        (void)close(s->copy);
    }
    if (s->original >= 0) {
        (void)close(s->original);
    }
    s->copy = s->original = -1;
}
