#include "store/run_folder_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "io/named.h"
#include "io/seal.h"
#include "store/checkpoint_name.h"
#include "store/event_file.h"
#include "store/runlog_read.h"
#include "store/status_file.h"

static int remove_own(run_folder *f, const run_folder_entry *e)
{
    char path[CHECKPOINT_PATH_SIZE];
    int code = checkpoint_path(path, sizeof path, f->dir, e->step);
    if (code == LS_OK && unlink(path) != 0 && errno != ENOENT) {
        code = error_set(LS_EIO, "%s: cannot be removed: %m", path);
    }
    return code;
}

static int set_aside(run_folder *f, const run_folder_entry *e, const char *suffix)
{
    char path[CHECKPOINT_PATH_SIZE];
    const int code = checkpoint_path(path, sizeof path, f->dir, e->step);
    return code == LS_OK ? file_set_aside(path, suffix, e->why, "") : code;
}

/* Of those that were looked at; a link is nobody's to rename. */
static int set_damaged_aside(run_folder *f)
{
    int code = LS_OK;
    for (size_t i = f->count; code == LS_OK && i-- > 0;) {
        const run_folder_entry *e = &f->entries[i];
        if (e->what == DAMAGED && e->regular) {
            code = set_aside(f, e, ".damaged");
            run_folder_forget(f, e);
        }
    }
    return code;
}

/* Whether a file may be what an interrupted write has left. */
static bool begins_as_ours(int folder, const char *name)
{
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) {
        return false;
    }
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const bool begun = fd >= 0 && named_looks_begun(fd);
    if (fd >= 0) {
        (void)close(fd);
    }
    return begun;
}

static int remove_temporaries(const char *dir)
{
    int code = LS_OK;
    DIR *folder = opendir(dir);
    if (folder == NULL) {
        return errno == ENOENT ? LS_OK : error_set(LS_EIO, "%s: cannot be listed: %m", dir);
    }
    for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        if (checkpoint_name_is_temporary(e->d_name) && begins_as_ours(dirfd(folder), e->d_name) &&
            unlinkat(dirfd(folder), e->d_name, 0) != 0 && errno != ENOENT) {
            code = error_set(LS_EIO, "%s/%s: cannot be removed: %m", dir, e->d_name);
        }
    }
    (void)closedir(folder);
    return code;
}

int run_folder_tidy(run_folder *f)
{
    const int code = set_damaged_aside(f);
    return code == LS_OK ? remove_temporaries(f->dir) : code;
}

/* Mark what is kept of the run's own: the newest and the best. *kept [count], freed by the caller. */
static int choose_kept(run_folder *f, size_t keep, size_t keep_best, bool **kept)
{
    size_t found = 0;
    bool *marks = calloc(2 * f->count + 1, sizeof *marks);
    if (marks == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for its list of checkpoints", f->dir);
    }
    bool *const taken = marks + f->count; /* the best so far */
    for (size_t i = f->count; i-- > 0 && found < keep;) {
        marks[i] = run_folder_is_own(f, &f->entries[i]);
        found += marks[i];
    }
    for (size_t i = 0; keep_best > 0 && i < f->count; i++) {
        (void)run_folder_examine(f, &f->entries[i]);
    }
    for (size_t k = 0; k < keep_best; k++) {
        const run_folder_entry *best = run_folder_best_of(f, taken);
        if (best == NULL) {
            break;
        }
        taken[best - f->entries] = marks[best - f->entries] = true;
    }
    *kept = marks;
    return LS_OK;
}

int run_folder_prune(run_folder *f, size_t keep, size_t keep_best)
{
    bool *kept = NULL;
    if (keep == 0) {
        return LS_OK;
    }
    int code = choose_kept(f, keep, keep_best, &kept);
    for (size_t i = f->count; code == LS_OK && i-- > 0;) {
        run_folder_entry *e = &f->entries[i];
        if (!kept[i] && run_folder_is_own(f, e)) {
            code = remove_own(f, e);
            if (code == LS_OK) {
                run_folder_forget(f, e); /* those before it keep their places */
            }
        }
    }
    free(kept);
    return code == LS_OK ? set_damaged_aside(f) : code;
}

