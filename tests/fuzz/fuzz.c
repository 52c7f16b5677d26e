#include "fuzz.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "io/h5.h"

enum { PATHS = 16 };

static char folder[PATH_MAX - 64];
static char paths[PATHS][PATH_MAX];
static pid_t owner;

void fuzz_broken(const char *file, int line, const char *condition)
{
    (void)fprintf(stderr, "%s:%d: broken: %s\n  the error's text is: %s\n", file, line, condition, error_message());
    abort();
}

static void check_line(const char *text)
{
    for (; *text != '\0'; text++) {
        FUZZ_CHECK((unsigned char)*text >= 0x20 && *text != 0x7f);
    }
}

void fuzz_check_code(int code)
{
    FUZZ_CHECK(code <= LS_OK && code >= LS_ECOMM);
    if (code == LS_OK) {
        return;
    }
    FUZZ_CHECK(*error_message() != '\0');
    check_line(error_message());
}

void fuzz_check_problems(const problems *found)
{
    char text[2 * PROBLEM_SIZE];
    check_line(problems_text(text, sizeof text, found));
    for (size_t i = 0; i < found->count && i < PROBLEMS_SHOWN; i++) {
        FUZZ_CHECK(found->shown[i][0] != '\0');
        check_line(found->shown[i]);
    }
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static void remove_folder(void)
{
    if (getpid() == owner) { /* not a child that exits early */
        (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
}

static void make_folder(void)
{
    const char *root = getenv("TMPDIR");
    if (root == NULL) {
        root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    }
    const int n = snprintf(folder, sizeof folder, "%s/lockstep-fuzz-XXXXXX", root);
    if (n < 0 || (size_t)n >= sizeof folder || mkdtemp(folder) == NULL) {
        perror(folder);
        exit(EXIT_FAILURE);
    }
    h5_read_here(1); /* what breaks is to break the fuzzer */
    owner = getpid();
    (void)atexit(remove_folder);
}

const char *fuzz_path(const char *name)
{
    static size_t used;
    if (used == 0) {
        make_folder();
    }
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    for (size_t i = 0; i < used; i++) {
        if (strcmp(paths[i], path) == 0) {
            return paths[i];
        }
    }
    FUZZ_CHECK(used < PATHS);
    return strcpy(paths[used++], path);
}

void fuzz_write_file(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

void fuzz_read_file(const char *path, uint8_t **bytes, size_t *size)
{
    FILE *f = fopen(path, "rb");
    long end = 0;
    if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (end = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    *size = (size_t)end;
    *bytes = malloc(*size > 0 ? *size : 1);
    if (*bytes == NULL || fread(*bytes, 1, *size, f) != *size) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    (void)fclose(f);
}
