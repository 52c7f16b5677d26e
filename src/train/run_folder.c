#include "train/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "store/checkpoint.h"

static int is_checkpoint(const struct dirent *entry)
{
    return fnmatch("step-[0-9]*.weights.h5", entry->d_name, 0) == 0;
}

static uint64_t step_of(const struct dirent *entry)
{
    return strtoull(entry->d_name + sizeof "step-" - 1, NULL, 10);
}

/* Oldest first: by step number, which may have outgrown its eight digits. */
static int by_step(const struct dirent **a, const struct dirent **b)
{
    const uint64_t x = step_of(*a);
    const uint64_t y = step_of(*b);
    return (x > y) - (x < y);
}

static void free_list(struct dirent **list, int count)
{
    for (int i = 0; i < count; i++) {
        free(list[i]);
    }
    free(list);
}

/* *count is negative only together with an error. */
static int list_checkpoints(const char *dir, struct dirent ***list, int *count)
{
    *list = NULL;
    *count = scandir(dir, list, is_checkpoint, by_step);
    if (*count >= 0) {
        return LS_OK;
    }
    *count = 0;
    return errno == ENOENT ? LS_OK : error_set(LS_EIO, "%s: cannot be listed: %m", dir);
}

int run_folder_file(char *out, size_t size, const char *dir, const char *name)
{
    const int n = snprintf(out, size, "%s/%s", dir, name);
    return n < 0 || (size_t)n >= size ? error_set(LS_EUSAGE, "%s: the path is too long", dir) : LS_OK;
}

static int remove_file(const char *dir, const char *name)
{
    char path[CHECKPOINT_PATH_SIZE];
    const int code = run_folder_file(path, sizeof path, dir, name);
    if (code != LS_OK) {
        return code;
    }
    return unlink(path) == 0 || errno == ENOENT ? LS_OK : error_set(LS_EIO, "%s: cannot be removed: %m", path);
}

int run_folder_checkpoints(const char *dir, size_t *count)
{
    struct dirent **list;
    int n = 0;
    const int code = list_checkpoints(dir, &list, &n);
    free_list(list, n);
    *count = (size_t)n;
    return code;
}

int run_folder_newest(const char *dir, uint64_t *step)
{
    struct dirent **list;
    int n = 0;
    const int code = list_checkpoints(dir, &list, &n);
    *step = n > 0 ? step_of(list[n - 1]) : 0;
    free_list(list, n);
    return code;
}

/* Remove all but the last `keep`. */
static int remove_but(const char *dir, size_t keep)
{
    struct dirent **list;
    int n = 0;
    int code = list_checkpoints(dir, &list, &n);
    for (int i = 0; code == LS_OK && (size_t)i + keep < (size_t)n; i++) {
        code = remove_file(dir, list[i]->d_name);
    }
    free_list(list, n);
    return code;
}

int run_folder_clear(const char *dir)
{
    int code = remove_but(dir, 0);
    if (code == LS_OK) {
        code = remove_file(dir, "log.h5");
    }
    return code != LS_OK ? code : remove_file(dir, "train.log");
}

int run_folder_prune(const char *dir, size_t keep)
{
    return keep == 0 ? LS_OK : remove_but(dir, keep);
}
