/* The messages between the watchdogs of the ranks. */
#include <arpa/inet.h>
#include <string.h>

#include "comm/watchdog_private.h"

/* At most so many datagrams are taken in a row, so that a flood of them does not delay the check. */
enum { MOST_AT_ONCE = 8192 };

static uint64_t milliseconds(double seconds)
{
    return seconds > 0 ? (uint64_t)(seconds * 1000) : 0;
}

static void note_progress(watchdog *w, double when)
{
    w->latest = when > w->latest ? when : w->latest;
}

static void note(watchdog *w, watchdog_peer *p, const beacon *b)
{
    p->reported = 1;
    p->when = w->now;
    p->sequence = b->sequence;
    p->state = b->state;
    p->progressed = w->now - (double)b->idle_ms / 1000;
    if (w->rank == 0) {
        pace_note(&w->paces[b->rank], w->now, &b->spent);
    }
    note_progress(w, p->progressed);
}

static void answer(const watchdog *w, const beacon *asked, const struct sockaddr_in *to)
{
    beacon b = *asked;
    b.kind = BEACON_ANSWER;
    b.idle_ms = milliseconds(w->now - w->latest);
    b.state = watch_read();
    b.spent = watch_read_spent();
    post_send(w->socket, &b, &w->place.token, to);
}

/* An old one may come late. */
static void take(watchdog *w, const beacon *b, const struct sockaddr_in *from)
{
    if (w->rank == 0) {
        watchdog_peer *p = &w->peers[b->rank];
        if (b->kind == BEACON_REPORT && b->rank > 0 && b->sequence > p->sequence) {
            note(w, p, b);
            answer(w, b, from);
        }
    } else if (b->kind == BEACON_ANSWER && b->rank == (uint32_t)w->rank && b->sequence <= w->sequence &&
               b->sequence > w->peers[0].sequence) {
        note(w, &w->peers[0], b);
        w->address = b->address < w->place.count ? b->address : w->address;
    }
}

void watchdog_receive(watchdog *w)
{
    beacon b;
    struct sockaddr_in from;
    int taken = 0;
    for (int i = 0; w->socket >= 0 && i < MOST_AT_ONCE && taken >= 0; i++) {
        taken = post_take(w->socket, &b, &from, &w->place.token, w->size);
        if (taken > 0) {
            take(w, &b, &from);
        }
    }
}

/* While rank 0 does not answer, its addresses are tried in turn, but the first from its own host alone. */
static void choose_address(watchdog *w, double patience)
{
    const uint32_t first = strcmp(w->name.host, w->peers[0].name.host) != 0 && w->place.count > 1;
    if (w->sequence == 0) {
        w->address = first;
    } else if (!w->peers[0].reported || w->now - w->peers[0].when >= patience) {
        w->address = w->address + 1 < w->place.count ? w->address + 1 : first;
    }
}

void watchdog_send(watchdog *w)
{
    enum { UNANSWERED = 3 };
    if (w->rank == 0 || w->socket < 0 || w->place.port == 0) {
        return;
    }
    const comm_timeouts t = watchdog_timeouts(w);
    choose_address(w, UNANSWERED * watchdog_interval(&t, w->size));
    const beacon b = {
        .kind = BEACON_REPORT,
        .rank = (uint32_t)w->rank,
        .address = w->address,
        .sequence = ++w->sequence,
        .idle_ms = milliseconds(w->now - w->progressed),
        .state = watch_read(),
        .spent = watch_read_spent(),
    };
    const struct sockaddr_in to = post_address(&w->place, w->address);
    post_send(w->socket, &b, &w->place.token, &to);
}
