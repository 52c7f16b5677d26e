#include "store/event_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "store/checkpoint.h"
#include "store/event_folder.h"
#include "store/event_message.h"
#include "store/event_record.h"

static const double MOST_SECONDS = 2; /* that events wait */
enum { MOST_WAITING = 1 << 20 };      /* bytes of them */

struct event_file {
    int fd;
    char path[CHECKPOINT_PATH_SIZE];
    text_builder message, waiting;
    double written; /* on the clock */
};

/* Seconds since 1970. */
static double wall(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The message, as a record that waits to be written. */
static void put_record(event_file *f)
{
    event_record_add(&f->waiting, text_of(&f->message), f->message.length);
    f->waiting.failed = f->waiting.failed || f->message.failed;
    f->message.length = 0;
}

static int create(event_file *f, const char *dir, uint64_t step)
{
    int code = event_folder_new_name(f->path, sizeof f->path, dir);
    if (code != LS_OK) {
        return code;
    }
    f->fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (f->fd < 0) {
        return error_set(LS_EIO, "%s: cannot be created: %m", f->path);
    }
    event_add_version(&f->message, wall());
    put_record(f);
    event_add_start(&f->message, wall(), step + 1);
    put_record(f);
    return event_file_flush(f);
}

int event_file_open(event_file **out, const char *run_dir, event_curves curves, const event_start_point *from)
{
    char dir[CHECKPOINT_PATH_SIZE];
    *out = NULL;
    event_file *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for event files", run_dir);
    }
    f->fd = -1;
    int code = event_folder_make(dir, sizeof dir, run_dir, curves);
    if (code == LS_OK) {
        code = event_folder_trim(dir, from);
    }
    if (code == LS_OK) {
        code = create(f, dir, from->step);
    }
    if (code != LS_OK) {
        f->waiting.length = 0;
        (void)event_file_close(f);
        return code;
    }
    *out = f;
    return LS_OK;
}

const char *event_file_path(const event_file *f)
{
    return f->path;
}

int event_file_flush(event_file *f)
{
    const size_t n = f->waiting.length;
    if (f->waiting.failed) {
        return error_set(LS_ENOMEM, "%s: out of memory for events", f->path);
    }
    f->waiting.length = 0; /* also after a failure: what was written in part would follow twice */
    f->written = clock_seconds();
    return n > 0 && file_write(f->fd, text_of(&f->waiting), n) != 0
               ? error_set(LS_EIO, "%s: cannot be written: %m", f->path)
               : LS_OK;
}

int event_file_add(event_file *f, uint64_t step, text_builder *values)
{
    if (values->length > 0 || values->failed) {
        event_add_values(&f->message, wall(), step, values);
        put_record(f);
        values->length = 0;
    }
    const bool due = f->waiting.length >= MOST_WAITING || clock_seconds() - f->written >= MOST_SECONDS;
    return due || f->waiting.failed ? event_file_flush(f) : LS_OK;
}

int event_file_close(event_file *f)
{
    if (f == NULL) {
        return LS_OK;
    }
    int code = event_file_flush(f);
    if (f->fd >= 0 && close(f->fd) != 0 && code == LS_OK) {
        code = error_set(LS_EIO, "%s: cannot be written: %m", f->path);
    }
    text_release(&f->message);
    text_release(&f->waiting);
    free(f);
    return code;
}
