#include "cli/findings.h"

#include <math.h>
#include <stdio.h>

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

/* With momentum m a step's push goes on in the steps after it, 1/(1 - m) times in all. */
static double rate_in_all(const finding_run *r)
{
    return r->learning_rate / (1 - r->momentum);
}

double finding_decay(const finding_run *r)
{
    const uint64_t steps = r->count == 0 ? 0 : last_row(r)->start_step - r->epochs[0].start_step;
    return pow(1 - 2 * rate_in_all(r) * r->l2, (double)steps);
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
    const uint64_t steps = last_row(r)->start_step - r->epochs[0].start_step;
    f.verdict = verdict_of(smallest > 0 && largest < 1 && spread <= FINDING_SPREAD);
    SAY(f.figures, "last/first of %zu weights %.6f to %.6f; decay alone gives (1 - 2*%g*%g)^%llu = %.6f", n, smallest,
        largest, rate_in_all(r), r->l2, (unsigned long long)steps, finding_decay(r));
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
