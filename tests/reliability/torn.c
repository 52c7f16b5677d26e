/*
 * torn checkpoint FILE FOLDER STEP FLIPS SEED: FILE cut at every STEP bytes, FLIPS single bits of it turned, and what
 *     else can stand under a checkpoint's name in FOLDER: all must be detected, named and passed over.
 * torn copies FILE FOLDER FLIPS SEED: FLIPS copies of FILE in FOLDER, each with one bit turned.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../state_over.h"

#include "base/error.h"
#include "base/random.h"
#include "io/h5.h"
#include "io/seal.h"
#include "store/checkpoint.h"
#include "store/checkpoint_name.h"
#include "store/run_folder.h"

typedef struct bytes {
    unsigned char *at;
    size_t n;
} bytes;

static void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("torn: ", stderr);
    (void)vfprintf(stderr, format, args);
    fputs("\n", stderr);
    va_end(args);
    exit(1);
}

static bytes read_file(const char *path)
{
    bytes b = {0};
    struct stat status;
    FILE *f = fopen(path, "rb");
    if (f == NULL || fstat(fileno(f), &status) != 0 || (b.at = malloc((size_t)status.st_size + 1)) == NULL) {
        die("%s: cannot be read", path);
    }
    b.n = fread(b.at, 1, (size_t)status.st_size, f);
    (void)fclose(f);
    return b;
}

static void write_file(const char *path, const bytes *b, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(b->at, 1, n, f) != n || fclose(f) != 0) {
        die("%s: cannot be written", path);
    }
}

/* The file must be refused, by name, with this text in the message. */
static void expect(const char *path, const char *text, const char *what)
{
    checkpoint_info info;
    const int code = checkpoint_verify(path);
    if (code == LS_OK) {
        die("%s: not noticed", what);
    }
    if (strncmp(error_message(), path, strlen(path)) != 0 || strstr(error_message(), text) == NULL) {
        die("%s: the message does not name the file and '%s': %s", what, text, error_message());
    }
    if (checkpoint_read_info(&info, path) == LS_OK) {
        die("%s: not noticed by reading", what);
    }
}

static void expect_good(const char *path, const char *what)
{
    if (checkpoint_verify(path) != LS_OK) {
        die("%s: %s", what, error_message());
    }
}

/* From the longest to the shortest, so that one copy serves for all. */
static size_t cut(const char *path, const bytes *whole, size_t step)
{
    char what[64];
    size_t done = 0;
    write_file(path, whole, whole->n);
    for (size_t n = (whole->n - 1) / step * step;; n -= step) {
        if (truncate(path, (off_t)n) != 0) {
            die("%s: %s", path, strerror(errno));
        }
        (void)snprintf(what, sizeof what, "cut to %zu bytes", n);
        expect(path, "cut short", what);
        done++;
        if (n == 0) {
            break;
        }
    }
    write_file(path, whole, whole->n);
    for (size_t n = whole->n - 1; n + 2 * SEAL_SIZE > whole->n; n--) { /* in the seal, and just before it */
        (void)snprintf(what, sizeof what, "cut to %zu bytes", n);
        if (truncate(path, (off_t)n) != 0) {
            die("%s: %s", path, strerror(errno));
        }
        expect(path, "cut short", what);
        done++;
    }
    return done;
}

static void flip(const char *path, const bytes *whole, size_t flips, uint64_t seed)
{
    char what[64];
    write_file(path, whole, whole->n);
    const int fd = open(path, O_WRONLY);
    for (size_t i = 0; i < flips; i++) {
        const size_t at = (size_t)random_below(seed, 0, 2 * i, whole->n);
        const size_t bit = (size_t)random_below(seed, 0, 2 * i + 1, 8);
        const unsigned char turned = (unsigned char)(whole->at[at] ^ 1u << bit);
        (void)snprintf(what, sizeof what, "byte %zu, bit %zu turned", at, bit);
        if (pwrite(fd, &turned, 1, (off_t)at) != 1) {
            die("%s: %s", path, strerror(errno));
        }
        expect(path, "damaged", what);
        if (pwrite(fd, &whole->at[at], 1, (off_t)at) != 1) {
            die("%s: %s", path, strerror(errno));
        }
    }
    (void)close(fd);
    expect_good(path, "all bits turned back");
}

static void write_hdf5(const char *path, int64_t format, int sealed)
{
    h5_file *f = NULL;
    const size_t one = 1;
    const double value = 3;
    int code = h5_create(&f, path);
    code = code == LS_OK ? h5_write(f, "layers/dense/vars/0", H5_FLOAT64, 1, &one, &value) : code;
    if (format > 0) {
        code = code == LS_OK ? h5_make_group(f, "lockstep") : code;
        code = code == LS_OK ? h5_write_attr(f, "lockstep", "format", H5_INT64, &(int64_t){format}) : code;
        code = code == LS_OK ? h5_write_attr(f, "lockstep", "data_checksum", H5_UINT64, &(uint64_t){1}) : code;
    }
    const int closed = h5_close(f);
    code = code == LS_OK ? closed : code;
    code = code == LS_OK && sealed ? seal_append(path) : code;
    if (code != LS_OK) {
        die("%s", error_message());
    }
}

/* A name in the folder, newer with each call. */
static const char *next_name(char *out, const char *folder, uint64_t *step)
{
    *step += 1;
    if (checkpoint_path(out, PATH_MAX, folder, *step) != LS_OK) {
        die("%s", error_message());
    }
    return out;
}

/* The newest usable checkpoint, whosever run it is of. */
static int find_newest(char *path, size_t size, const char *folder)
{
    run_folder *f = NULL;
    int code = run_folder_open(&f, folder, NULL, NULL);
    if (code == LS_OK) {
        code = run_folder_newest(f, path, size, NULL);
    }
    run_folder_close(f);
    return code;
}

