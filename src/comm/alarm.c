#include "comm/alarm.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

/* A pipe that has room at all takes PIPE_BUF bytes without blocking. */
void alarm_say(const char *text)
{
    enum { PATIENCE_MS = 500 };
    struct pollfd errors = {.fd = STDERR_FILENO, .events = POLLOUT};
    const size_t size = strlen(text);
    for (size_t at = 0; at < size;) {
        if (poll(&errors, 1, PATIENCE_MS) != 1 || (errors.revents & POLLOUT) == 0) {
            return;
        }
        const ssize_t written = write(STDERR_FILENO, text + at, size - at);
        if (written <= 0) {
            return;
        }
        at += (size_t)written;
    }
}

/* Not exit, whose handlers may wait for what hangs; not MPI_Abort, which may block. */
_Noreturn void alarm_exit(void)
{
    _exit(EXIT_STALLED);
}
