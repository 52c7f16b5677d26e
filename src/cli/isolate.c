#include "cli/isolate.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

/* What goes through the pipe: any number of signs of life, a verdict, the text and its zero. */
enum { SIGN = '.', GOOD = 'g', BAD = 'b' };

typedef struct line {
    int fd;
    double last; /* when the last sign was sent */
} line;

static void send_sign(void *context)
{
    line *l = context;
    const char sign = SIGN;
    const double now = clock_seconds();
    if (now - l->last >= 1) {
        l->last = now;
        (void)!write(l->fd, &sign, 1);
    }
}

static void limit(size_t memory)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);                            /* a crash is told, not kept */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* which map far more than they use */
    if (memory > 0) {
        const struct rlimit most = {memory, memory};
        (void)setrlimit(RLIMIT_AS, &most);
    }
#else
    (void)memory;
#endif
}

static void send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno != EINTR) {
            return;
        }
        bytes += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
}

/* The process of the check. Never returns. */
static void run_child(int fd, bool (*check)(char *text, problems *found, void *context), void *context, size_t memory)
{
    char text[ISOLATE_TEXT_SIZE] = "";
    line l = {.fd = fd};
    problems found = {.progress = send_sign, .context = &l};
    limit(memory);
    const char verdict = check(text, &found, context) ? GOOD : BAD;
    send_all(fd, &verdict, 1);
    send_all(fd, text, strnlen(text, sizeof text - 1) + 1);
    _exit(0);
}

/* Collect what the child sends until it ends: 1; 0 when it falls silent. *whole: everything came. */
static int listen_to(int fd, isolate_result *out, unsigned patience, bool *whole)
{
    char bytes[512];
    size_t length = 0;
    bool judged = false;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    *whole = false;
    for (;;) {
        const int ready = poll(&wait, 1, (int)patience * 1000);
        if (ready == 0) {
            return 0;
        }
        const ssize_t n = ready < 0 ? -1 : read(fd, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return 1;
        }
        for (ssize_t i = 0; i < n; i++) {
            if (!judged) {
                judged = bytes[i] != SIGN;
                out->good = bytes[i] == GOOD;
            } else if (!*whole && length < sizeof out->text) {
                out->text[length++] = bytes[i];
                *whole = bytes[i] == '\0';
            }
        }
    }
}

static void tell_end(isolate_result *out, int status, bool silent, unsigned patience)
{
    out->good = false;
    if (silent) {
        (void)snprintf(out->text, sizeof out->text, "reading it does not end (no sign of life for %u seconds)",
                       patience);
    } else if (WIFSIGNALED(status)) {
        (void)snprintf(out->text, sizeof out->text, "reading it crashed (signal %d, %s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    } else {
        (void)snprintf(out->text, sizeof out->text, "reading it crashed (status %d)", WEXITSTATUS(status));
    }
}

int isolate_run(isolate_result *out, bool (*check)(char *text, problems *found, void *context), void *context,
                unsigned patience, size_t memory)
{
    int ends[2];
    int status = 0;
    bool whole = false;
    *out = (isolate_result){0};
    (void)fflush(stdout);
    if (pipe(ends) != 0) {
        return error_set(LS_ERROR, "no pipe to a process for the check: %m");
    }
    const pid_t child = fork();
    if (child < 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return error_set(LS_ERROR, "no process for the check: %m");
    }
    if (child == 0) {
        (void)close(ends[0]);
        run_child(ends[1], check, context, memory);
    }
    (void)close(ends[1]);
    const bool silent = !listen_to(ends[0], out, patience, &whole);
    (void)close(ends[0]);
    if (silent) {
        (void)kill(child, SIGKILL);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (silent || !whole) {
        tell_end(out, status, silent, patience);
    }
    return LS_OK;
}
