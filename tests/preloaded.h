#ifndef LOCKSTEP_TESTS_PRELOADED_H
#define LOCKSTEP_TESTS_PRELOADED_H

/* What the libraries for LD_PRELOAD share, which stand between a rank and the C library's calls on files. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What stands behind the library for a call: `function` is a pointer to a pointer to it. */
static inline void preloaded_find(void *function, const char *name)
{
    void *const symbol = dlsym(RTLD_NEXT, name);
    if (symbol == NULL) {
        (void)fprintf(stderr, "a preloaded library finds no %s to go on with\n", name);
        _exit(99);
    }
    memcpy(function, &symbol, sizeof symbol); /* C does not convert pointers to objects into pointers to functions */
}

/* A number that a launcher tells its ranks, by the variable of Open MPI or MPICH. */
static inline int preloaded_number(const char *open_mpi, const char *mpich, int otherwise)
{
    const char *const text = getenv(open_mpi) != NULL ? getenv(open_mpi) : getenv(mpich);
    return text == NULL ? otherwise : (int)strtol(text, NULL, 10);
}

/* Open MPI's ranks have PMIX_RANK from mpirun and from srun. */
static inline int preloaded_rank(void)
{
    return preloaded_number("PMIX_RANK", "PMI_RANK", 0);
}

/* The including file's: what open and open64 do. */
static int do_open(const char *path, int flags, mode_t mode);

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    return do_open(path, flags, mode);
}

/* The same where offsets have 64 bits. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));

#endif
