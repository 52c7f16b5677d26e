#include "cli/report_words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/report_stand.h"
#include "cli/run_options.h"

static const double article = 0.0599838;  /* what the article's ten weights came to in 14,067 updates */
static const double guessing = 1.5;       /* times the accuracy of guessing: no better than that */
static const double same = 0.01;          /* of factors that are taken for one */
static const double worth_saying = 0.005; /* of accuracies by one and the other statistics */
static const double apart = 0.02;         /* of accuracies that differ */

/* Add to a text; what does not fit is cut. */
static void say(char out[REPORT_WORDS], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(char out[REPORT_WORDS], const char *format, ...)
{
    const size_t length = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(out + length, REPORT_WORDS - length, format, arguments);
    va_end(arguments);
}

/* "14,067". */
static void say_count(char out[REPORT_WORDS], double count)
{
    if (count < 1000) {
        say(out, "%.0f", count);
    } else if (count < 1e6) {
        say(out, "%.0f,%03.0f", floor(count / 1000), count - 1000 * floor(count / 1000));
    } else {
        say(out, "%.3g", count);
    }
}

static const optimizer_options *options_of(const report_run *r)
{
    return &r->data.saved.optimizer;
}

static bool has_batch_norm(const report_run *r)
{
    return r->data.saved.model.batch_norm;
}

/* What decay is called in a run. */
static const char *decay_name(const report_run *r)
{
    return options_of(r)->l2 > 0 ? "L2" : "decay";
}

static const runlog_epoch_row *first_row(const report_run *r)
{
    return &r->data.epochs[0];
}

static const runlog_epoch_row *last_row(const report_run *r)
{
    return &r->data.epochs[r->data.count - 1];
}

static void say_findings(char out[REPORT_WORDS], const report_run *runs, size_t count)
{
    finding found[REPORT_SENTENCES];
    const report_run *bn = report_find(runs, count, "bn");
    size_t seen = 0;
    size_t all = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t n = report_findings(found, &runs[i], bn);
        for (size_t k = 0; k < n; k++) {
            seen += found[k].verdict == FINDING_SHOWN ? 1 : 0;
        }
        all += n;
    }
    if (all > 0 && seen == all) {
        say(out,
            "All %zu claims of the article that these runs can show hold here; they say which way things go, not how "
            "far. ",
            all);
    } else if (all > 0) {
        say(out, "Of %zu claims of the article that these runs can show %zu %s here; the table below says which. ", all,
            seen, seen == 1 ? "holds" : "hold");
    }
}

void report_words_lead(char out[REPORT_WORDS], const report_run *runs, size_t count)
{
    size_t balanced = 0;
    size_t shorter = 0;
    size_t lagging = 0;
    out[0] = '\0';
    say_findings(out, runs, count);
    for (size_t i = 0; i < count; i++) {
        const report_run *r = &runs[i];
        const bool both = report_decays(r) && has_batch_norm(r);
        balanced += both ? 1 : 0;
        lagging += both && report_lags(r) ? 1 : 0;
        if (report_is_too_short(r)) {
            say(out, "%s%s", shorter == 0 ? "Too short to show what L2 does to BatchNorm in the long run: " : ", ",
                r->label);
            shorter++;
        }
    }
    if (shorter > 0) {
        say(out, ". ");
    } else if (balanced > 0 && lagging == 0) {
        say(out, "%s to show what L2 does to BatchNorm in the long run. ",
            balanced == 1 ? "The run with both was long enough" : "The runs with both were long enough");
    }
    say(out, "Words are explained further down.");
}

void report_words_kind(char out[REPORT_WORDS], const report_run *r)
{
    const optimizer_options *o = options_of(r);
    const char *joined = has_batch_norm(r) ? " and " : "";
    out[0] = '\0';
    say(out, "%s", has_batch_norm(r) ? "BatchNorm" : "");
    if (o->l2 > 0) {
        say(out, "%sL2 (c = %g)", joined, o->l2);
        joined = " and ";
    }
    if (o->decay.decoupled > 0) {
        say(out, "%sdecoupled decay (%g)", joined, o->decay.decoupled);
    }
    if (!report_decays(r)) {
        say(out, "%s", has_batch_norm(r) ? " alone, no L2" : "neither BatchNorm nor L2");
    } else if (!has_batch_norm(r)) {
        say(out, ", no BatchNorm");
    }
}

