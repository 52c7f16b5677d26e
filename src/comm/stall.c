#include "comm/stall.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { MOST_LINES = 8, LINE_SIZE = 320 };

/* Datagrams get lost, and threads get their turn late. */
static const double SHORTEST_SILENCE = 3;

double stall_silence(double stall)
{
    return stall / 2 > SHORTEST_SILENCE ? stall / 2 : SHORTEST_SILENCE;
}

/* The order in which ranks are waited for. */
static stall_cause standing(const stall_rank *r, double silence)
{
    if (!r->reported) {
        return STALL_NO_REPORT;
    }
    if (r->silent >= silence) {
        return STALL_SILENT;
    }
    return r->state.waits ? STALL_ALL : STALL_BUSY;
}

/* Whether rank a is named before rank b. */
static int before(const stall_rank *ranks, int a, int b, double silence)
{
    const stall_cause x = standing(&ranks[a], silence);
    const stall_cause y = standing(&ranks[b], silence);
    const uint64_t p = ranks[a].state.collective;
    const uint64_t q = ranks[b].state.collective;
    if (x != y) {
        return x < y;
    }
    return p != q ? p < q : a < b;
}

/* The rank named after `last` (-1: the first); -1 when there is none. */
static int next_named(const stall_rank *ranks, int n, int last, double silence)
{
    int next = -1;
    for (int r = 0; r < n; r++) {
        if ((last < 0 || before(ranks, last, r, silence)) && (next < 0 || before(ranks, r, next, silence))) {
            next = r;
        }
    }
    return next;
}

/* How far those have got who wait. */
static uint64_t furthest(const stall_rank *ranks, int n, double silence)
{
    uint64_t most = 0;
    for (int r = 0; r < n; r++) {
        const int waits = standing(&ranks[r], silence) == STALL_ALL;
        most = waits && ranks[r].state.collective > most ? ranks[r].state.collective : most;
    }
    return most;
}

stall_verdict stall_find_cause(const stall_rank *ranks, int n, double silence)
{
    const uint64_t most = furthest(ranks, n, silence);
    stall_verdict v = {.rank = next_named(ranks, n, -1, silence)};
    v.furthest = most;
    v.cause = standing(&ranks[v.rank], silence);
    if (v.cause == STALL_ALL && ranks[v.rank].state.collective < most) {
        v.cause = STALL_BEHIND;
    }
    for (int r = 0; r < n; r++) {
        const stall_cause own = standing(&ranks[r], silence);
        const int behind = v.cause == STALL_BEHIND && own == STALL_ALL && ranks[r].state.collective < most;
        v.others += r != v.rank && (behind || (own == v.cause && v.cause != STALL_BEHIND));
    }
    return v;
}

/* A text that grows and is cut where it is full. */
typedef struct growing {
    char *out;
    size_t size, at;
} growing;

static void add(growing *g, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(growing *g, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(g->out + g->at, g->size - g->at, format, args);
    va_end(args);
    const size_t wanted = n > 0 ? (size_t)n : 0;
    g->at = wanted < g->size - g->at ? g->at + wanted : g->size - 1;
}

static long whole(double seconds)
{
    return (long)(seconds + 0.5);
}

static void add_name(growing *g, const stall_rank *ranks, int r)
{
    add(g, "rank %d on %s (pid %ld)", r, ranks[r].host, ranks[r].pid);
}

static void add_line(growing *g, const char *lead, const stall_rank *ranks, int r)
{
    const stall_rank *const k = &ranks[r];
    add(g, "%s  ", lead);
    add_name(g, ranks, r);
    if (!k->reported) {
        add(g, ": never heard from\n");
        return;
    }
    add(g, ": step %" PRIu64 ", %s, %s collective %" PRIu64 ", no progress for %ld s", k->state.step,
        watch_phase_name(k->state.phase), k->state.waits ? "waits in" : "past", k->state.collective, whole(k->idle));
    if (k->silent > 0) {
        add(g, ", last heard from %ld s ago", whole(k->silent));
    }
    add(g, "\n");
}

static void add_conclusion(growing *g, const stall_rank *ranks, int n, double silence)
{
    const stall_verdict v = stall_find_cause(ranks, n, silence);
    const stall_rank *const k = &ranks[v.rank];
    char others[64] = "";
    if (v.others > 0) {
        (void)snprintf(others, sizeof others, " (so it is with %d more)", v.others);
    }
    if (v.cause != STALL_ALL) {
        add_name(g, ranks, v.rank);
    }
    switch (v.cause) {
    case STALL_SILENT:
        add(g, " has not been heard from for %ld s%s: stopped, dead or cut off", whole(k->silent), others);
        break;
    case STALL_BUSY:
        add(g, " has been in '%s' for %ld s%s", watch_phase_name(k->state.phase), whole(k->idle), others);
        if (v.furthest > 0) {
            add(g, "; the others wait for it in collective %" PRIu64, v.furthest);
        }
        break;
    case STALL_NO_REPORT:
        add(g, " was never heard from%s: it hangs, or no UDP comes through from its host; the others wait", others);
        break;
    case STALL_BEHIND:
        add(g, " waits in collective %" PRIu64 "%s, others in %" PRIu64 ": messages to it are late or lost",
            k->state.collective, others, v.furthest);
        break;
    case STALL_ALL:
        add(g, "all ranks wait in collective %" PRIu64 ": messages between them are late or lost", k->state.collective);
        break;
    }
}

/* out is written to, in add. */ /* NOLINTNEXTLINE(readability-non-const-parameter) */
const char *stall_conclude(char *out, size_t size, const stall_rank *ranks, int n, double silence)
{
    growing g = {out, size, 0};
    add_conclusion(&g, ranks, n, silence);
    return out;
}

/* out is written to, in add. */ /* NOLINTNEXTLINE(readability-non-const-parameter) */
size_t stall_describe(char *out, size_t size, const char *lead, const stall_rank *ranks, int n, double silence)
{
    growing g = {out, size, 0};
    int named = 0;
    for (int r = next_named(ranks, n, -1, silence); r >= 0 && named < MOST_LINES && size - g.at > (size_t)2 * LINE_SIZE;
         r = next_named(ranks, n, r, silence), named++) {
        add_line(&g, lead, ranks, r);
    }
    if (named < n) {
        add(&g, "%s  and %d more\n", lead, n - named);
    }
    add(&g, "%s", lead);
    add_conclusion(&g, ranks, n, silence);
    add(&g, "\n");
    return g.at;
}
