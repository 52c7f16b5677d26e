#include "comm/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/repeater.h"
#include "comm/alarm.h"
#include "comm/interfaces.h"

enum { DEFAULT_SECONDS = 300, MOST_SECONDS = 1000000 };

struct guard {
    repeater *watch; /* owned */
    clock_awake clock;
    long seconds;
    char advice[INTERFACES_ADVICE_SIZE]; /* made before anything can hang */
};

/* Who this is, from the variables of launchers: MPI does not say yet. */
static const char *launcher_rank(void)
{
    const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *const value = getenv(names[i]); /* NOLINT(concurrency-mt-unsafe): nobody changes it */
        if (value != NULL) {
            return value;
        }
    }
    return "?";
}

_Noreturn static void give_up(const guard *g)
{
    char host[256] = "?";
    char text[512 + INTERFACES_ADVICE_SIZE];
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(
        text, sizeof text,
        "lockstep: error: rank %.16s on %s (pid %ld): MPI has not started in %ld s (LOCKSTEP_START_TIMEOUT): "
        "another rank has stopped or died, or the network between the hosts does not work%s%s; exit status %d\n",
        launcher_rank(), host, (long)getpid(), g->seconds, g->advice[0] == '\0' ? "" : "; ", g->advice, EXIT_STALLED);
    alarm_say(text);
    alarm_exit();
}

static void watch(void *context)
{
    guard *g = context;
    if (clock_turn(&g->clock, clock_seconds()) >= (double)g->seconds) {
        give_up(g);
    }
}

static int read_limit(long *out)
{
    const char *const text = getenv("LOCKSTEP_START_TIMEOUT");
    char *end = NULL;
    *out = DEFAULT_SECONDS;
    if (text == NULL) {
        return LS_OK;
    }
    errno = 0;
    *out = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *out >= 0 && *out <= MOST_SECONDS
               ? LS_OK
               : error_set(LS_EUSAGE, "LOCKSTEP_START_TIMEOUT: '%s' is not a whole number of seconds from 0 to %d",
                           text, MOST_SECONDS);
}

int guard_begin(guard **out)
{
    long seconds = 0;
    *out = NULL;
    int code = read_limit(&seconds);
    if (code != LS_OK || seconds == 0) {
        return code;
    }
    guard *g = calloc(1, sizeof *g);
    if (g == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the start's time limit");
    }
    g->seconds = seconds;
    interfaces_advice(g->advice, sizeof g->advice);
    code = repeater_start(&g->watch, watch, g, 1, "the start's time limit");
    if (code != LS_OK) {
        free(g);
        return code;
    }
    *out = g;
    return LS_OK;
}

void guard_end(guard *g)
{
    if (g != NULL) {
        repeater_stop(g->watch);
    }
    free(g);
}