/* ", and ... by precise statistics", where these say something else. */
static void say_precise(char out[REPORT_WORDS], const report_run *r)
{
    const report_eval *e = &r->eval;
    if (has_batch_norm(r) && e->done && e->precise.samples > 0 &&
        fabs(last_row(r)->val_accuracy - e->precise.accuracy) > worth_saying) {
        say(out, ", and %.1f\u00a0%% by precise statistics, which are the ones to compare runs by",
            100 * e->precise.accuracy);
    }
}

void report_words_learned(char out[REPORT_WORDS], const report_run *r)
{
    const double first = first_row(r)->train_accuracy;
    const double last = last_row(r)->train_accuracy;
    const double chance = r->data.info.class_count > 0 ? 1.0 / (double)r->data.info.class_count : 0;
    const finding f = finding_accuracy(&r->facts, 1);
    out[0] = '\0';
    if (f.verdict == FINDING_UNKNOWN) {
        say(out,
            "It cannot be said after one epoch. In that one %.1f\u00a0%% of the training pictures were classified "
            "correctly.",
            100 * last);
    } else if (last < guessing * chance) {
        say(out,
            "No. In the last epoch %.1f\u00a0%% of the training pictures were classified correctly; guessing among %zu "
            "classes "
            "gives "
            "%.1f\u00a0%%.",
            100 * last, r->data.info.class_count, 100 * chance);
    } else {
        say(out,
            "%s. Of the training pictures %.1f\u00a0%% were classified correctly in the first epoch and %.1f\u00a0%% "
            "in the "
            "last.",
            f.verdict == FINDING_SHOWN ? "Yes" : "Hardly", 100 * first, 100 * last);
    }
    if (!isnan(last_row(r)->val_accuracy)) {
        say(out, " Of the validation pictures it is %.1f\u00a0%%", 100 * last_row(r)->val_accuracy);
        say_precise(out, r);
        say(out, ".");
    }
}

/* "mean |w| went from a to b". */
static void say_weights(char out[REPORT_WORDS], const report_run *r)
{
    const double first = first_row(r)->start_mean_abs_weight;
    const double last = last_row(r)->mean_abs_weight;
    say(out, "the mean size of a weight, |w|, went from %.4f to %.4f (times %.3g)", first, last, last / first);
}

/* Weights that no BatchNorm follows. */
static void say_plain_decay(char out[REPORT_WORDS], const report_run *r)
{
    double smallest = 0;
    double largest = 0;
    const size_t n = finding_ratios(&r->facts, &smallest, &largest);
    const double alone = finding_decay(&r->facts);
    if (r->data.count < 2 || n == 0) {
        say(out, "It shrinks the weights: ");
        say_weights(out, r);
        say(out, ".");
    } else if (fabs(smallest - alone) <= same * alone && fabs(largest - alone) <= same * alone) {
        say(out,
            "It shrank all weights alike. Each of the %zu watched weights is %.4f times what it was at first, and "
            "decay without any gradient gives %.4f: so L2 is all that moved them. Without BatchNorm the pictures' "
            "signal dies out on its way through the layers, and no gradient comes back.",
            n, (smallest + largest) / 2, alone);
    } else {
        say(out, "The %zu watched weights are %.3g to %.3g times what they were at first", n, smallest, largest);
        if (!isnan(alone)) {
            say(out, "; decay without any gradient gives %.3g, so gradients move them as well", alone);
        }
        say(out, ".");
    }
}

/* Why a run goes away from the balance first: the angle was nearer to it, and gradients faded. */
static void say_way(char out[REPORT_WORDS], const report_run *r)
{
    const size_t n = r->data.measured.count;
    const size_t part = n / 4;
    const double last = part > 0 ? verdict_turn(r->data.points + n - part, part) : 0;
    const double first = part > 0 ? verdict_turn(r->data.points, part) : 0;
    if (last < first && last < 1) {
        say(out,
            " At first it was %.2f times: gradients fade as the pictures are learned, and that works faster than "
            "decay, "
            "which has to shorten the filters until the angle grows again.",
            first);
    }
}

