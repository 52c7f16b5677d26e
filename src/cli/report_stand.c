#include "cli/report_stand.h"

#include <math.h>
#include <stdlib.h>

#include "base/sort.h"
#include "instrument/theory.h"

static const optimizer_options *options_of(const report_run *r)
{
    return &r->data.saved.optimizer;
}

bool report_decays(const report_run *r)
{
    return options_of(r)->l2 > 0 || options_of(r)->decay.decoupled > 0;
}

double report_clock(const report_run *r)
{
    const rate_run run = run_data_rate_run(&r->data);
    const rate_now start = rate_at(options_of(r), &run, 0);
    return theory_at(options_of(r), &start).known ? verdict_clock(options_of(r), &run, 0, r->data.info.step) : NAN;
}

verdict report_verdict(const report_run *r)
{
    return r->data.measured.count > 0 ? run_data_verdict(&r->data) : (verdict){.kind = VERDICT_TOO_SHORT};
}

bool report_is_too_short(const report_run *r)
{
    return report_decays(r) && r->data.saved.model.batch_norm && report_clock(r) < VERDICT_ENOUGH &&
           report_verdict(r).kind != VERDICT_EQUILIBRIUM;
}

bool report_lags(const report_run *r)
{
    return report_clock(r) >= VERDICT_ENOUGH && report_verdict(r).kind == VERDICT_RELAXING;
}

double report_effective_rates(const report_run *r, const report_run *other)
{
    const series *x = &r->data.measured;
    const series *y = &other->data.measured;
    size_t n = 0;
    if (x->count == 0 || y->count == 0 || x->layers != y->layers) {
        return NAN;
    }
    double *ratios = calloc(x->layers + 1, sizeof *ratios);
    for (size_t i = 0; ratios != NULL && i < x->layers; i++) {
        const double ours = x->rates[x->count - 1] * x->rows[(x->count - 1) * x->layers + i].inverse2;
        const double theirs = y->rates[y->count - 1] * y->rows[(y->count - 1) * y->layers + i].inverse2;
        if (theirs > 0) {
            ratios[n++] = ours / theirs;
        }
    }
    const double median = n > 0 ? sort_median(ratios, n) : NAN;
    free(ratios);
    return median;
}
