#include "cli/run_options.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "cli/help.h"
#include "store/checkpoint_check.h"

static orientation_use orientation_of(config_turn wanted)
{
    switch (wanted) {
    case CONFIG_APPLY: return ORIENTATION_APPLY;
    case CONFIG_IGNORE: return ORIENTATION_IGNORE;
    default: return ORIENTATION_AUTO;
    }
}

session_options run_options_session(const config *c)
{
    return (session_options){
        .data_file = c->data.file,
        .stage = c->data.stage,
        .height = (size_t)c->data.height,
        .width = (size_t)c->data.width,
        .fit = c->data.fit == CONFIG_CROP ? RESIZE_CROP : RESIZE_STRETCH,
        .scale = c->data.scale == CONFIG_SIGNED ? RESIZE_SIGNED : RESIZE_UNIT,
        .orientation = orientation_of(c->data.orientation),
        .augment = c->data.augment,
        .augment_min_scale = c->data.augment_min_scale,
        .loader_threads = c->data.loader_threads,
        .batch_norm = c->model.batch_norm,
        .mixed = c->model.precision == CONFIG_MIXED,
        .sync_bn = c->batch_norm.mode == CONFIG_SYNC,
        .unbiased_variance = c->batch_norm.moving_variance == CONFIG_UNBIASED,
        .momentum = c->batch_norm.momentum,
        .epsilon = c->batch_norm.epsilon,
        .l2 = c->l2.c,
        .learning_rate = c->train.learning_rate,
        .batch = (size_t)c->train.batch,
        .shard_size = (size_t)c->train.shard,
        .steps_per_epoch = (size_t)c->train.steps_per_epoch,
        .seed = c->train.seed,
        .shuffle = c->train.shuffle,
        .threads = c->train.threads,
        .training = true,
        .split = DATASET_VAL,
    };
}

trainer_options run_options_trainer(const config *c)
{
    return (trainer_options){
        .session = run_options_session(c),
        .epochs = (uint64_t)c->train.epochs,
        .precise = c->batch_norm.evaluate == CONFIG_PRECISE,
        .precise_batches = (size_t)c->batch_norm.precise_batches,
        .saving = {.every_epochs = (uint64_t)c->checkpoint.every_epochs,
                   .every_steps = (uint64_t)c->checkpoint.every_steps,
                   .every_minutes = c->checkpoint.every_minutes},
        .keep = (size_t)c->checkpoint.keep,
        .keep_best = (size_t)c->checkpoint.keep_best,
        .replicas_every = (uint64_t)c->check.replicas_every,
        .log_every_steps = (size_t)c->log.every_steps,
        .print_layer = c->log.print_layer,
        .print_count = (size_t)c->log.print_count,
        .experiment = run_options_experiment(c),
        .normalization = run_options_normalization(c),
        .program = help_version(),
    };
}

comm_timeouts run_options_timeouts(const config *c)
{
    return (comm_timeouts){.stall = c->timeouts.stall, .abort = c->timeouts.abort};
}

const char *run_options_experiment(const config *c)
{
    if (c->model.batch_norm) {
        return c->l2.c > 0 ? "bn_l2" : "bn";
    }
    return c->l2.c > 0 ? "l2" : "none";
}

const char *run_options_normalization(const config *c)
{
    if (c->data.scale == CONFIG_SIGNED) {
        return c->data.fit == CONFIG_CROP ? "x/127.5-1, crop" : "x/127.5-1, stretch";
    }
    return c->data.fit == CONFIG_CROP ? "x/255, crop" : "x/255, stretch";
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
    const uint64_t samples = (uint64_t)c->train.batch;
    const uint64_t length = (uint64_t)c->train.steps_per_epoch; /* 0: as the data set has it */
    const uint64_t within = info->position / samples;
    const uint64_t before = info->step - within;
    if (info->position % samples != 0) {
        problems_add(found, "position %" PRIu64 " lies within a batch of %" PRIu64, info->position, samples);
    }
    if (info->epoch > (uint64_t)c->train.epochs) {
        problems_add(found, "%" PRIu64 " epochs are done of %d", info->epoch, c->train.epochs);
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
    compare(found, "height", info->height, (uint64_t)c->data.height);
    compare(found, "width", info->width, (uint64_t)c->data.width);
    compare(found, "batch_norm", info->batch_norm, c->model.batch_norm);
    compare(found, "seed", info->seed, c->train.seed);
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
