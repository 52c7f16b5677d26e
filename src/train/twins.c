#include "train/twins.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "optim/growth.h"

typedef enum twin_kind { DECAYED, TWIN, BIT, SINGLE, KINDS } twin_kind;

typedef struct twins {
    session *s;
    state others[KINDS - 1]; /* owned; of all but DECAYED */
    state *states[KINDS];
    real *logits[KINDS];       /* owned; [pictures of the largest batch][classes] */
    step_options steps[KINDS]; /* by which each is trained */
    step_metrics metrics[KINDS];
    twins_distance single; /* as in twins_row, as is the next */
    double worst;
} twins;

static int start(twins *t, session *s)
{
    const session_options *o = &s->options;
    const size_t pictures = o->order.batch > 0 ? o->order.batch : 1;
    t->s = s;
    t->states[DECAYED] = &s->replica.state;
    for (int i = TWIN; i < KINDS; i++) {
        t->states[i] = &t->others[i - 1];
    }
    model_init(&s->replica.state, o->order.seed);
    int code = LS_OK;
    for (int i = 0; code == LS_OK && i < KINDS; i++) {
        t->logits[i] = calloc(pictures * dataset_classes(s->data), sizeof(real));
        t->steps[i] = session_step(s);
        code = t->logits[i] != NULL ? LS_OK : error_set(LS_ENOMEM, "out of memory for the twins' logits");
    }
    for (int i = TWIN; code == LS_OK && i < KINDS; i++) {
        code = state_create_like(t->states[i], t->states[DECAYED]);
        if (code == LS_OK) {
            state_copy(t->states[i], t->states[DECAYED]);
        }
    }
    if (code == LS_OK) {
        real *weight = state_weights(t->states[BIT]);
        *weight = (real)(sizeof(real) == sizeof(float) ? (double)nextafterf((float)*weight, 2)
                                                       : nextafter((double)*weight, 2));
        t->steps[TWIN].optimizer.decay.as_rate = true;
        t->steps[SINGLE] = t->steps[TWIN];
    }
    return comm_agree(s->c, code);
}

static void release(twins *t)
{
    for (int i = 0; i < KINDS; i++) {
        free(t->logits[i]);
    }
    for (int i = 0; i < KINDS - 1; i++) {
        state_release(&t->others[i]);
    }
}

/* One batch, by each. got: what the loader said of it. */
static int step_all(twins *t, const batch *b, int got)
{
    stepper *steps = t->s->replica.steps;
    state_copy(t->states[SINGLE], t->states[DECAYED]);
    growth_enter(t->states[SINGLE], &t->states[TWIN]->shrink, &t->steps[TWIN].optimizer);
    for (int i = 0; i < KINDS; i++) {
        step_agreement all = {.code = got < 0 ? got : LS_OK};
        stepper_use(steps, &t->steps[i]);
        const int code = comm_or_abort(t->s->c, step_train(steps, b, t->states[i], &all, &t->metrics[i]));
        if (code != LS_OK || all.code != LS_OK) {
            return code != LS_OK ? code : all.code;
        }
        if (!isfinite(t->metrics[i].cross_entropy)) {
            return error_set(LS_ENUMERIC, "step %llu: the loss is not finite; lower train.learning_rate",
                             (unsigned long long)t->states[i]->step);
        }
    }
    return LS_OK;
}

/* The largest magnitude, and differences of the kinds that are asked for, over all ranks: [KINDS], in *out. What is no
 * number is infinitely far. */
static int compare_logits(twins *t, const batch *b, const bool asked[KINDS], double out[KINDS])
{
    session *s = t->s;
    const size_t n = b->range.samples * dataset_classes(s->data);
    int code = LS_OK;
    for (int i = 0; code == LS_OK && i < KINDS; i++) {
        step_metrics unused;
        out[i] = 0; /* where it is not asked for */
        if (!asked[i]) {
            continue;
        }
        code = comm_or_abort(s->c, step_evaluate(s->replica.steps, b, t->states[i], t->logits[i], &unused));
        for (size_t k = 0; code == LS_OK && k < n; k++) {
            const double apart = (double)t->logits[i][k] - (i == DECAYED ? 0 : (double)t->logits[DECAYED][k]);
            out[i] = isnan(apart) ? INFINITY : fmax(out[i], fabs(apart));
        }
    }
    return code == LS_OK ? comm_or_abort(s->c, comm_max_f64(s->c, out, KINDS)) : code;
}

/* After a step. shown: whether a row is wanted, of a step at this rate of the twin's. */
static int describe(twins *t, const batch *b, double rate, bool shown, twins_row *row)
{
    double logits[KINDS] = {0};
    const bool asked[KINDS] = {[DECAYED] = true, [TWIN] = shown, [BIT] = shown, [SINGLE] = true};
    const double ce = t->metrics[DECAYED].cross_entropy;
    const int code = compare_logits(t, b, asked, logits);
    if (code != LS_OK) {
        return code;
    }
    const twins_distance single = {fabs(t->metrics[SINGLE].cross_entropy - ce), logits[SINGLE]};
    t->single = (twins_distance){fmax(t->single.loss, single.loss), fmax(t->single.logits, single.logits)};
    t->worst = fmax(t->worst, fmax(single.loss, single.logits) / fmax(logits[DECAYED], 1));
    *row = (twins_row){
        .step = t->states[DECAYED]->step,
        .cross_entropy = ce,
        .largest = logits[DECAYED],
        .left = t->states[TWIN]->shrink.left,
        .rate = rate,
        .twin = {fabs(t->metrics[TWIN].cross_entropy - ce), logits[TWIN]},
        .bit = {fabs(t->metrics[BIT].cross_entropy - ce), logits[BIT]},
        .single = t->single,
        .worst = t->worst,
    };
    return LS_OK;
}

/* 1, 2, 5, 10, 20, 50 ... */
static bool is_shown(uint64_t step, uint64_t steps)
{
    uint64_t ten = 1;
    while (ten * 10 <= step) {
        ten *= 10;
    }
    return step == steps || step == ten || step == 2 * ten || step == 5 * ten;
}

/* The rate of the update that the twin takes next. */
static double next_rate(const twins *t)
{
    const step_options *o = &t->steps[TWIN];
    const state *s = t->states[TWIN];
    const rate_now rate = rate_at(&o->optimizer, &o->run, s->step);
    return growth_rate(s, &rate, &o->optimizer).rate;
}

static int train(twins *t, uint64_t steps, void (*report)(void *context, const twins_row *row), void *context)
{
    session *s = t->s;
    int code = LS_OK;
    for (uint64_t done = 0; code == LS_OK && done < steps; done++) {
        batch b;
        twins_row row;
        if (done % loader_steps(s->train) == 0) {
            code = session_start_epoch(s, done / loader_steps(s->train), 0);
        }
        if (code != LS_OK) {
            return code;
        }
        const double rate = next_rate(t);
        code = step_all(t, &b, loader_next(s->train, &b));
        const bool shown = is_shown(done + 1, steps);
        if (code == LS_OK) {
            code = describe(t, &b, rate, shown, &row);
        }
        if (code == LS_OK && shown) {
            report(context, &row);
        }
    }
    return code;
}

int twins_train(session *s, uint64_t steps, void (*report)(void *context, const twins_row *row), void *context)
{
    twins t = {0};
    int code = start(&t, s);
    if (code == LS_OK) {
        code = train(&t, steps, report, context);
    }
    release(&t);
    return code;
}
