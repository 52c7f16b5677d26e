#include "run/advice.h"

#include <math.h>
#include <stdlib.h>

#include "base/log.h"

bool advice_is_dead(double cross_entropy, double accuracy, size_t classes)
{
    const double guess = log((double)classes);
    return classes > 1 && fabs(cross_entropy - guess) < 0.01 * guess && accuracy < 1.25 / (double)classes;
}

bool advice_is_rising(double before, double now)
{
    return before > 0 && now > 1.1 * before && now > before + 0.05;
}

bool advice_is_by_heart(double train_accuracy, double val_accuracy)
{
    return train_accuracy > 0.95 && train_accuracy - val_accuracy > 0.15;
}

/* A class with fewer than so many pictures is told of, and one with less than this share of the mean. */
enum { FEW = 10, SHARE = 20 };

static void look_at_classes(const session *s)
{
    const size_t classes = dataset_classes(s->data);
    size_t *counts = calloc(classes + 1, sizeof *counts); /* NULL: no memory, and no advice */
    const size_t mean = dataset_count(s->data, DATASET_TRAIN) / classes;
    size_t least = 0;
    size_t none = 0;
    size_t few = 0;
    if (counts != NULL) {
        dataset_count_classes(s->data, DATASET_TRAIN, counts);
    }
    for (size_t k = 0; counts != NULL && k < classes; k++) {
        least = counts[k] < counts[least] ? k : least;
        none += counts[k] == 0;
        few += counts[k] < FEW || counts[k] * SHARE < mean;
    }
    if (none > 0) {
        log_warn(
            "%zu of %zu classes have no training pictures, '%s' the first; no picture will be taken for one of them, "
            "so add some or pack without them",
            none, classes, dataset_class_name(s->data, least));
    } else if (few > 0 && counts != NULL) {
        log_warn("%zu of %zu classes have few training pictures, '%s' only %zu (the mean is %zu); add some, or use "
                 "loss.class_weights=balanced",
                 few, classes, dataset_class_name(s->data, least), counts[least], mean);
    }
    free(counts);
}

/* Statistics of weights as they were are still averaged when the rate is at its highest. */
static void look_at_warm_up(const session *s)
{
    const session_options *o = &s->options;
    const rate_options *r = &o->optimizer.rate;
    const double steps = r->warm_up * (r->unit == RATE_EPOCHS ? (double)loader_steps(s->train) : 1);
    const double memory = 1 / (1 - o->norm.momentum);
    if (o->network.batch_norm && r->warm_up > 0 && steps < memory) {
        log_warn(
            "the warm-up of %.0f steps is shorter than the memory of BatchNorm's moving statistics, %.0f steps; raise "
            "rate.warm_up, or lower batch_norm.momentum",
            steps, memory);
    }
}

void advice_start(const session *s)
{
    look_at_classes(s);
    look_at_warm_up(s);
}

static bool augments(const data_options *d)
{
    const augment_options *a = &d->augmentation;
    return d->augment || a->crop || a->policy != AUGMENT_NO_POLICY;
}

/* Whether the warm-up was over before this epoch. */
static bool is_warm(const session *s, const runlog_epoch_row *row)
{
    const rate_options *r = &s->options.optimizer.rate;
    return r->warm_up <= (double)(r->unit == RATE_EPOCHS ? row->epoch - 1 : row->start_step);
}

void advice_epoch(advice *a, const session *s, const runlog_epoch_row *row, bool trusted)
{
    const size_t classes = dataset_classes(s->data);
    const double now = row->train_cross_entropy;
    if (!a->dead && advice_is_dead(now, row->train_accuracy, classes)) {
        a->dead = true;
        log_warn(
            "the cross-entropy of epoch %llu is %.4f, and ln %zu = %.4f is that of guessing: no signal gets through; "
            "use model.batch_norm, or another train.learning_rate",
            (unsigned long long)row->epoch, now, classes, log((double)classes));
    }
    if (!a->rising && advice_is_rising(a->before, now)) {
        a->rising = true;
        log_warn("the cross-entropy rose from %.4f to %.4f in epoch %llu; lower train.learning_rate, or let it fall "
                 "(rate.schedule)",
                 a->before, now, (unsigned long long)row->epoch);
    }
    a->before = is_warm(s, row) ? now : 0; /* the loss may rise with the rate */
    if (!a->gap && trusted && !augments(&s->options.data) &&
        advice_is_by_heart(row->train_accuracy, row->val_accuracy)) {
        a->gap = true;
        log_warn("after epoch %llu training pictures are known by heart (accuracy %.4f), others are not (%.4f); use "
                 "augment.crop and augment.flip, or more pictures",
                 (unsigned long long)row->epoch, row->train_accuracy, row->val_accuracy);
    }
}
