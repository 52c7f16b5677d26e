/* What a watchdog reports, and when it ends the process. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "comm/watchdog_private.h"

enum { LEAD_SIZE = 48 };

/* Rank 0 knows most, so where it lives the others let it end the job. */
static const double GRACE_SECONDS = 3;

static long whole(double seconds)
{
    return (long)(seconds + 0.5);
}

static double silence(const comm_timeouts *t)
{
    return stall_silence(t->stall > 0 ? t->stall : t->abort);
}

/* Of a rank other than 0. */
static int misses_rank_0(const watchdog *w, const comm_timeouts *t)
{
    return !w->peers[0].reported || w->now - w->peers[0].when >= silence(t);
}

static void fill_table(watchdog *w)
{
    for (int r = 0; r < w->size; r++) {
        const watchdog_peer *p = &w->peers[r];
        w->table[r] =
            (stall_rank){p->name.host, p->name.pid, p->reported, w->now - p->when, w->now - p->progressed, p->state};
    }
    w->table[0].reported = 1;
    w->table[0].silent = 0;
    w->table[0].idle = w->now - w->progressed;
    w->table[0].state = watch_read();
}

/* A rank that is not heard of for so long while nothing gets on is taken for stopped; and from then on it is told. */
static const double TOLD_AFTER = 3;

void watchdog_tell(watchdog *w)
{
    comm_standing s = {.idle = w->now - w->latest};
    if (w->rank != 0) {
        return;
    }
    const watch_spent own = watch_read_spent();
    pace_note(&w->paces[0], w->now, &own);
    const pace p = pace_of(w->paces, w->size);
    s.slowest = p.rank;
    if (p.rank >= 0) {
        (void)snprintf(s.slowest_host, sizeof s.slowest_host, "%s", w->peers[p.rank].name.host);
        s.slowest_waits = p.waiting;
        s.slowest_pictures = p.pictures;
        s.others_wait = p.others;
    }
    if (s.idle >= TOLD_AFTER) {
        const comm_timeouts t = watchdog_timeouts(w);
        const double reports = 3 * watchdog_interval(&t, w->size);
        fill_table(w);
        (void)stall_conclude(s.waited, sizeof s.waited, w->table, w->size, reports > TOLD_AFTER ? reports : TOLD_AFTER);
    }
    snapshot_write(&w->standing, &s, sizeof s);
}

/* How its lines begin, as those of base/log.h. */
static const char *lead_of(const watchdog *w, char lead[LEAD_SIZE], const char *label)
{
    if (w->size > 1) {
        (void)snprintf(lead, LEAD_SIZE, "lockstep[%d]: %s: ", w->rank, label);
    } else {
        (void)snprintf(lead, LEAD_SIZE, "lockstep: %s: ", label);
    }
    return lead;
}

/* Ranks on several hosts that wait for messages of the first exchange may have connected to the wrong host. */
static void advise(watchdog *w, const comm_timeouts *t, const char *lead)
{
    const stall_cause cause = stall_find_cause(w->table, w->size, silence(t)).cause;
    int hosts = 1;
    for (int r = 1; r < w->size && hosts == 1; r++) {
        hosts += strcmp(w->table[r].host, w->table[0].host) != 0;
    }
    const int waits = cause == STALL_ALL || cause == STALL_BEHIND || cause == STALL_NO_REPORT;
    if (hosts > 1 && waits && w->table[0].state.step == 0 && w->advice[0] != '\0') {
        (void)snprintf(w->text, sizeof w->text, "%s%s\n", lead, w->advice);
        alarm_say(w->text);
    }
}

/* The lines of rank 0. */
static void report_ranks(watchdog *w, const comm_timeouts *t, const char *headline)
{
    char lead[LEAD_SIZE];
    (void)lead_of(w, lead, "stall");
    fill_table(w);
    const int n = snprintf(w->text, sizeof w->text, "%s%s\n", lead, headline);
    const size_t at = n > 0 && (size_t)n < sizeof w->text ? (size_t)n : 0;
    (void)stall_describe(w->text + at, sizeof w->text - at, lead, w->table, w->size, silence(t));
    alarm_say(w->text);
    advise(w, t, lead);
}

/* The line of another rank, about itself and rank 0. */
static void report_self(watchdog *w, const char *headline)
{
    const watchdog_peer *zero = &w->peers[0];
    const watch_state s = watch_read();
    char heard[96] = "was never heard from: it hangs, or no UDP comes through to its host";
    if (zero->reported) {
        (void)snprintf(heard, sizeof heard, "has not been heard from for %ld s: stopped, dead or cut off",
                       whole(w->now - zero->when));
    }
    (void)snprintf(w->text, sizeof w->text,
                   "lockstep[%d]: stall: %s; rank %d on %s (pid %ld): step %" PRIu64 ", %s, %s collective %" PRIu64
                   ", no progress for %ld s; rank 0 on %s (pid %ld) %s\n",
                   w->rank, headline, w->rank, w->name.host, w->name.pid, s.step, watch_phase_name(s.phase),
                   s.waits ? "waits in" : "past", s.collective, whole(w->now - w->progressed), zero->name.host,
                   zero->name.pid, heard);
    alarm_say(w->text);
}

static void report(watchdog *w, const comm_timeouts *t, const char *headline)
{
    if (w->rank == 0) {
        report_ranks(w, t, headline);
    } else if (misses_rank_0(w, t)) {
        report_self(w, headline);
    }
}

static _Noreturn void end(watchdog *w, const comm_timeouts *t, double idle)
{
    char headline[128];
    char lead[LEAD_SIZE];
    (void)snprintf(headline, sizeof headline, "no progress for %ld s", whole(idle));
    report(w, t, headline);
    (void)snprintf(w->text, sizeof w->text,
                   "%srank %d on %s (pid %ld) ends: the job has made no progress for %ld s "
                   "(timeouts.abort is %g); exit status %d\n",
                   lead_of(w, lead, "error"), w->rank, w->name.host, w->name.pid, whole(idle), t->abort, EXIT_STALLED);
    alarm_say(w->text);
    alarm_exit();
}

static void begin_report(watchdog *w, const comm_timeouts *t, double idle)
{
    char headline[160] = "";
    const int n = snprintf(headline, sizeof headline, "no progress for %ld s", whole(idle));
    if (t->abort > 0 && n > 0) {
        (void)snprintf(headline + n, sizeof headline - (size_t)n, "; after %g s (timeouts.abort) the job ends",
                       t->abort);
    }
    report(w, t, headline);
    w->reported = idle;
}

static void say_recovered(watchdog *w)
{
    char lead[LEAD_SIZE];
    (void)snprintf(w->text, sizeof w->text, "%sover, it took %ld s\n", lead_of(w, lead, "stall"), whole(w->reported));
    alarm_say(w->text);
    w->reported = 0;
}

void watchdog_check(watchdog *w)
{
    const comm_timeouts t = watchdog_timeouts(w);
    const double idle = w->now - w->latest;
    const int speaks = w->rank == 0 || misses_rank_0(w, &t);
    const double grace = speaks && (w->rank == 0 || w->peers[0].reported) ? 0 : GRACE_SECONDS;
    if (t.abort > 0 && idle >= t.abort + grace) {
        end(w, &t, idle);
    }
    if (w->reported > 0 && idle < w->reported) {
        say_recovered(w);
    }
    if (t.stall > 0 && idle >= t.stall && speaks && w->reported == 0) {
        begin_report(w, &t, idle);
    }
    w->reported = w->reported > 0 ? idle : 0;
}