/* One that is usable, but by a link, is not the run's own file. */
static void settle_link(const run_folder *f, run_folder_entry *e)
{
    char name[CHECKPOINT_NAME_SIZE];
    if (e->what == USABLE) {
        (void)error_set(LS_EFORMAT, "%s/%s: is a link to a checkpoint", f->dir, checkpoint_name(name, e->step));
        run_folder_settle(e, FOREIGN, error_message());
    }
}

int run_folder_make_way(run_folder *f, uint64_t step)
{
    char path[CHECKPOINT_PATH_SIZE];
    struct stat status;
    run_folder_entry fresh = {.step = step};
    int code = checkpoint_path(path, sizeof path, f->dir, step);
    if (code != LS_OK || lstat(path, &status) != 0) {
        return code;
    }
    run_folder_entry *e = run_folder_find(f, step);
    e = e == NULL ? &fresh : e;
    if (run_folder_is_own(f, e)) {
        return LS_OK;
    }
    settle_link(f, e);
    code = set_aside(f, e, e->what == DAMAGED && e->regular ? ".damaged" : ".aside");
    if (code == LS_OK && e != &fresh) {
        run_folder_forget(f, e);
    }
    return code;
}

int run_folder_add(run_folder *f, uint64_t step)
{
    char name[CHECKPOINT_NAME_SIZE];
    run_folder_entry *e = run_folder_find_or_add(f, step);
    if (e == NULL) {
        return LS_ENOMEM;
    }
    e->what = UNKNOWN;
    if (!run_folder_examine(f, e)) {
        run_folder_forget(f, e);
        return error_set(LS_EIO, "%s/%s: is gone a moment after it was written", f->dir, checkpoint_name(name, step));
    }
    if (e->what == USABLE) {
        return LS_OK;
    }
    char why[sizeof e->why];
    (void)snprintf(why, sizeof why, "%s", e->why);
    if (e->what == DAMAGED && set_aside(f, e, ".damaged") == LS_OK) {
        run_folder_forget(f, e);
    }
    return error_set(LS_EIO, "%s; it was written a moment ago: the disk or the file system loses data", why);
}

/* --- Starting over ----------------------------------------------------------------------------------------------- */

/* Remove a log, or set it aside where it is not one. */
static int clear_log(const char *dir, const char *name, int (*is_one)(const char *path))
{
    char path[CHECKPOINT_PATH_SIZE];
    struct stat status;
    int code = run_folder_file(path, sizeof path, dir, name);
    if (code != LS_OK || lstat(path, &status) != 0) {
        return code;
    }
    if (S_ISREG(status.st_mode) && is_one(path)) {
        return unlink(path) == 0 || errno == ENOENT ? LS_OK : error_set(LS_EIO, "%s: cannot be removed: %m", path);
    }
    (void)error_set(LS_EFORMAT, "%s: is not the log of a run", path);
    return file_set_aside(path, ".aside", error_message(), "");
}

/* A train.log has the line that each run begins with. */
static int is_train_log(const char *path)
{
    const int found = seal_holds_text(path, "\nexperiment  ");
    struct stat status;
    char head[16] = "";
    if (found > 0 || (stat(path, &status) == 0 && status.st_size == 0)) {
        return 1;
    }
    FILE *f = fopen(path, "re");
    const size_t n = f == NULL ? 0 : fread(head, 1, sizeof head - 1, f);
    if (f != NULL) {
        (void)fclose(f);
    }
    return n > 0 && strncmp(head, "experiment  ", 12) == 0;
}

int run_folder_clear(run_folder *f)
{
    int code = LS_OK;
    for (size_t i = f->count; code == LS_OK && i-- > 0;) {
        run_folder_entry *e = &f->entries[i];
        if (run_folder_is_own(f, e)) {
            code = remove_own(f, e);
            run_folder_forget(f, e);
        } else if (e->what != DAMAGED && !e->said) {
            settle_link(f, e);
            log_warn("%s; it is left alone", e->why);
            e->said = true;
        }
    }
    if (code == LS_OK) {
        code = set_damaged_aside(f);
    }
    if (code == LS_OK) {
        code = clear_log(f->dir, "log.h5", runlog_is_one);
    }
    if (code == LS_OK) {
        code = clear_log(f->dir, "train.log", is_train_log);
    }
    if (code == LS_OK) {
        code = status_file_clear(f->dir);
    }
    return code == LS_OK ? event_files_clear(f->dir) : code;
}
