#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/leftover.h"

static int check_name(const char *path, const char *what)
{
    const size_t n = strlen(path);
    if (n == 0) {
        return error_set(LS_EUSAGE, "the name of the output is empty; name a file");
    }
    if (strcmp(path, "-") == 0) {
        return error_set(LS_EUSAGE, "-: %s cannot be written to standard output; name a file", what);
    }
    if (path[n - 1] == '/') {
        return error_set(LS_EUSAGE, "%s: names a folder; name a file in it for %s", path, what);
    }
    return LS_OK;
}

/* The links there lead to what a process has open. */
static bool stands_for_open(const char *path)
{
    return strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
}

static int refuse_link(const char *path, const char *what)
{
    struct stat target;
    if (stat(path, &target) == 0 && !S_ISREG(target.st_mode) && !S_ISDIR(target.st_mode)) {
        return error_set(LS_EUSAGE, "%s: leads to a device, pipe or socket, to which %s cannot be written; name a file",
                         path, what);
    }
    if (stands_for_open(path)) {
        return error_set(LS_EUSAGE, "%s: stands for an open file, to which %s cannot be written; name a file", path,
                         what);
    }
    return error_set(LS_EUSAGE, "%s: is a link, which would be replaced; remove it, or name the file that it leads to",
                     path);
}

/* By their names: what hours of training have come to, which nobody means to replace by something else. */
static bool is_of_run(const char *path)
{
    static const char *const names[] = {"log.h5", "train.log", "run.lock"};
    static const char weights[] = ".weights.h5";
    const char *name = file_name(path);
    const size_t n = strlen(name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return n >= sizeof weights - 1 && strcmp(name + n - (sizeof weights - 1), weights) == 0;
}

static int check_kind(const char *path, const char *what, mode_t mode)
{
    if (S_ISREG(mode) && is_of_run(path)) {
        return error_set(LS_EUSAGE,
                         "%s: is a checkpoint or another file of a run, which would be lost; name another "
                         "file for %s",
                         path, what);
    }
    if (S_ISREG(mode)) {
        return LS_OK;
    }
    if (S_ISDIR(mode)) {
        return error_set(LS_EUSAGE, "%s: is a folder; name a file in it for %s", path, what);
    }
    if (S_ISLNK(mode)) {
        return refuse_link(path, what);
    }
    return error_set(LS_EUSAGE, "%s: is a device, pipe or socket, to which %s cannot be written; name a file", path,
                     what);
}

/* In a folder such as /tmp, files of others cannot be replaced. */
static bool is_kept(const struct stat *folder, const struct stat *file)
{
    const uid_t user = geteuid();
    return (folder->st_mode & S_ISVTX) != 0 && user != 0 && user != file->st_uid && user != folder->st_uid;
}

/* there: what stands at path, or NULL. */
static int check_folder(const char *path, const struct stat *there)
{
    char copy[PATH_MAX];
    struct stat info;
    const int n = snprintf(copy, sizeof copy, "%s", path);
    if (n < 0 || (size_t)n >= sizeof copy) {
        return error_set(LS_EUSAGE, "%.200s...: the path is too long", path);
    }
    const char *folder = dirname(copy);
    if (stat(folder, &info) != 0) {
        return errno == ENOENT
                   ? error_set(LS_EIO, "%s: cannot be created, as its folder does not exist; make the folder first",
                               path)
                   : error_set(LS_EIO, "%s: cannot be created in its folder: %m", path);
    }
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0) {
        return error_set(LS_EIO, "%s: cannot be created in its folder: %m", path);
    }
    if (there != NULL && is_kept(&info, there)) {
        return error_set(LS_EIO, "%s: belongs to another user and cannot be replaced in this folder; name another file",
                         path);
    }
    return LS_OK;
}

int output_check(const char *path, const char *what)
{
    struct stat info;
    int code = check_name(path, what);
    if (code != LS_OK) {
        return code;
    }
    if (lstat(path, &info) != 0) {
        return errno == ENOENT ? check_folder(path, NULL) : error_set(LS_EIO, "%s: cannot be created: %m", path);
    }
    code = check_kind(path, what, info.st_mode);
    return code != LS_OK ? code : check_folder(path, &info);
}

