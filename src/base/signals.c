#include "base/signals.h"

#include <signal.h>
#include <stddef.h>

static const struct {
    int number;
    const char *name;
} caught[] = {{SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"},   {SIGUSR1, "SIGUSR1"},
              {SIGHUP, "SIGHUP"},   {SIGPIPE, "SIGPIPE"}, {SIGXCPU, "SIGXCPU"}};

enum { CAUGHT = sizeof caught / sizeof *caught };

static volatile sig_atomic_t received;
static volatile sig_atomic_t interrupted;

static void note(int number)
{
    if (number == SIGINT && interrupted) {
        (void)signal(SIGINT, SIG_DFL);
        (void)raise(SIGINT); /* takes effect as the handler returns */
        return;
    }
    interrupted = interrupted || number == SIGINT;
    if (received == 0) {
        received = number;
    }
}

void signals_catch(void)
{
    for (size_t i = 0; i < CAUGHT; i++) {
        struct sigaction before;
        struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
        (void)sigemptyset(&action.sa_mask);
        if (sigaction(caught[i].number, NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            (void)sigaction(caught[i].number, &action, NULL);
        }
    }
}

int signals_received(void)
{
    return (int)received;
}

const char *signals_name(int number)
{
    for (size_t i = 0; i < CAUGHT; i++) {
        if (caught[i].number == number) {
            return caught[i].name;
        }
    }
    return "a signal";
}
