#include "run/timing.h"

#include <math.h>
#include <string.h>

static spent_kind kind_of(watch_phase phase)
{
    switch (phase) {
    case WATCH_FORWARD:
    case WATCH_LOSS:
    case WATCH_BACKWARD:
    case WATCH_UPDATE: return SPENT_COMPUTING;
    case WATCH_PICTURES: return SPENT_PICTURES;
    case WATCH_REDUCING: return SPENT_SUMS;
    case WATCH_SAVING: return SPENT_SAVING;
    default: return SPENT_OTHER; /* a validation's phase stays until the next step, and is told by who takes it */
    }
}

void timing_start(timing *t, const checkpoint_epoch *now)
{
    *t = (timing){.runs = true};
    if (now->samples > 0) {
        memcpy(t->spent, now->spent, sizeof t->spent);
    }
    watch_measure(&t->times);
}

void timing_stop(timing *t)
{
    if (t->runs) {
        watch_measure(NULL);
        t->runs = false;
    }
}

void timing_take(timing *t, bool validation)
{
    if (!t->runs) {
        return;
    }
    watch_measure(&t->times); /* counts up to now, and goes on */
    for (int i = 0; i < WATCH_PHASE_COUNT; i++) {
        t->spent[validation ? SPENT_VALIDATING : kind_of((watch_phase)i)] += t->times.seconds[i];
        t->times.seconds[i] = 0;
    }
    t->spent[validation ? SPENT_VALIDATING : SPENT_SUMS] += t->times.waiting;
    t->times.waiting = 0;
}

void timing_note(timing *t, checkpoint_epoch *now)
{
    timing_take(t, false);
    for (int i = 0; i < SPENT_KINDS; i++) {
        now->spent[i] = t->runs && now->samples > 0 ? t->spent[i] : NAN;
    }
}

void timing_row(timing *t, double out[SPENT_KINDS])
{
    for (int i = 0; i < SPENT_KINDS; i++) {
        out[i] = t->runs ? t->spent[i] : NAN;
        t->spent[i] = 0;
    }
}