int output_refuse_inputs(const char *path, const char *const *inputs, size_t n)
{
    struct stat info;
    for (size_t i = 0; i < n; i++) {
        if (inputs[i] != NULL && stat(inputs[i], &info) == 0 && output_is(path, &info)) {
            return error_set(LS_EUSAGE, "%s: is read by the same command; name another output", path);
        }
    }
    return LS_OK;
}

bool output_is(const char *path, const struct stat *input)
{
    struct stat there;
    return lstat(path, &there) == 0 && there.st_dev == input->st_dev && there.st_ino == input->st_ino;
}

/* What is written through: standard output, and what is no file or folder, also by the links of /dev and /proc. */
static bool is_stream(const char *path)
{
    struct stat info;
    if (strcmp(path, "-") == 0) {
        return true;
    }
    if (stat(path, &info) != 0) {
        return false;
    }
    return !S_ISDIR(info.st_mode) && (stands_for_open(path) || !S_ISREG(info.st_mode));
}

int output_check_text(const char *path, const char *what)
{
    return is_stream(path) ? LS_OK : output_check(path, what);
}

/* Opened by a name of its own, it would be written from its start on. */
static bool is_standard_output(const char *path)
{
    struct stat named;
    struct stat standard;
    return strcmp(path, "-") == 0 || (stat(path, &named) == 0 && fstat(STDOUT_FILENO, &standard) == 0 &&
                                      named.st_dev == standard.st_dev && named.st_ino == standard.st_ino);
}

static int write_through(const char *path, const char *text, size_t size)
{
    const bool standard = is_standard_output(path) && fflush(stdout) == 0;
    const int descriptor = standard ? STDOUT_FILENO : open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    int code = LS_OK;
    if (descriptor < 0 || file_write(descriptor, text, size) != 0) {
        code = error_set(LS_EIO, "%s cannot be written: %m", standard ? "standard output" : path);
    }
    if (descriptor >= 0 && !standard) {
        (void)close(descriptor);
    }
    return code;
}

/* A file of a name of its own beside the path: a descriptor, or -1 and an error. */
static int create_beside(char name[PATH_MAX], const char *path)
{
    const int n = snprintf(name, PATH_MAX, "%s.tmp-%ld", path, (long)getpid());
    const int descriptor =
        n > 0 && n < PATH_MAX ? open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666) : -1;
    if (descriptor < 0) {
        (void)error_set(LS_EIO, "%s: %s cannot be created: %m", path, name);
    }
    return descriptor;
}

static int write_file(const char *path, const char *text, size_t size)
{
    char name[PATH_MAX];
    const int descriptor = create_beside(name, path);
    if (descriptor < 0) {
        return LS_EIO;
    }
    leftover_begin(name);
    const bool written = file_write(descriptor, text, size) == 0 && fsync(descriptor) == 0;
    int code = LS_OK;
    if (!written || rename(name, path) != 0) {
        code = error_set(LS_EIO, "%s: cannot be written: %m", path);
        (void)unlink(name);
    }
    leftover_end();
    (void)close(descriptor);
    return code;
}

int output_write_text(const char *path, const char *what, const char *text, size_t size)
{
    if (is_stream(path)) {
        return write_through(path, text, size);
    }
    const int code = output_check(path, what);
    return code != LS_OK ? code : write_file(path, text, size);
}

int output_begin(output_file *f, const char *path)
{
    *f = (output_file){.path = path};
    const int descriptor = create_beside(f->name, path);
    if (descriptor < 0) {
        return LS_EIO;
    }
    f->to = fdopen(descriptor, "w");
    if (f->to == NULL) {
        (void)close(descriptor);
        (void)unlink(f->name);
        return error_set(LS_ENOMEM, "%s: out of memory", path);
    }
    return LS_OK;
}

int output_end(output_file *f, const char *what, int code)
{
    if (f->to == NULL) {
        return code;
    }
    const bool flushed = fflush(f->to) == 0 && ferror(f->to) == 0 && fsync(fileno(f->to)) == 0;
    if (code == LS_OK && !flushed) {
        code = error_set(LS_EIO, "%s: cannot be written: %m", f->path);
    }
    (void)fclose(f->to);
    f->to = NULL;
    if (code == LS_OK) {
        code = output_check(f->path, what);
    }
    if (code == LS_OK && rename(f->name, f->path) != 0) {
        code = error_set(LS_EIO, "%s: cannot be written: %m", f->path);
    }
    if (code != LS_OK) {
        (void)unlink(f->name);
    }
    return code;
}
