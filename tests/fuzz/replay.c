/*
 * The main function that stands in for the fuzzer's: give every input to the harness once.
 *   <program> [FILE | FOLDER]...     the harness's own seeds, then these files, and the files of these folders
 *   <program> --seeds FOLDER         write seeds to files there instead, for the fuzzer: all, or some of very many
 */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

/* In a build with sanitizers; they end the process in ways of their own. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static char current[PATH_MAX + 16] = "";

static void name_input(void)
{
    static const char before[] = "the input was ";
    (void)!write(STDERR_FILENO, before, sizeof before - 1);
    (void)!write(STDERR_FILENO, current, strlen(current));
    (void)!write(STDERR_FILENO, "\n", 1);
}

static void on_signal(int number)
{
    name_input();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void watch_for_death(void)
{
    if (__sanitizer_set_death_callback != NULL) {
        __sanitizer_set_death_callback(name_input);
    } else {
        (void)signal(SIGSEGV, on_signal);
        (void)signal(SIGBUS, on_signal);
        (void)signal(SIGFPE, on_signal);
    }
    (void)signal(SIGABRT, on_signal);
    (void)signal(SIGALRM, on_signal);
}

/* In an allocation of exactly its size, so that a sanitizer sees reads past the end. */
static void try_input(const char *name, const uint8_t *bytes, size_t size)
{
    enum { MOST_SECONDS = 600 }; /* an input that takes this long hangs */
    uint8_t *copy = malloc(size > 0 ? size : 1);
    FUZZ_CHECK(copy != NULL);
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    (void)snprintf(current, sizeof current, "%s", name);
    (void)alarm(MOST_SECONDS);
    (void)LLVMFuzzerTestOneInput(copy, size);
    (void)alarm(0);
    free(copy);
}

static size_t try_file(const char *path)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    fuzz_read_file(path, &bytes, &size);
    try_input(path, bytes, size);
    free(bytes);
    return 1;
}

static size_t try_path(const char *path)
{
    struct stat info;
    struct dirent **entries = NULL;
    size_t tried = 0;
    if (stat(path, &info) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    if (!S_ISDIR(info.st_mode)) {
        return try_file(path);
    }
    const int n = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char file[PATH_MAX];
        const int length = snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && length > 0 && (size_t)length < sizeof file) {
            tried += try_path(file);
        }
        free(entries[i]);
    }
    free(entries);
    return tried;
}

static uint8_t seed[FUZZ_SEED_SIZE];

static size_t try_seeds(void)
{
    size_t number = 0;
    for (size_t size = 0; (size = fuzz_seed(number, seed, sizeof seed)) > 0; number++) {
        char name[32];
        (void)snprintf(name, sizeof name, "seed-%05zu", number);
        try_input(name, seed, size);
    }
    return number;
}

static size_t write_seeds(const char *folder)
{
    enum { MANY = 500, EACH = 11 }; /* no divisor of how many objects a harness edits in turn */
    size_t count = 0;
    size_t written = 0;
    while (fuzz_seed(count, seed, sizeof seed) > 0) {
        count++;
    }
    for (size_t number = 0; number<count; number += count> MANY ? EACH : 1) {
        char name[PATH_MAX];
        (void)snprintf(name, sizeof name, "%s/seed-%05zu", folder, number);
        const size_t size = fuzz_seed(number, seed, sizeof seed);
        fuzz_write_file(name, seed, size);
        written++;
    }
    return written;
}

int main(int argc, char **argv)
{
    watch_for_death();
    (void)LLVMFuzzerInitialize(&argc, &argv);
    if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
        printf("%zu seeds\n", write_seeds(argv[2]));
        return EXIT_SUCCESS;
    }
    const size_t seeds = try_seeds();
    size_t files = 0;
    for (int i = 1; i < argc; i++) {
        files += try_path(argv[i]);
    }
    printf("%zu seeds and %zu files replayed\n", seeds, files);
    return seeds > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
