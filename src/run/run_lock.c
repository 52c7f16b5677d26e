#include "run/run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/repeater.h"
#include "base/storage.h"
#include "base/text.h"
#include "base/watch.h"
#include "store/run_folder.h"

const double run_lock_beat = 5, run_lock_patience = 20;
void (*run_lock_sleep)(double seconds) = clock_sleep;
bool run_lock_distrust = false;

struct run_lock {
    char path[CHECKPOINT_PATH_SIZE];
    int file;
    double waited;   /* for others; seconds */
    repeater *beats; /* owned */
};

typedef enum attempt {
    TAKEN,
    HELD,    /* by a living process */
    UNKNOWN, /* locks do not work here, or not for all machines: its time must show it */
    GONE,    /* the file was removed meanwhile */
} attempt;

/* Who trains here: "pid 12 on node3, Slurm job 45, since 2026-01-01 12:00:00". */
static void describe_self(char out[RUN_LOCK_OWNER_SIZE])
{
    char host[64];
    char since[32] = "?";
    const time_t now = time(NULL);
    struct tm parts;
    const char *const job = getenv("SLURM_JOB_ID");
    machine_host(host, sizeof host);
    if (localtime_r(&now, &parts) != NULL) {
        (void)strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S", &parts);
    }
    (void)snprintf(out, RUN_LOCK_OWNER_SIZE, "pid %ld on %s%s%.32s, since %s", (long)getpid(), host,
                   job == NULL ? "" : ", Slurm job ", job == NULL ? "" : job, since);
}

static void read_owner(int file, char out[RUN_LOCK_OWNER_SIZE])
{
    const ssize_t n = pread(file, out, RUN_LOCK_OWNER_SIZE - 1, 0);
    out[n > 0 ? n : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    text_make_plain(out);
}

static int write_owner(const run_lock *l)
{
    char owner[RUN_LOCK_OWNER_SIZE];
    describe_self(owner);
    const size_t length = strlen(owner);
    owner[length] = '\n';
    return ftruncate(l->file, 0) == 0 && pwrite(l->file, owner, length + 1, 0) == (ssize_t)length + 1
               ? LS_OK
               : error_set(LS_EIO, "%s: cannot be written: %m", l->path);
}

/* Whether the path still leads to the file that is open: its owner removes it at the end. */
static int is_there(const run_lock *l)
{
    struct stat open_file;
    struct stat named;
    return fstat(l->file, &open_file) == 0 && stat(l->path, &named) == 0 && open_file.st_dev == named.st_dev &&
           open_file.st_ino == named.st_ino;
}

/* Whether no other machine can have a lock on this file that the system here does not know of. */
static int locks_reach_all(const char *path)
{
    const char *const kind = storage_kind(path);
    const int local = !storage_is_shared(kind) && strcmp(kind, "unknown") != 0;
    return !run_lock_distrust && (local || strcmp(kind, "nfs") == 0);
}

/* fcntl's locks of the open file description: not lost when another part of the process closes the same file. */
static attempt try_lock(const run_lock *l)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(l->file, F_OFD_SETLK, &whole) == 0) {
        return !is_there(l) ? GONE : locks_reach_all(l->path) ? TAKEN : UNKNOWN;
    }
    return errno == EAGAIN || errno == EACCES ? HELD : UNKNOWN;
}

/* Waiting is counted in naps, not read off a clock: a process that was stopped meanwhile has not looked. */
static void nap(run_lock *l)
{
    const double seconds = run_lock_beat / 10;
    run_lock_sleep(seconds);
    l->waited += seconds;
    watch_beat(); /* the other ranks wait for this one, which waits for good reason */
}

static struct timespec time_of(const run_lock *l)
{
    struct stat status = {0};
    (void)fstat(l->file, &status);
    return status.st_mtim;
}

/* Watch whether the file's time changes: machines' clocks may differ, so its value means nothing. */
static attempt watch_time(run_lock *l)
{
    const struct timespec before = time_of(l);
    const double end = l->waited + run_lock_patience;
    while (l->waited < end) {
        nap(l);
        const struct timespec now = time_of(l);
        if (now.tv_sec != before.tv_sec || now.tv_nsec != before.tv_nsec) {
            return HELD;
        }
        if (!is_there(l)) {
            return GONE;
        }
    }
    return TAKEN;
}

static void beat(void *context)
{
    const run_lock *l = context;
    (void)futimens(l->file, NULL);
}

