#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

static struct {
    pthread_mutex_t lock;
    FILE *file; /* owned; NULL when no log file is open */
    int rank;
    int size;
    int live;          /* somebody follows what goes on: each line is to be seen at once */
    int block;         /* lines of the block that stands above the cursor */
    int in_progress;   /* a progress line stands unfinished on the terminal */
    int output_lost;   /* errno of the first line that standard output did not take; 0: none */
    int loss_reported; /* log_check_output has returned it */
    int file_lost;     /* of the log file */
} log_state = {.lock = PTHREAD_MUTEX_INITIALIZER, .size = 1};

static const char error_label[] = "error: ";

void log_set_rank(int rank, int size)
{
    log_state.rank = rank;
    log_state.live = 1;
    log_state.size = size;
}

/* A link that somebody put there is not followed: the lines would go to a file of theirs, or of nobody's. */
static int open_file(const char *path)
{
    struct stat status;
    const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
    if (fd < 0) {
        return errno == ELOOP ? error_set(LS_EIO, "%s: is a link, where the log file is to be; move it away", path)
                              : error_set(LS_EIO, "%s: cannot open the log file for appending: %m", path);
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)close(fd);
        return error_set(LS_EIO, "%s: is no file, where the log file is to be; move it away", path);
    }
    log_state.file = fdopen(fd, "a");
    if (log_state.file == NULL) {
        (void)close(fd);
        return error_set(LS_ENOMEM, "%s: no memory to open the log file", path);
    }
    return LS_OK;
}

int log_open(const char *path)
{
    int code = LS_OK;
    pthread_mutex_lock(&log_state.lock);
    log_state.file_lost = 0;
    if (log_state.file != NULL) {
        (void)fclose(log_state.file);
        log_state.file = NULL;
    }
    if (path != NULL) {
        code = open_file(path);
    }
    pthread_mutex_unlock(&log_state.lock);
    return code;
}

/* A line that waited in the buffer is lost without a trace otherwise: the next flush has nothing to fail with. */
static void flush_output(void)
{
    errno = 0;
    if (fflush(stdout) != 0 && log_state.output_lost == 0) {
        log_state.output_lost = errno != 0 ? errno : EIO;
    }
}

static void clear_progress(void)
{
    if (log_state.in_progress) {
        (void)fputs("\r\033[K", stdout);
        log_state.in_progress = 0;
    }
}

/* To standard error, with the program's name and, where there are several, the rank in front. */
static void write_error(const char *label, const char *text)
{
    flush_output();
    if (log_state.size > 1) {
        (void)fprintf(stderr, "lockstep[%d]: %s%s\n", log_state.rank, label, text);
    } else {
        (void)fprintf(stderr, "lockstep: %s%s\n", label, text);
    }
    (void)fflush(stderr);
}

static void write_output(const char *text)
{
    errno = 0;
    if (fprintf(stdout, "%s\n", text) < 0 && log_state.output_lost == 0) {
        log_state.output_lost = errno != 0 ? errno : EIO;
    }
    if (log_state.live) {
        flush_output();
    }
}

/* A log file that cannot be written must not end the run, whose checkpoints are whole; but it is said. */
static void write_file(const char *label, const char *text)
{
    errno = 0;
    if (log_state.file == NULL ||
        (fprintf(log_state.file, "%s%s\n", label, text) >= 0 && fflush(log_state.file) == 0) ||
        log_state.file_lost != 0) {
        return;
    }
    char message[256];
    log_state.file_lost = errno != 0 ? errno : EIO;
    (void)snprintf(message, sizeof message, "the log file cannot be written (%s): lines are missing in it",
                   strerror(log_state.file_lost));
    write_error("warning: ", message);
}

/* Of rank 0 alone, but for errors. */
static void write_line(FILE *stream, const char *label, const char *format, va_list args)
{
    char fallback[] = "(no memory for a line)";
    char *line = NULL;
    if (log_state.rank != 0 && label != error_label) {
        return;
    }
    char *const text = vasprintf(&line, format, args) < 0 ? fallback : line;
    text_make_plain(text);
    pthread_mutex_lock(&log_state.lock);
    clear_progress();
    if (stream == stderr) {
        write_error(label, text);
    } else {
        write_output(text);
    }
    write_file(label, text);
    pthread_mutex_unlock(&log_state.lock);
    if (text != fallback) {
        free(line);
    }
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(stdout, "", format, args);
    va_end(args);
}

void log_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(stderr, "", format, args);
    va_end(args);
}

void log_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(stderr, "warning: ", format, args);
    va_end(args);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(stderr, error_label, format, args);
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
    text_make_plain(text);
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

static void write_block_line(const char *line, size_t length)
{
    char *const text = strndup(line, length);
    if (text != NULL) {
        text_make_plain(text);
        (void)printf("%s", text);
        free(text);
    }
    (void)fputs("\033[K\n", stdout);
}

void log_block(const char *lines, int rows)
{
    int written = 0;
    if (log_state.rank != 0) {
        return;
    }
    pthread_mutex_lock(&log_state.lock);
    if (log_state.block > 0) {
        (void)printf("\033[%dA\r", log_state.block);
    }
    while (*lines != '\0' && written < rows) {
        const size_t length = strcspn(lines, "\n");
        write_block_line(lines, length);
        lines += length + (lines[length] == '\n');
        written++;
    }
    (void)fputs("\033[J", stdout);
    log_state.block = written;
    flush_output();
    pthread_mutex_unlock(&log_state.lock);
}

void log_lines(const char *text)
{
    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");
        log_info("%.*s", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

void log_script(const char *lines)
{
    if (log_state.rank != 0) {
        return;
    }
    pthread_mutex_lock(&log_state.lock);
    clear_progress();
    write_output(lines);
    pthread_mutex_unlock(&log_state.lock);
}

int log_check_output(void)
{
    pthread_mutex_lock(&log_state.lock);
    flush_output();
    const int lost = log_state.loss_reported ? 0 : log_state.output_lost;
    log_state.loss_reported = log_state.loss_reported || lost != 0;
    pthread_mutex_unlock(&log_state.lock);
    return lost == 0 ? LS_OK : error_set(LS_EIO, "standard output cannot be written: %s", strerror(lost));
}
