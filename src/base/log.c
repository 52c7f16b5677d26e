#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

static struct {
    pthread_mutex_t lock;
    FILE *file; /* owned; NULL when no log file is open */
    int rank;
    int size;
    int in_progress; /* a progress line stands unfinished on the terminal */
} log_state = {PTHREAD_MUTEX_INITIALIZER, NULL, 0, 1, 0};

void log_set_rank(int rank, int size)
{
    log_state.rank = rank;
    log_state.size = size;
}

int log_open(const char *path)
{
    int code = LS_OK;
    pthread_mutex_lock(&log_state.lock);
    if (log_state.file != NULL) {
        (void)fclose(log_state.file);
        log_state.file = NULL;
    }
    if (path != NULL) {
        log_state.file = fopen(path, "a");
        if (log_state.file == NULL) {
            code = error_set(LS_EIO, "%s: cannot open the log file for appending: %m", path);
        }
    }
    pthread_mutex_unlock(&log_state.lock);
    return code;
}

static void clear_progress(void)
{
    if (log_state.in_progress) {
        (void)fputs("\r\033[K", stdout);
        log_state.in_progress = 0;
    }
}

static void write_line(FILE *stream, const char *label, const char *format, va_list args)
{
    char text[2048];
    (void)vsnprintf(text, sizeof text, format, args);
    pthread_mutex_lock(&log_state.lock);
    clear_progress();
    if (stream == stderr && log_state.size > 1) {
        (void)fflush(stdout);
        (void)fprintf(stream, "lockstep[%d]: %s%s\n", log_state.rank, label, text);
    } else if (stream == stderr) {
        (void)fflush(stdout);
        (void)fprintf(stream, "lockstep: %s%s\n", label, text);
    } else {
        (void)fprintf(stream, "%s%s\n", label, text);
    }
    (void)fflush(stream);
    if (log_state.file != NULL) {
        (void)fprintf(log_state.file, "%s%s\n", label, text);
        (void)fflush(log_state.file);
    }
    pthread_mutex_unlock(&log_state.lock);
}

void log_info(const char *format, ...)
{
    if (log_state.rank != 0) {
        return;
    }
    va_list args;
    va_start(args, format);
    write_line(stdout, "", format, args);
    va_end(args);
}

void log_warn(const char *format, ...)
{
    if (log_state.rank != 0) {
        return;
    }
    va_list args;
    va_start(args, format);
    write_line(stderr, "warning: ", format, args);
    va_end(args);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(stderr, "error: ", format, args);
    va_end(args);
}

/*
 * mpirun gives its processes a pseudo-terminal for output, wherever its own output goes, and a pipe for errors. Where
 * it is this process's parent, it is its output that counts.
 */
static int parent_has_terminal(void)
{
    char path[64];
    char target[64] = "";
    (void)snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)getppid(), STDOUT_FILENO);
    const ssize_t n = readlink(path, target, sizeof target - 1);
    return n > 0 && (strncmp(target, "/dev/pts/", 9) == 0 || strncmp(target, "/dev/tty", 8) == 0);
}

int log_is_terminal(void)
{
    return log_state.rank == 0 && isatty(STDOUT_FILENO) && (isatty(STDERR_FILENO) || parent_has_terminal());
}

void log_progress(const char *format, ...)
{
    if (!log_is_terminal()) {
        return;
    }
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    pthread_mutex_lock(&log_state.lock);
    (void)printf("\r\033[K%s", text);
    (void)fflush(stdout);
    log_state.in_progress = 1;
    pthread_mutex_unlock(&log_state.lock);
}

void log_progress_end(void)
{
    pthread_mutex_lock(&log_state.lock);
    if (log_state.in_progress) {
        clear_progress();
        (void)fflush(stdout);
    }
    pthread_mutex_unlock(&log_state.lock);
}
