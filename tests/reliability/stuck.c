/*
 * A library to be preloaded into one rank: the call named by STUCK_CALL (pread, fsync, png or finalize) never returns
 * once the file STUCK_WHEN exists. Stands for a file system, a disk or a network that hangs.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* Of libraries whose headers are not needed. */
void *png_create_read_struct(const char *version, void *pointer, void *error, void *warning);
int MPI_Finalize(void);

static void stick(const char *call)
{
    const char *const wanted = getenv("STUCK_CALL");
    const char *const when = getenv("STUCK_WHEN");
    while (wanted != NULL && when != NULL && strcmp(wanted, call) == 0 && access(when, F_OK) == 0) {
        (void)pause();
    }
}

/* POSIX lets a pointer to an object become one to a function; ISO C has no way to write it. */
static void *next(const char *name)
{
    void *const found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        (void)fprintf(stderr, "stuck: no %s to go on with\n", name);
        _exit(99);
    }
    return found;
}

/* Whether it is the data set: HDF5 reads other files the same way. */
static int reads_data(int fd)
{
    char link[64];
    char path[4096];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return strstr(path, "digits.h5") != NULL;
}

ssize_t pread(int fd, void *bytes, size_t size, off_t at)
{
    ssize_t (*real)(int, void *, size_t, off_t) = NULL;
    *(void **)&real = next("pread");
    if (reads_data(fd)) {
        stick("pread");
    }
    return real(fd, bytes, size, at);
}

ssize_t pread64(int fd, void *bytes, size_t size, off_t at)
{
    return pread(fd, bytes, size, at);
}

int fsync(int fd)
{
    int (*real)(int) = NULL;
    *(void **)&real = next("fsync");
    stick("fsync");
    return real(fd);
}

void *png_create_read_struct(const char *version, void *pointer, void *error, void *warning)
{
    void *(*real)(const char *, void *, void *, void *) = NULL;
    *(void **)&real = next("png_create_read_struct");
    stick("png");
    return real(version, pointer, error, warning);
}

int MPI_Finalize(void)
{
    int (*real)(void) = NULL;
    *(void **)&real = next("MPI_Finalize");
    stick("finalize");
    return real();
}