/* What else may stand under a checkpoint's name. Each stays there, newer than the good one. */
static size_t strangers(const char *folder, const bytes *whole, uint64_t step)
{
    char path[PATH_MAX];
    const uint64_t first = step;
    FILE *f = fopen(next_name(path, folder, &step), "wb");
    if (f == NULL || fclose(f) != 0) {
        die("%s: cannot be made", path);
    }
    expect(path, "cut short: 0 bytes", "an empty file");
    write_hdf5(next_name(path, folder, &step), 0, 0);
    expect(path, "not a checkpoint of lockstep (it has no seal)", "another program's HDF5");
    write_hdf5(next_name(path, folder, &step), 1, 0);
    expect(path, "format 1", "a checkpoint of format 1");
    write_hdf5(next_name(path, folder, &step), 99, 1);
    expect(path, "format 99", "a checkpoint of a newer format");
    if (find_newest(path, sizeof path, folder) != LS_EUSAGE) {
        die("a newer program's checkpoint is passed over");
    }
    if (checkpoint_path(path, sizeof path, folder, step) != LS_OK || unlink(path) != 0) {
        die("%s: %s", path, strerror(errno));
    }
    write_hdf5(next_name(path, folder, &step), 0, 1);
    expect(path, "not a checkpoint", "a sealed file of another kind");
    f = fopen(next_name(path, folder, &step), "wb");
    if (f == NULL || fprintf(f, "%0100d\n", 0) < 0 || fclose(f) != 0) {
        die("%s: cannot be made", path);
    }
    expect(path, "not a checkpoint of lockstep (it has no seal)", "a text");
    if (mkdir(next_name(path, folder, &step), 0777) != 0) {
        die("%s: %s", path, strerror(errno));
    }
    expect(path, "is a directory", "a directory");
    if (mkfifo(next_name(path, folder, &step), 0666) != 0) {
        die("%s: %s", path, strerror(errno));
    }
    expect(path, "pipe", "a pipe");
    const char *name = strrchr(next_name(path, folder, &step), '/') + 1;
    if (symlink(name, path) != 0) {
        die("%s: %s", path, strerror(errno));
    }
    expect(path, "cannot be opened", "a loop of links");
    if (symlink("nowhere", next_name(path, folder, &step)) != 0) {
        die("%s: %s", path, strerror(errno));
    }
    expect(path, "no such file", "a link to nothing");
    write_file(next_name(path, folder, &step), whole, whole->n - SEAL_SIZE);
    expect(path, "its seal is missing", "a checkpoint without its seal");
    return (size_t)(step - first);
}

static int torn_checkpoint(const char *file, const char *folder, size_t step, size_t flips, uint64_t seed)
{
    enum { GOOD_STEP = 12, CUT_STEP = 200, FLIP_STEP = 201, STRANGE_STEP = 300 };
    char good[PATH_MAX];
    char path[PATH_MAX];
    char found[PATH_MAX];
    const bytes whole = read_file(file);
    (void)checkpoint_path(good, sizeof good, folder, GOOD_STEP);
    write_file(good, &whole, whole.n);
    expect_good(good, "the checkpoint itself");
    (void)checkpoint_path(path, sizeof path, folder, CUT_STEP);
    const size_t cuts = cut(path, &whole, step);
    (void)checkpoint_path(path, sizeof path, folder, FLIP_STEP);
    flip(path, &whole, flips, seed);
    if (unlink(path) != 0) {
        die("%s: %s", path, strerror(errno));
    }
    const size_t strange = strangers(folder, &whole, STRANGE_STEP);
    if (find_newest(found, sizeof found, folder) != LS_OK) {
        die("no checkpoint found: %s", error_message());
    }
    if (strcmp(found, good) != 0) {
        die("%s was taken for the newest good one", found);
    }
    printf("checkpoint of %zu bytes: %zu cuts and %zu flips detected (seed %" PRIu64
           "), %zu files of other kinds refused\n",
           whole.n, cuts, flips, seed, strange);
    free(whole.at);
    return 0;
}

static int torn_copies(const char *file, const char *folder, size_t flips, uint64_t seed)
{
    char path[PATH_MAX];
    const char *slash = strrchr(file, '/');
    const bytes whole = read_file(file);
    for (size_t i = 0; i < flips; i++) {
        const size_t at = (size_t)random_below(seed, 0, 2 * i, whole.n);
        const size_t bit = (size_t)random_below(seed, 0, 2 * i + 1, 8);
        const int n = snprintf(path, sizeof path, "%s/%s.%zu.%zu", folder, slash == NULL ? file : slash + 1, at, bit);
        if (n < 0 || (size_t)n >= sizeof path) {
            die("%s: the path is too long", folder);
        }
        whole.at[at] ^= (unsigned char)(1u << bit);
        write_file(path, &whole, whole.n);
        whole.at[at] ^= (unsigned char)(1u << bit);
    }
    free(whole.at);
    return 0;
}

int main(int argc, char **argv)
{
    enum { LIMIT_SECONDS = 800 }; /* a hang ends with a signal, not never */
    (void)alarm(LIMIT_SECONDS);
    if (argc == 7 && strcmp(argv[1], "checkpoint") == 0) {
        return torn_checkpoint(argv[2], argv[3], strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10),
                               strtoull(argv[6], NULL, 10));
    }
    if (argc == 6 && strcmp(argv[1], "copies") == 0) {
        return torn_copies(argv[2], argv[3], strtoul(argv[4], NULL, 10), strtoull(argv[5], NULL, 10));
    }
    fputs("usage: torn checkpoint FILE FOLDER STEP FLIPS SEED | torn copies FILE FOLDER FLIPS SEED\n", stderr);
    return 2;
}
