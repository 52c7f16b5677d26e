#include "store/run_folder_private.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/error.h"
#include "base/log.h"
#include "store/checkpoint_name.h"

int run_folder_file(char *out, size_t size, const char *dir, const char *name)
{
    const int n = snprintf(out, size, "%s/%s", dir, name);
    return n < 0 || (size_t)n >= size ? error_set(LS_EUSAGE, "%s: the path is too long", dir) : LS_OK;
}

int run_folder_make(const char *dir)
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

int run_folder_explain_room(const char *dir, int code, uint64_t need, size_t keep)
{
    struct statvfs disk;
    char advice[192] = "free some, or lower checkpoint.keep_best where it is set (checkpoint.keep is 1 already)";
    if (code != LS_EIO || statvfs(dir, &disk) != 0 || (uint64_t)disk.f_bavail * disk.f_frsize >= need) {
        return code;
    }
    if (keep != 1) {
        char now[48] = "0, all";
        if (keep > 0) {
            (void)snprintf(now, sizeof now, "%zu", keep);
        }
        (void)snprintf(advice, sizeof advice,
                       "free some, or lower checkpoint.keep (now %s) and resume, which removes what is more before it "
                       "writes",
                       now);
    }
    return error_set(code, "%s; %s has %.1f MB left: %s", error_message(), dir,
                     (double)disk.f_bavail * (double)disk.f_frsize * 1e-6, advice);
}

/* --- The list ---------------------------------------------------------------------------------------------------- */

static int by_step(const void *a, const void *b)
{
    const run_folder_entry *x = a;
    const run_folder_entry *y = b;
    return (x->step > y->step) - (x->step < y->step);
}

static int add_entry(run_folder *f, uint64_t step)
{
    run_folder_entry *grown = realloc(f->entries, (f->count + 1) * sizeof *grown);
    if (grown == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for its list of checkpoints", f->dir);
    }
    f->entries = grown;
    f->entries[f->count++] = (run_folder_entry){.step = step};
    return LS_OK;
}

static int list(run_folder *f)
{
    int code = LS_OK;
    DIR *folder = opendir(f->dir);
    if (folder == NULL) {
        return errno == ENOENT ? LS_OK : error_set(LS_EIO, "%s: cannot be listed: %m", f->dir);
    }
    for (const struct dirent *e = readdir(folder); e != NULL && code == LS_OK; e = readdir(folder)) {
        uint64_t step = 0;
        if (checkpoint_name_step(&step, e->d_name)) {
            code = add_entry(f, step);
        }
    }
    (void)closedir(folder);
    if (f->count > 1) {
        qsort(f->entries, f->count, sizeof *f->entries, by_step);
    }
    return code;
}

int run_folder_open(run_folder **out, const char *dir, run_folder_owns owns, void *context)
{
    *out = NULL;
    run_folder *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory", dir);
    }
    *f = (run_folder){.dir = strdup(dir), .owns = owns, .context = context};
    const int code = f->dir == NULL ? error_set(LS_ENOMEM, "%s: out of memory", dir) : list(f);
    if (code != LS_OK) {
        run_folder_close(f);
        return code;
    }
    *out = f;
    return LS_OK;
}

void run_folder_close(run_folder *f)
{
    if (f != NULL) {
        free(f->entries);
        free(f->dir);
        free(f);
    }
}

size_t run_folder_count(const run_folder *f)
{
    return f->count;
}

run_folder_entry *run_folder_find(const run_folder *f, uint64_t step)
{
    const run_folder_entry wanted = {.step = step};
    return f->count == 0 ? NULL : bsearch(&wanted, f->entries, f->count, sizeof wanted, by_step);
}

run_folder_entry *run_folder_find_or_add(run_folder *f, uint64_t step)
{
    run_folder_entry *e = run_folder_find(f, step);
    if (e != NULL || add_entry(f, step) != LS_OK) {
        return e;
    }
    qsort(f->entries, f->count, sizeof *f->entries, by_step);
    return run_folder_find(f, step);
}

void run_folder_forget(run_folder *f, const run_folder_entry *e)
{
    const size_t at = (size_t)(e - f->entries);
    memmove(f->entries + at, f->entries + at + 1, (f->count - at - 1) * sizeof *f->entries);
    f->count--;
}

/* --- What a file is ---------------------------------------------------------------------------------------------- */

