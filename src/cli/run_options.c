#include "cli/run_options.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "network/freeze.h"
#include "store/checkpoint_check.h"

session_options run_options_session(const config *c)
{
    return (session_options){
        .data = c->data,
        .order = c->order,
        .network = c->model,
        .norm = c->batch_norm,
        .loss = c->loss,
        .optimizer = c->optimizer,
        .train = c->train,
        .features = c->features,
        .training = true,
        .measures = run_options_measures(c),
        .split = DATASET_VAL,
    };
}

bool run_options_measures(const config *c)
{
    return c->log.instrument.mode != INSTRUMENT_OFF && freeze_is_none(c->train.freeze) && c->train.rate_decay == 1;
}

trainer_options run_options_trainer(const config *c)
{
    trainer_options o = {
        .session = run_options_session(c),
        .checkpoint = c->checkpoint,
        .check = c->check,
        .log = c->log,
        .experiment = run_options_experiment(c),
        .normalization = run_options_normalization(c),
        .program = LOCKSTEP_VERSION,
    };
    o.log.instrument.mode = run_options_measures(c) ? o.log.instrument.mode : INSTRUMENT_OFF;
    return o;
}

const char *run_options_experiment(const config *c)
{
    if (c->model.batch_norm) {
        return c->optimizer.l2 > 0 ? "bn_l2" : "bn";
    }
    return c->optimizer.l2 > 0 ? "l2" : "none";
}

const char *run_options_normalization(const config *c)
{
    static const char *const names[][2] = {
        [RESIZE_UNIT] = {"x/255, stretch", "x/255, crop"},
        [RESIZE_SIGNED] = {"x/127.5-1, stretch", "x/127.5-1, crop"},
        [RESIZE_STANDARD] = {"(x/255-mean)/deviation, stretch", "(x/255-mean)/deviation, crop"},
    };
    return names[c->data.scale][c->data.fit == RESIZE_CROP];
}

int run_options_has_averages(const config *c)
{
    return c->optimizer.ema.decay > 0
               ? LS_OK
               : error_set(LS_EUSAGE, "--ema: the run kept no averages of its weights; train with ema.decay, such as "
                                      "0.999");
}

static void compare(problems *found, const char *what, uint64_t have, uint64_t wanted)
{
    if (have != wanted) {
        problems_add(found, "%s is %" PRIu64 " where the configuration has %" PRIu64, what, have, wanted);
    }
}

/* Epochs, steps and the position in an epoch against each other. */
static void compare_counters(problems *found, const checkpoint_info *info, const config *c)
{
    const uint64_t samples = c->order.batch;
    const uint64_t length = c->order.steps_per_epoch; /* 0: as the data set has it */
    const uint64_t within = info->position / samples;
    const uint64_t before = info->step - within;
    if (info->position % samples != 0) {
        problems_add(found, "position %" PRIu64 " lies within a batch of %" PRIu64, info->position, samples);
    }
    if (info->epoch > c->train.epochs) {
        problems_add(found, "%" PRIu64 " epochs are done of %" PRIu64, info->epoch, c->train.epochs);
    }
    bool fits = within <= info->step && (length == 0 || within <= length);
    if (info->epoch == 0) {
        fits = fits && before == 0;
    } else {
        const uint64_t each = before / info->epoch;
        fits = fits && each > 0 && before % info->epoch == 0 && (length == 0 || each == length);
    }
    if (info->position > 0) {
        fits = fits && info->now.start_step == before;
    }
    if (!fits) {
        problems_add(found, "step %" PRIu64 " does not fit epoch %" PRIu64 " and position %" PRIu64, info->step,
                     info->epoch, info->position);
    }
}

void run_options_compare(problems *found, const checkpoint_info *info, const config *c)
{
    compare(found, "height", info->height, c->data.height);
    compare(found, "width", info->width, c->data.width);
    compare(found, "batch_norm", info->batch_norm, c->model.batch_norm);
    compare(found, "seed", info->seed, c->order.seed);
    compare_counters(found, info, c);
}

int run_options_of_checkpoint(config *out, checkpoint_info *info, const char *path)
{
    char differences[PROBLEM_SIZE];
    problems found = {0};
    *out = (config){0};
    *info = (checkpoint_info){0};
    int code = checkpoint_read_info(info, path);
    if (code != LS_OK) {
        *info = (checkpoint_info){0};
        return code;
    }
    code = config_parse(out, info->config, strlen(info->config), path, NULL, 0);
    if (code != LS_OK) {
        return code;
    }
    run_options_compare(&found, info, out);
    checkpoint_check_figures(info, &found);
    if (found.count > 0) {
        return error_set(LS_EFORMAT, "%s: %s; it was changed after it was written, use another checkpoint", path,
                         problems_text(differences, sizeof differences, &found));
    }
    return LS_OK;
}

moving_lag run_options_lag(const checkpoint_info *info, const config *c)
{
    return moving_lag_of(c->model.batch_norm, c->batch_norm.momentum, info->step, info->moving_distance);
}

int run_options_owns(void *name, const checkpoint_info *info)
{
    const char *const *wanted = name;
    config saved = {0};
    const int code = config_parse(&saved, info->config, strlen(info->config), "configuration", NULL, 0);
    const int owns = code == LS_OK && strcmp(saved.experiment.name, *wanted) == 0;
    config_free(&saved);
    return owns;
}
