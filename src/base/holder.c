#include "base/holder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void describe(char *out, size_t size, long pid)
{
    char path[64];
    char name[64] = "a program";
    (void)snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    FILE *f = fopen(path, "re");
    if (f != NULL && fgets(name, sizeof name, f) != NULL) {
        name[strcspn(name, "\n")] = '\0';
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    (void)snprintf(out, size, "%s (pid %ld)", name, pid);
}

/* Whether descriptor `fd` of a process was opened for writing: line "flags:" of its fdinfo, octal as open(2) has them.
 */
static int is_for_writing(const char *process, const char *fd)
{
    char path[128];
    char line[128];
    unsigned long flags = 0;
    (void)snprintf(path, sizeof path, "/proc/%.20s/fdinfo/%.20s", process, fd);
    FILE *f = fopen(path, "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "flags:", 6) == 0) {
            flags = strtoul(line + 6, NULL, 8);
        }
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return (flags & O_ACCMODE) != O_RDONLY;
}

static int has_open(const char *process, const struct stat *file)
{
    char path[64];
    int found = 0;
    (void)snprintf(path, sizeof path, "/proc/%.20s/fd", process);
    DIR *folder = opendir(path);
    if (folder == NULL) { /* gone, or somebody else's */
        return 0;
    }
    for (const struct dirent *e = readdir(folder); e != NULL && !found; e = readdir(folder)) {
        struct stat status;
        found = isdigit((unsigned char)e->d_name[0]) && fstatat(dirfd(folder), e->d_name, &status, 0) == 0 &&
                status.st_dev == file->st_dev && status.st_ino == file->st_ino && is_for_writing(process, e->d_name);
    }
    (void)closedir(folder);
    return found;
}

static int find_process(char *out, size_t size, const struct stat *file)
{
    int found = 0;
    const long self = (long)getpid();
    DIR *processes = opendir("/proc");
    if (processes == NULL) {
        return 0;
    }
    for (const struct dirent *e = readdir(processes); e != NULL && !found; e = readdir(processes)) {
        const long pid = strtol(e->d_name, NULL, 10);
        if (pid > 0 && pid != self && has_open(e->d_name, file)) {
            describe(out, size, pid);
            found = 1;
        }
    }
    (void)closedir(processes);
    return found;
}

/* A lock for itself alone, of either kind. */
static int is_locked(int fd)
{
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
        (void)flock(fd, LOCK_UN);
    } else if (errno == EWOULDBLOCK) {
        return 1;
    }
    return fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type == F_WRLCK;
}

int holder_find(char *out, size_t size, const char *path)
{
    struct stat status;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    int found = fstat(fd, &status) == 0 && find_process(out, size, &status);
    if (!found && is_locked(fd)) {
        (void)snprintf(out, size, "another program, perhaps on another machine");
        found = 1;
    }
    (void)close(fd);
    return found;
}
