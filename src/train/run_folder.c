#include "train/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdbool.h>
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

/* How good a checkpoint is. */
typedef struct candidate {
    const char *name; /* not owned */
    double accuracy, cross_entropy;
} candidate;

/* Best first: by accuracy, then by cross-entropy; of equals the older, as qsort gets them oldest first. */
static int best_first(const void *a, const void *b)
{
    const candidate *x = a;
    const candidate *y = b;
    if (x->accuracy != y->accuracy) {
        return x->accuracy > y->accuracy ? -1 : 1;
    }
    if (x->cross_entropy != y->cross_entropy) {
        return x->cross_entropy < y->cross_entropy ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

/* What is known of a checkpoint's validation; false: nothing, or it cannot be read. */
static bool judge(candidate *out, const char *dir, const char *name)
{
    char path[CHECKPOINT_PATH_SIZE];
    checkpoint_info info = {0};
    if (run_folder_file(path, sizeof path, dir, name) != LS_OK || checkpoint_read_info(&info, path) != LS_OK) {
        return false;
    }
    *out = (candidate){name, info.val_accuracy, info.val_cross_entropy};
    checkpoint_info_release(&info);
    return !isnan(out->accuracy);
}

/* All that were validated, best first: *out [*known], freed by the caller. */
static int rank_checkpoints(const char *dir, struct dirent **list, int all, candidate **out, size_t *known)
{
    *known = 0;
    candidate *found = calloc((size_t)all + 1, sizeof *found);
    if (found == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for its list of checkpoints", dir);
    }
    for (int i = 0; i < all; i++) {
        *known += judge(&found[*known], dir, list[i]->d_name) ? 1 : 0;
    }
    qsort(found, *known, sizeof *found, best_first);
    *out = found;
    return LS_OK;
}

/* Strike the `keep` best of all from the first `count` of the list, which are to be removed: their names become "". */
static int spare_best(const char *dir, struct dirent **list, int all, int count, size_t keep)
{
    size_t known = 0;
    candidate *found = NULL;
    const int code = rank_checkpoints(dir, list, all, &found, &known);
    if (code != LS_OK) {
        return code;
    }
    for (size_t k = 0; k < keep && k < known; k++) {
        for (int i = 0; i < count; i++) {
            if (found[k].name == list[i]->d_name) {
                list[i]->d_name[0] = '\0';
            }
        }
    }
    free(found);
    return LS_OK;
}

/* Remove all but the last `keep` and the `keep_best` best. */
static int remove_but(const char *dir, size_t keep, size_t keep_best)
{
    struct dirent **list;
    int n = 0;
    int code = list_checkpoints(dir, &list, &n);
    const int count = (size_t)n > keep ? n - (int)keep : 0;
    if (code == LS_OK && count > 0 && keep_best > 0) {
        code = spare_best(dir, list, n, count, keep_best);
    }
    for (int i = 0; code == LS_OK && i < count; i++) {
        code = list[i]->d_name[0] == '\0' ? LS_OK : remove_file(dir, list[i]->d_name);
    }
    free_list(list, n);
    return code;
}

int run_folder_clear(const char *dir)
{
    int code = remove_but(dir, 0, 0);
    if (code == LS_OK) {
        code = remove_file(dir, "log.h5");
    }
    return code != LS_OK ? code : remove_file(dir, "train.log");
}

int run_folder_prune(const char *dir, size_t keep, size_t keep_best)
{
    return keep == 0 ? LS_OK : remove_but(dir, keep, keep_best);
}

int run_folder_best(char *out, size_t size, const char *dir)
{
    struct dirent **list;
    candidate *found = NULL;
    size_t known = 0;
    int n = 0;
    int code = list_checkpoints(dir, &list, &n);
    if (code == LS_OK) {
        code = rank_checkpoints(dir, list, n, &found, &known);
    }
    if (code == LS_OK) {
        code = known > 0 ? run_folder_file(out, size, dir, found[0].name)
                         : error_set(LS_ENOTFOUND, "%s: holds no checkpoint that was validated", dir);
    }
    free(found);
    free_list(list, n);
    return code;
}
