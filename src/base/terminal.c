#include "base/terminal.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct {
    struct termios before;
    bool changed;
    bool open; /* standard input may have something to read */
} state;

static volatile sig_atomic_t stops;

bool terminal_can_draw(void)
{
    const char *const kind = getenv("TERM");
    return isatty(STDOUT_FILENO) && kind != NULL && kind[0] != '\0' && strcmp(kind, "dumb") != 0;
}

static int from_environment(const char *name, int otherwise)
{
    const char *const value = getenv(name);
    const long number = value == NULL ? 0 : strtol(value, NULL, 10);
    return number > 0 && number <= USHRT_MAX ? (int)number : otherwise;
}

void terminal_size(int *columns, int *rows)
{
    struct winsize size = {0};
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    *columns = known && size.ws_col > 0 ? size.ws_col : from_environment("COLUMNS", 80);
    *rows = known && size.ws_row > 0 ? size.ws_row : from_environment("LINES", 24);
}

bool terminal_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *const value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            return strcasestr(value, "UTF-8") != NULL || strcasestr(value, "utf8") != NULL;
        }
    }
    return false;
}

/* Changing the terminal from the background would stop the process. */
static void take_keys(void)
{
    if (!isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp() || tcgetattr(STDIN_FILENO, &state.before) != 0) {
        return;
    }
    struct termios raw = state.before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    state.changed = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static void give_keys_back(void)
{
    if (state.changed) {
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &state.before);
        state.changed = false;
    }
}

static void note_stop(int number)
{
    (void)number;
    stops = 1;
}

static void listen_for_stops(void)
{
    struct sigaction action = {.sa_handler = note_stop};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTSTP, &action, NULL);
}

/* Until the process is continued. */
static void stop(void)
{
    stops = 0;
    give_keys_back();
    (void)signal(SIGTSTP, SIG_DFL);
    (void)raise(SIGTSTP);
    listen_for_stops();
    take_keys();
}

void terminal_keys_begin(void)
{
    state.open = isatty(STDIN_FILENO);
    take_keys();
    if (state.changed) {
        listen_for_stops();
    }
}

void terminal_keys_end(void)
{
    give_keys_back();
}

char terminal_key(double seconds)
{
    struct pollfd input = {.fd = state.open && state.changed ? STDIN_FILENO : -1, .events = POLLIN};
    char key = 0;
    const int events = poll(&input, 1, (int)(seconds * 1000));
    if (stops) {
        stop();
        return 0;
    }
    if (events > 0 && read(STDIN_FILENO, &key, 1) != 1) {
        state.open = false; /* it has hung up */
        return 0;
    }
    return key;
}
