#include "store/runlog_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/holder.h"
#include "base/log.h"
#include "base/watch.h"
#include "store/runlog_read.h"

int runlog_set_aside(const char *path, const char *suffix)
{
    return file_set_aside(path, suffix, error_message(), " and a new log begins");
}

const double runlog_patience = 20;
void (*runlog_sleep)(double seconds) = clock_sleep;

/* Who writes a log that is about to be replaced would write into nowhere: wait for its end. */
static int wait_for_holder(const char *path)
{
    static const double NAP = 0.5;
    char who[128];
    for (double waited = 0; holder_find(who, sizeof who, path); waited += NAP) {
        if (waited == 0) {
            log_info("%s: is open for writing in %s; waiting %.0f s for its end", path, who, runlog_patience);
        }
        if (waited >= runlog_patience) {
            return error_set(LS_EIO, "%s: is open for writing in %s; close it there and start again", path, who);
        }
        runlog_sleep(NAP);
        watch_beat(); /* the other ranks wait for this one, which waits for good reason */
    }
    return LS_OK;
}

/* A log of completed epochs of which no checkpoint is left: nobody will make its rows again. */
static int keep_epochs_of(const char *path)
{
    runlog_epoch_row *rows = NULL;
    size_t count = 0;
    const int code = runlog_read_epochs(path, &rows, &count);
    free(rows);
    if (code == LS_OK && count == 0) {
        return LS_OK; /* a run that was killed before its first epoch's end */
    }
    if (code == LS_OK) {
        (void)error_set(LS_EFORMAT, "%s: has %zu epochs, and no checkpoint goes with them", path, count);
    }
    return runlog_set_aside(path, code == LS_OK ? ".aside" : ".damaged");
}

int runlog_prepare_place(const char *path, bool resumes)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        return errno == ENOENT ? LS_OK : error_set(LS_EIO, "%s: cannot be examined: %m", path);
    }
    if (!S_ISREG(status.st_mode)) {
        return error_set(LS_EIO, "%s: is a %s, where the run's log is to be written; move it away", path,
                         S_ISLNK(status.st_mode)   ? "link"
                         : S_ISDIR(status.st_mode) ? "folder"
                                                   : "pipe, device or socket");
    }
    const int code = wait_for_holder(path);
    return code != LS_OK || resumes ? code : keep_epochs_of(path);
}