static void say_balance(char out[REPORT_WORDS], const report_run *r)
{
    const verdict v = report_verdict(r);
    switch (v.kind) {
    case VERDICT_EQUILIBRIUM:
        say(out,
            " At the end decay and gradients are in balance: an update turns the filters by %.2f times the angle that "
            "theory gives.",
            v.turn);
        break;
    case VERDICT_RELAXING:
        say(out,
            " Decay and gradients are not in balance yet: at the end an update turns the filters by %.2f times the "
            "angle that they would have there.",
            v.turn);
        say_way(out, r);
        break;
    case VERDICT_DESTABILIZED:
        say(out,
            " There is more decay than these gradients can balance: the filters shrink until gradients grow large and "
            "throw them outward, about every %.0f steps.",
            v.steps);
        break;
    case VERDICT_DECAYING:
        say(out, " The training pictures are learned and gradients vanish, so decay shortens the filters unopposed.");
        break;
    default: break;
    }
}

/* Filters that a BatchNorm follows. */
static void say_decay_and_norm(char out[REPORT_WORDS], const report_run *r, const report_run *bn)
{
    say(out,
        "BatchNorm divides the length of a filter out again, so %s does not change what the network answers, which is "
        "the article's point. It makes the weights smaller: ",
        decay_name(r));
    say_weights(out, r);
    if (bn != NULL) {
        const double ratio = report_effective_rates(r, bn);
        say(out, "; in %s it ended at %.4f", bn->label, last_row(bn)->mean_abs_weight);
        if (isfinite(ratio)) {
            say(out,
                ". The shorter a filter, the further the same step turns it, so that %s acts as a higher learning "
                "rate: at "
                "the end the effective rate is %.2g times that of %s",
                decay_name(r), ratio, bn->label);
        }
    }
    say(out, ".");
    say_balance(out, r);
}

void report_words_decay(char out[REPORT_WORDS], const report_run *r, const report_run *bn)
{
    out[0] = '\0';
    if (report_decays(r) && has_batch_norm(r)) {
        say_decay_and_norm(out, r, bn);
    } else if (report_decays(r)) {
        say_plain_decay(out, r);
    } else {
        say(out, "There was no L2: ");
        say_weights(out, r);
        say(out, "%s",
            has_batch_norm(r) ? ". Before a BatchNorm each update makes a filter longer and nothing makes "
                                "it shorter; the longer it is, the less an update turns it."
                              : ".");
    }
}

/* How long until decay alone has made weights as small as the article's. */
static void say_length_of_decay(char out[REPORT_WORDS], const report_run *r)
{
    const double alone = finding_decay(&r->facts);
    const double steps = (double)(last_row(r)->start_step - first_row(r)->start_step);
    if (!(alone > 0 && alone < 1)) {
        say(out, "That decay alone moves the weights shows within a few epochs.");
        return;
    }
    say(out, "To see that %s shrinks the weights, yes. To see them as small as the article's (0.00x, times 0.06), ",
        decay_name(r));
    if (alone <= article * (1 + same)) {
        say(out, "yes too.");
    } else {
        say(out, "no: ");
        say_count(out, steps);
        say(out,
            " updates, from the first print of the ten weights to the last, make them %.3g times what they were, "
            "and times 0.06 takes ",
            alone);
        say_count(out, ceil(steps * log(article) / log(alone)));
        say(out, ".");
    }
}

void report_words_length(char out[REPORT_WORDS], const report_run *r)
{
    const double clock = report_clock(r);
    const verdict v = report_verdict(r);
    out[0] = '\0';
    if (!report_decays(r)) {
        say(out, "%s",
            has_batch_norm(r) ? "There is no balance to wait for: without L2 filters only grow, the slower "
                                "the longer they are."
                              : "");
    } else if (!has_batch_norm(r)) {
        say_length_of_decay(out, r);
    } else if (isnan(clock)) {
        say(out, "It is not known: there is no theory of the balance for this optimizer.");
    } else if (report_lags(r)) {
        say(out,
            "Nearly. It lasted %.3g time constants of the balance between %s and gradients, where about 5 are enough "
            "as "
            "long as gradients stay as they are. Here the balance itself moved, as gradients fade when the training "
            "pictures are learned or the rate falls, and the filters still follow.",
            clock, decay_name(r));
    } else if (v.kind == VERDICT_EQUILIBRIUM || clock >= VERDICT_ENOUGH) {
        say(out, "Yes. It lasted %.3g time constants of the balance between %s and gradients, and about 5 are needed.",
            clock, decay_name(r));
    } else {
        say(out,
            "No. It lasted %.2g time constants of the balance between %s and gradients, and about 5 are needed. What "
            "is seen here of %s is the beginning of the way there.",
            clock, decay_name(r), decay_name(r));
    }
}