static bool unchanged(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

void run_folder_settle(run_folder_entry *e, standing what, const char *why)
{
    e->what = what;
    e->said = false;
    e->stranger = false;
    (void)snprintf(e->why, sizeof e->why, "%s", why);
}

/* A file that is no whole checkpoint: was it one? */
static void settle_broken(run_folder_entry *e, const char *path, const char *why)
{
    const checkpoint_seal seal = checkpoint_seal_kind(path);
    const bool never = seal == CHECKPOINT_SEAL_NONE;
    run_folder_settle(e, never || seal == CHECKPOINT_SEAL_OLDER ? FOREIGN : DAMAGED, why);
    e->stranger = never;
}

static void examine_content(run_folder *f, run_folder_entry *e, const char *path)
{
    checkpoint_info info = {0};
    const int code = checkpoint_read_info(&info, path);
    if (code == LS_EUSAGE) {
        run_folder_settle(e, NEWER, error_message());
    } else if (code == LS_EFORMAT) {
        char why[sizeof e->why];
        (void)snprintf(why, sizeof why, "%s", error_message());
        settle_broken(e, path, why);
    } else if (code != LS_OK) {
        run_folder_settle(e, UNREADABLE, error_message());
    } else if (f->owns != NULL && !f->owns(f->context, &info)) {
        (void)error_set(LS_EFORMAT, "%s: is of another run", path);
        run_folder_settle(e, FOREIGN, error_message());
        e->stranger = true;
    } else if (info.step != e->step) {
        (void)error_set(LS_EFORMAT, "%s: stands at step %llu, not where its name says; rename it", path,
                        (unsigned long long)info.step);
        run_folder_settle(e, FOREIGN, error_message());
    } else {
        run_folder_settle(e, USABLE, "");
        e->score = isnan(info.score) ? info.val_accuracy : info.score;
        e->cross_entropy = info.val_cross_entropy;
    }
    checkpoint_info_release(&info);
}

bool run_folder_examine(run_folder *f, run_folder_entry *e)
{
    char path[CHECKPOINT_PATH_SIZE];
    struct stat itself;
    struct stat now;
    if (checkpoint_path(path, sizeof path, f->dir, e->step) != LS_OK || lstat(path, &itself) != 0) {
        return false;
    }
    if (stat(path, &now) != 0) { /* a link that leads nowhere */
        now = itself;
    }
    if (e->what != UNKNOWN && unchanged(&now, &e->found)) {
        return true;
    }
    e->found = now;
    e->regular = S_ISREG(itself.st_mode);
    examine_content(f, e, path);
    if (!S_ISREG(now.st_mode) && !S_ISLNK(now.st_mode)) {
        e->stranger = true;
    }
    return true;
}

bool run_folder_is_own(run_folder *f, run_folder_entry *e)
{
    return run_folder_examine(f, e) && e->what == USABLE && e->regular;
}

bool run_folder_holds_work(run_folder *f)
{
    for (size_t i = f->count; i-- > 0;) {
        if (run_folder_examine(f, &f->entries[i]) && !f->entries[i].stranger) {
            return true;
        }
    }
    return false;
}

/* --- Choosing ---------------------------------------------------------------------------------------------------- */

int run_folder_newest(run_folder *f, char *path, size_t size, uint64_t *step)
{
    for (size_t i = f->count; i-- > 0;) {
        run_folder_entry *e = &f->entries[i];
        if (!run_folder_examine(f, e)) {
            continue;
        }
        if (e->what == USABLE) {
            if (step != NULL) {
                *step = e->step;
            }
            return checkpoint_path(path, size, f->dir, e->step);
        }
        if (e->what == NEWER) {
            return error_set(LS_EUSAGE, "%s", e->why);
        }
        if (!e->said) {
            log_warn("checkpoint skipped: %s", e->why);
            e->said = true;
        }
    }
    return error_set(LS_ENOTFOUND, "%s: holds no usable checkpoint", f->dir);
}

/* Whether a is better than b; of equals neither. */
static bool better(const run_folder_entry *a, const run_folder_entry *b)
{
    if (a->score != b->score) {
        return a->score > b->score;
    }
    return a->cross_entropy < b->cross_entropy;
}

run_folder_entry *run_folder_best_of(run_folder *f, const bool *taken)
{
    run_folder_entry *best = NULL;
    for (size_t i = 0; i < f->count; i++) {
        run_folder_entry *e = &f->entries[i];
        if (e->what == USABLE && !isnan(e->score) && (taken == NULL || !taken[i]) &&
            (best == NULL || better(e, best))) {
            best = e;
        }
    }
    return best;
}

int run_folder_best(run_folder *f, char *path, size_t size)
{
    for (size_t i = 0; i < f->count; i++) {
        (void)run_folder_examine(f, &f->entries[i]);
    }
    const run_folder_entry *best = run_folder_best_of(f, NULL);
    if (best == NULL) {
        return error_set(LS_ENOTFOUND, "%s: holds no checkpoint that was validated", f->dir);
    }
    return checkpoint_path(path, size, f->dir, best->step);
}
