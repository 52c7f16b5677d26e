#include "cli/findings.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "instrument/decay_law.h"

#define SAY(out, ...) ((void)snprintf((out), sizeof(out), __VA_ARGS__))

static const runlog_epoch_row *last_row(const finding_run *r)
{
    return &r->epochs[r->count - 1];
}

static finding_verdict verdict_of(int shown)
{
    return shown ? FINDING_SHOWN : FINDING_NOT_SHOWN;
}

finding finding_accuracy(const finding_run *r, int rise)
{
    finding f = {.verdict = FINDING_UNKNOWN};
    SAY(f.claim, rise ? "accuracy rises" : "accuracy does not rise");
    if (r->count < 2) {
        SAY(f.figures, "needs two epochs, the log has %zu", r->count);
        return f;
    }
    const double first = r->epochs[0].train_accuracy;
    const double last = last_row(r)->train_accuracy;
    const int rose = last - first >= FINDING_RISE || (last > first && 1 - last <= FINDING_ERRORS * (1 - first));
    f.verdict = verdict_of(rise ? rose : !rose);
    SAY(f.figures, "training accuracy %.4f -> %.4f, %+.4f", first, last, last - first);
    return f;
}

finding finding_growth(const finding_run *r)
{
    finding f = {.verdict = FINDING_UNKNOWN};
    SAY(f.claim, "mean |w| grows");
    if (r->count < 1) {
        SAY(f.figures, "needs an epoch, the log has none");
        return f;
    }
    const double first = r->epochs[0].start_mean_abs_weight;
    const double last = last_row(r)->mean_abs_weight;
    f.verdict = verdict_of(last >= first * (1 + FINDING_GROWTH));
    SAY(f.figures, "mean |w| %.6f -> %.6f, factor %.4f", first, last, last / first);
    return f;
}

size_t finding_ratios(const finding_run *r, double *smallest, double *largest)
{
    size_t n = 0;
    *smallest = INFINITY;
    *largest = -INFINITY;
    for (size_t i = 0; r->count > 0 && i < RUNLOG_FIRST_WEIGHTS; i++) {
        const double first = r->epochs[0].first_weights[i];
        const double ratio = last_row(r)->first_weights[i] / first;
        if (first != 0 && isfinite(ratio)) {
            *smallest = fmin(*smallest, ratio);
            *largest = fmax(*largest, ratio);
            n++;
        }
    }
    return n;
}

/* Of the first and the last print. */
static uint64_t first_step(const finding_run *r)
{
    return r->epochs[0].start_step;
}

static uint64_t last_step(const finding_run *r)
{
    return last_row(r)->start_step;
}

double finding_decay(const finding_run *r)
{
    return r->count == 0 ? 1 : decay_law_factor(r->optimizer, &r->run, first_step(r), last_step(r));
}

/* Whether its decay has the article's form, one factor to the power of the steps. */
static bool is_plain(const optimizer_options *o)
{
    return o->kind == OPTIMIZER_SGD && o->decay.decoupled == 0 && o->accumulate <= 1 &&
           o->rate.schedule == RATE_CONSTANT && o->rate.warm_up == 0;
}

/* "; decay alone gives ...", or nothing where that is not known. */
static void describe_decay(char *out, size_t size, const finding_run *r)
{
    const double decay = finding_decay(r);
    const unsigned long long steps = last_step(r) - first_step(r);
    out[0] = '\0';
    if (is_plain(r->optimizer)) {
        /* With momentum m a step's push goes on in the steps after it, 1/(1 - m) times in all. */
        const double rate = rate_at(r->optimizer, &r->run, 0).rate / (1 - r->optimizer->momentum);
        (void)snprintf(out, size, "; decay alone gives (1 - 2*%g*%g)^%llu = %.6f", rate, r->optimizer->l2, steps,
                       decay);
    } else if (!isnan(decay)) {
        (void)snprintf(out, size, "; decay alone gives %.6f over these %llu steps", decay, steps);
    }
}

finding finding_shrinking(const finding_run *r)
{
    double smallest = 0;
    double largest = 0;
    finding f = {.verdict = FINDING_UNKNOWN};
    SAY(f.claim, "the watched weights shrink by a common factor");
    if (r->count < 2) {
        SAY(f.figures, "needs two prints, the log has %zu", r->count);
        return f;
    }
    const size_t n = finding_ratios(r, &smallest, &largest);
    if (n == 0) {
        SAY(f.figures, "no watched weight to compare");
        return f;
    }
    const double spread = (largest - smallest) / (0.5 * (largest + smallest));
    char decay[128];
    describe_decay(decay, sizeof decay, r);
    f.verdict = verdict_of(smallest > 0 && largest < 1 && spread <= FINDING_SPREAD);
    SAY(f.figures, "last/first of %zu weights %.6f to %.6f%s", n, smallest, largest, decay);
    return f;
}

finding finding_smaller(const finding_run *with, const finding_run *without)
{
    finding f = {.verdict = FINDING_UNKNOWN};
    const size_t common = with->count < without->count ? with->count : without->count;
    size_t smaller = 0;
    SAY(f.claim, "mean |w| stays smaller than with bn alone");
    if (common == 0) {
        SAY(f.figures, "needs an epoch of both runs");
        return f;
    }
    for (size_t i = 0; i < common; i++) {
        smaller += with->epochs[i].mean_abs_weight < without->epochs[i].mean_abs_weight ? 1 : 0;
    }
    f.verdict = verdict_of(smaller == common);
    SAY(f.figures, "after epoch %zu %.6f against %.6f; smaller after %zu of %zu epochs", common,
        with->epochs[common - 1].mean_abs_weight, without->epochs[common - 1].mean_abs_weight, smaller, common);
    return f;
}

const char *finding_word(finding_verdict verdict)
{
    static const char *const words[] = {
        [FINDING_SHOWN] = "shows", [FINDING_NOT_SHOWN] = "does not show", [FINDING_UNKNOWN] = "cannot tell"};
    return words[verdict];
}