void report_words_validation(char out[REPORT_WORDS], const report_run *r)
{
    const report_eval *e = &r->eval;
    const moving_lag lag = run_options_lag(&r->data.info, &r->data.saved);
    char text[MOVING_TEXT_SIZE];
    out[0] = '\0';
    if (!has_batch_norm(r)) {
        return;
    }
    if (moving_is_far(&lag)) {
        say(out, "%s. ", moving_describe(text, &lag));
    }
    if (!e->done || e->precise.samples == 0) {
        if (moving_is_far(&lag)) {
            say(out, "An accuracy by them says little about the network.");
        }
        return;
    }
    const double moving = e->moving.accuracy;
    const double precise = e->precise.accuracy;
    say(out,
        "By moving statistics %.1f\u00a0%% of the validation pictures are classified correctly, by precise ones (see "
        "below) %.1f\u00a0%%. ",
        100 * moving, 100 * precise);
    if (fabs(moving - precise) <= apart) {
        say(out, "At the end of this run the two agree.");
    } else if (moving_is_far(&lag)) {
        say(out, "So the first figure says little about the network, and the second one counts.");
    } else {
        say(out,
            "The weights changed faster than the moving statistics, which are a mean over some %.0f steps, could "
            "follow: the second figure is what the network can do.",
            1 / fmax(1 - r->data.saved.batch_norm.momentum, 1e-6));
    }
}

/* About the balance. */
static void say_next_balance(char out[REPORT_WORDS], const report_run *r)
{
    const double clock = report_clock(r);
    const verdict v = report_verdict(r);
    const double epochs = r->data.info.epoch > 0 ? (double)r->data.info.epoch : 1;
    if (v.kind == VERDICT_DESTABILIZED) {
        say(out, "Lower l2.c or train.learning_rate, or make the task harder (augment, loss.label_smoothing).");
    } else if (v.kind == VERDICT_DECAYING) {
        say(out, "Stop here, or make the task harder (augment, loss.label_smoothing): there is nothing left to learn.");
    } else if (isnan(clock)) {
        say(out, "Use train.optimizer sgd or adamw to compare with theory.");
    } else if (report_lags(r)) {
        say(out, "Train it on for some ");
        say_count(out, ceil(v.steps / 100) * 100);
        say(out, " steps, or keep the gradients from fading by a harder task (augment, loss.label_smoothing).");
    } else if (v.kind == VERDICT_EQUILIBRIUM || clock >= VERDICT_ENOUGH) {
        say(out, "Look at the layers below, or at another balance: change train.learning_rate or l2.c. `lockstep "
                 "balance` has all "
                 "figures.");
    } else if (clock > 0) {
        say(out,
            "Train it for %.0f epochs in all: lockstep train, with the configuration that it began with, --set "
            "train.epochs=%.0f --resume auto. Or begin another with a larger l2.c or train.learning_rate: the time "
            "constant gets shorter as they get larger.",
            ceil(epochs * VERDICT_ENOUGH / clock), ceil(epochs * VERDICT_ENOUGH / clock));
    }
}

void report_words_next(char out[REPORT_WORDS], const report_run *r, const report_run *beside)
{
    const moving_lag lag = run_options_lag(&r->data.info, &r->data.saved);
    out[0] = '\0';
    if (!train_is_over(&r->data.saved.train, r->data.info.epoch, r->data.info.best_epoch)) {
        say(out, "It is not finished: %llu of %llu epochs are done. Go on with --resume auto. ",
            (unsigned long long)r->data.info.epoch, (unsigned long long)r->data.saved.train.epochs);
    }
    if (report_decays(r) && has_batch_norm(r)) {
        say_next_balance(out, r);
    } else if (report_decays(r)) {
        say(out,
            "Longer training only makes the weights smaller still. Give the network BatchNorm (model.batch_norm: "
            "true)%s%s.",
            beside != NULL ? ": that is " : "", beside != NULL ? beside->label : "");
    } else if (has_batch_norm(r) && beside != NULL) {
        say(out, "Compare it with %s, which has L2 as well.", beside->label);
    } else if (has_batch_norm(r)) {
        say(out, "Train it with L2 as well (l2.c: 0.001 is the article's) and compare.");
    }
    if (has_batch_norm(r) && moving_is_far(&lag)) {
        say(out, " Validate it by precise statistics: batch_norm.evaluate: precise.");
    }
}
