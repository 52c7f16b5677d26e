#include "cli/balance_check.h"

#include "base/log.h"
#include "instrument/theory.h"
#include "instrument/verdict.h"
#include "network/freeze.h"

enum { GUESS = 1000 }; /* steps an epoch */

/* Time constants after each epoch, up to the last; *epoch: after which there are enough, 0 for none. */
static double clock_of(const session_options *o, const rate_run *run, uint64_t *epoch)
{
    double clock = 0;
    *epoch = 0;
    for (uint64_t e = 0; e < o->train.epochs; e++) {
        clock += verdict_clock(&o->optimizer, run, e * run->steps_per_epoch, (e + 1) * run->steps_per_epoch);
        if (*epoch == 0 && clock >= VERDICT_ENOUGH) {
            *epoch = e + 1;
        }
    }
    return clock;
}

void balance_check_print(const session_options *o, size_t samples)
{
    rate_run run = session_rate_run(o, samples);
    uint64_t epoch = 0;
    if (!o->network.batch_norm || !freeze_is_none(o->train.freeze) || o->train.rate_decay != 1) {
        return;
    }
    run.steps_per_epoch = run.steps_per_epoch > 0 ? run.steps_per_epoch : GUESS;
    const rate_now first = rate_at(&o->optimizer, &run, 0);
    const theory start = theory_at(&o->optimizer, &first);
    const double clock = clock_of(o, &run, &epoch);
    log_info("%s", "");
    if (!start.known) {
        log_info("# decay against BatchNorm: no law is known for this optimizer and decay");
    } else if (!(clock > 0)) {
        log_info("# decay against BatchNorm: without decay the norms of filters only grow");
    } else {
        log_info("# decay against BatchNorm: the run lasts %.3g time constants of their balance%s", clock,
                 epoch > 0 ? "" : ", too few for it");
        log_info("#   a filter then turns by %.4g rad in an update at the first rate; a time constant is %.0f updates",
                 start.angle, start.clock > 0 ? 1 / start.clock : 0);
        if (epoch > 0) {
            log_info("#   %d time constants are over after epoch %llu", VERDICT_ENOUGH, (unsigned long long)epoch);
        } else {
            log_info("#   at these rates %.0f epochs would be enough, %d time constants",
                     (double)o->train.epochs * VERDICT_ENOUGH / clock, VERDICT_ENOUGH);
        }
    }
}