/* It will be written over, so it must be a lock: a file with one name, and empty or of the words of describe_self. */
static int check_file(const run_lock *l)
{
    static const char begin[] = "pid ";
    char head[sizeof begin] = "";
    struct stat status;
    const ssize_t n = pread(l->file, head, sizeof begin - 1, 0);
    if (fstat(l->file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1 ||
        (n != 0 && strcmp(head, begin) != 0)) {
        return error_set(LS_EIO, "%s: is not a lock of lockstep; move it away", l->path);
    }
    return LS_OK;
}

static int open_file(run_lock *l)
{
    if (l->file >= 0) {
        (void)close(l->file);
    }
    l->file = open(l->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
    if (l->file < 0) {
        return errno == ELOOP ? error_set(LS_EIO, "%s: is a link, where the run's lock is to be; move it away", l->path)
                              : error_set(LS_EIO, "%s: cannot be made: %m", l->path);
    }
    return check_file(l);
}

/* Once: open the file and find out whether somebody lives. A file without a name in it was never taken. */
static int attempt_once(run_lock *l, attempt *result, char owner[RUN_LOCK_OWNER_SIZE])
{
    const int code = open_file(l);
    if (code != LS_OK) {
        return code;
    }
    read_owner(l->file, owner);
    *result = try_lock(l);
    if (*result == UNKNOWN) {
        *result = owner[0] == '\0' ? TAKEN : watch_time(l);
    }
    return LS_OK;
}

/* Until it is had, or somebody has shown to live for longer than a job takes to end. */
static int take(run_lock *l, const char *dir)
{
    char owner[RUN_LOCK_OWNER_SIZE] = "";
    int reported = 0;
    for (;;) {
        attempt result = GONE;
        const int code = attempt_once(l, &result, owner);
        if (code != LS_OK || result == TAKEN) {
            return code;
        }
        if (result == HELD && l->waited >= run_lock_patience) {
            return error_set(LS_EIO,
                             "%s: another job trains in this folder (%s); wait for it or stop it, or give this one a "
                             "checkpoint.dir or an experiment.name of its own",
                             dir, owner[0] == '\0' ? "it has just begun" : owner);
        }
        if (result == HELD && !reported) {
            reported = 1;
            log_info("%s: another job trains in this folder (%s); waiting %.0f s for its end", dir, owner,
                     run_lock_patience);
        }
        nap(l);
    }
}

int run_lock_take(run_lock **out, const char *dir)
{
    *out = NULL;
    run_lock *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the lock of %s", dir);
    }
    l->file = -1;
    int code = run_folder_make(dir);
    if (code == LS_OK) {
        code = run_folder_file(l->path, sizeof l->path, dir, "run.lock");
    }
    if (code == LS_OK) {
        code = take(l, dir);
    }
    if (code == LS_OK) {
        code = write_owner(l);
    }
    if (code == LS_OK) {
        code = repeater_start(&l->beats, beat, l, run_lock_beat, "the run's lock");
    }
    if (code != LS_OK) {
        if (l->file >= 0) {
            (void)close(l->file); /* whoever's it is */
        }
        free(l);
        return code;
    }
    *out = l;
    return LS_OK;
}

run_lock_look run_lock_look_at(const char *dir)
{
    char path[CHECKPOINT_PATH_SIZE];
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat status;
    run_lock_look look = {.sign = RUN_LOCK_FREE};
    const int code = run_folder_file(path, sizeof path, dir, "run.lock");
    const int file = code == LS_OK ? open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    if (file < 0 || fstat(file, &status) != 0) {
        if (file >= 0) {
            (void)close(file);
        }
        return look;
    }
    look.set = (double)status.st_mtim.tv_sec;
    read_owner(file, look.owner);
    look.sign = fcntl(file, F_OFD_GETLK, &whole) != 0 ? RUN_LOCK_UNKNOWN
                : whole.l_type != F_UNLCK             ? RUN_LOCK_HELD
                : locks_reach_all(path)               ? RUN_LOCK_LEFT
                                                      : RUN_LOCK_UNKNOWN;
    (void)close(file);
    return look;
}

void run_lock_free(run_lock *l)
{
    if (l == NULL) {
        return;
    }
    repeater_stop(l->beats);
    if (is_there(l)) { /* the folder may have been removed, and made again by others */
        (void)unlink(l->path);
    }
    (void)close(l->file); /* after that: who gets the lock now sees that the file is gone */
    free(l);
}
