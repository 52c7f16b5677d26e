#include "base/leftover.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ};

enum { ENDING = sizeof ending / sizeof *ending };

static char guarded[PATH_MAX];
static pid_t owner;         /* a process forked from it removes nothing */
static bool caught[ENDING]; /* has our handler */

static void remove_and_end(int number)
{
    const int before = errno;
    if (getpid() == owner) {
        (void)unlink(guarded);
    }
    errno = before;
    (void)signal(number, SIG_DFL);
    (void)raise(number); /* takes effect as the handler returns */
}

void leftover_begin(const char *path)
{
    const size_t n = strlen(path);
    if (n >= sizeof guarded) {
        return;
    }
    memcpy(guarded, path, n + 1);
    owner = getpid();
    for (size_t i = 0; i < ENDING; i++) {
        struct sigaction before;
        struct sigaction action = {.sa_handler = remove_and_end};
        (void)sigfillset(&action.sa_mask);
        caught[i] = sigaction(ending[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL &&
                    sigaction(ending[i], &action, NULL) == 0;
    }
}

void leftover_end(void)
{
    for (size_t i = 0; i < ENDING; i++) {
        if (caught[i]) {
            (void)signal(ending[i], SIG_DFL);
            caught[i] = false;
        }
    }
}
