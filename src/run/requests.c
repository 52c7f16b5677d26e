#include "run/requests.h"

#include <stddef.h>

#include "base/clock.h"
#include "base/signals.h"
#include "train/step.h"

/* What a checkpoint may take before one has been timed, and what ending the job takes. */
static const double SAVING_AT_FIRST = 1;
static const double ENDING = 1;

void requests_start(requests *w, const checkpoint_options *saving, double limit, bool leads)
{
    *w = (requests){.saving = *saving, .limit = limit, .leads = leads, .saved = clock_seconds()};
}

/* Whether another batch and then a checkpoint might not be ready in time. Both may take twice as long as ever. */
static bool too_late(const requests *w, double now, double saving)
{
    const double save = saving > SAVING_AT_FIRST ? saving : SAVING_AT_FIRST;
    return w->limit > 0 && now + 2 * (w->longest + save) + ENDING >= w->limit;
}

unsigned requests_pending(requests *w, double saving)
{
    const double now = clock_seconds();
    unsigned pending = 0;
    if (w->asked > 0 && now - w->asked > w->longest) {
        w->longest = now - w->asked;
    }
    w->asked = now;
    if (signals_received() != 0) {
        w->why = signals_name(signals_received());
        pending |= STEP_REQUEST_STOP;
    }
    if (w->leads && too_late(w, now, saving)) {
        w->why = w->why == NULL ? "the time is up" : w->why;
        pending |= STEP_REQUEST_STOP;
    }
    if (w->leads && w->saving.every_minutes > 0 && now - w->saved >= 60 * w->saving.every_minutes) {
        pending |= STEP_REQUEST_SAVE;
    }
    return pending;
}

bool requests_step_due(const requests *w, uint64_t step)
{
    return w->saving.every_steps > 0 && step % w->saving.every_steps == 0;
}

bool requests_epoch_due(const requests *w, uint64_t epoch, uint64_t last)
{
    return epoch == last || (w->saving.every_epochs > 0 && epoch % w->saving.every_epochs == 0);
}

void requests_saved(requests *w)
{
    w->saved = clock_seconds();
}
