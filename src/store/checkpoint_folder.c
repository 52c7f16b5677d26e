#include "store/checkpoint.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "io/h5.h"

int checkpoint_path(char *out, size_t size, const char *dir, uint64_t step)
{
    const int n = snprintf(out, size, "%s/step-%08" PRIu64 ".weights.h5", dir, step);
    if (n < 0 || (size_t)n >= size) {
        return error_set(LS_EUSAGE, "%s: the path is too long", dir);
    }
    return LS_OK;
}

/* 1 when name is that of a checkpoint, with its step. */
static int parse_name(const char *name, uint64_t *step)
{
    static const char prefix[] = "step-";
    static const char suffix[] = ".weights.h5";
    if (strncmp(name, prefix, sizeof prefix - 1) != 0 || !isdigit((unsigned char)name[sizeof prefix - 1])) {
        return 0;
    }
    char *end = NULL;
    errno = 0;
    *step = strtoull(name + sizeof prefix - 1, &end, 10);
    return errno == 0 && strcmp(end, suffix) == 0;
}

static int newest_first(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Steps of all checkpoints in dir, newest first; freed by the caller. */
static int list_steps(const char *dir, uint64_t **out, size_t *count)
{
    int code = LS_OK;
    uint64_t *steps = NULL;
    size_t n = 0;
    *out = NULL;
    *count = 0;
    DIR *folder = opendir(dir);
    if (folder == NULL) {
        return errno == ENOENT ? error_set(LS_ENOTFOUND, "%s: no such directory", dir)
                               : error_set(LS_EIO, "%s: cannot be listed: %m", dir);
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        uint64_t step = 0;
        if (!parse_name(entry->d_name, &step)) {
            continue;
        }
        uint64_t *grown = realloc(steps, (n + 1) * sizeof *grown);
        if (grown == NULL) {
            code = error_set(LS_ENOMEM, "%s: out of memory", dir);
            goto cleanup;
        }
        steps = grown;
        steps[n++] = step;
    }
    if (n > 0) {
        qsort(steps, n, sizeof *steps, newest_first);
    }
    *out = steps;
    *count = n;
    steps = NULL;
cleanup:
    free(steps);
    (void)closedir(folder);
    return code;
}

/* Whether a checkpoint is whole and stands where its name says: a copy under another name would mislead. */
static int check_named(const char *path, uint64_t step)
{
    checkpoint_info info = {0};
    int code = checkpoint_verify(path);
    if (code == LS_OK && (code = checkpoint_read_info(&info, path)) == LS_OK && info.step != step) {
        code = error_set(LS_EFORMAT, "%s: stands at step %" PRIu64 ", not where its name says; rename it", path,
                         info.step);
    }
    checkpoint_info_release(&info);
    return code;
}

int checkpoint_latest(char *out, size_t size, const char *dir)
{
    uint64_t *steps = NULL;
    size_t count = 0;
    int code = list_steps(dir, &steps, &count);
    if (code != LS_OK) {
        return code;
    }
    code = error_set(LS_ENOTFOUND, "%s: holds no usable checkpoint", dir);
    for (size_t i = 0; i < count; i++) {
        code = checkpoint_path(out, size, dir, steps[i]);
        if (code != LS_OK) {
            goto cleanup;
        }
        if (check_named(out, steps[i]) == LS_OK) {
            goto cleanup;
        }
        log_warn("checkpoint skipped: %s", error_message());
        code = error_set(LS_ENOTFOUND, "%s: holds no usable checkpoint", dir);
    }
cleanup:
    free(steps);
    return code;
}

static int is_temporary(const char *name)
{
    return fnmatch("step-*.weights.h5" H5_TEMPORARY_MARK "*", name, 0) == 0 ||
           fnmatch("log.h5" H5_TEMPORARY_MARK "*", name, 0) == 0;
}

int checkpoint_remove_temporaries(const char *dir)
{
    int code = LS_OK;
    DIR *folder = opendir(dir);
    if (folder == NULL) {
        return errno == ENOENT ? LS_OK : error_set(LS_EIO, "%s: cannot be listed: %m", dir);
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        const char *name = entry->d_name;
        if (is_temporary(name) && unlinkat(dirfd(folder), name, 0) != 0 && errno != ENOENT) {
            code = error_set(LS_EIO, "%s/%s: cannot be removed: %m", dir, name);
        }
    }
    (void)closedir(folder);
    return code;
}

int checkpoint_make_dir(const char *dir)
{
    char path[CHECKPOINT_PATH_SIZE];
    struct stat status;
    const int n = snprintf(path, sizeof path, "%s", dir);
    if (n <= 0 || (size_t)n >= sizeof path) {
        return error_set(LS_EUSAGE, "'%s': not a usable directory name", dir);
    }
    for (char *at = path + 1; at <= path + n; at++) {
        if (*at != '/' && *at != '\0') {
            continue;
        }
        const char saved = *at;
        *at = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST) {
            return error_set(LS_EIO, "%s: cannot be made: %m", path);
        }
        *at = saved;
    }
    if (stat(dir, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return error_set(LS_EIO, "%s: exists and is not a directory", dir);
    }
    return LS_OK;
}
