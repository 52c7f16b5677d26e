#include "config/schema.h"

#include <string.h>

/*
 * A row of each kind: section, key, its field in config, default. A field of another type than its row's does not
 * compile; a whole number is an int, or a size_t or uint64_t, which are the same where this is built. A text belongs to
 * the configuration; the structures of modules only point to it.
 */
#define PLACE(at)         .offset = offsetof(config, at), .size = sizeof(((config *)0)->at)
#define KIND(at, ...)     .kind = _Generic(((config *)0)->at, __VA_ARGS__)
#define KEY(s, k, at, d)  .section = (s), .name = (k), PLACE(at), .fallback = (d)
#define BOOL(s, k, at, d) KEY(s, k, at, d), KIND(at, bool : KEY_BOOL), .choices = booleans
#define STEPS(s, k, at, d, least, most, by)                                                                            \
    KEY(s, k, at, d), KIND(at, int : KEY_INT, uint64_t : KEY_INT), .min = (least), .max = (most), .step = (by)
#define INT(s, k, at, d, least, most)  STEPS(s, k, at, d, least, most, 1)
#define REAL(s, k, at, d, least, most) KEY(s, k, at, d), KIND(at, double : KEY_REAL), .low = (least), .high = (most)
#define TEXT(s, k, at, d)              KEY(s, k, at, d), KIND(at, const char * : KEY_TEXT)
#define CHOICE(s, k, at, d, list)      KEY(s, k, at, d), KIND(at, unsigned : KEY_CHOICE), .choices = (list)

static const config_choice booleans[] = {{"true", true}, {"false", false}, {0}};
static const config_choice fits[] = {{"stretch", RESIZE_STRETCH}, {"crop", RESIZE_CROP}, {0}};
static const config_choice scales[] = {{"unit", RESIZE_UNIT}, {"signed", RESIZE_SIGNED}, {0}};
static const config_choice orientations[] = {
    {"auto", ORIENTATION_AUTO}, {"apply", ORIENTATION_APPLY}, {"ignore", ORIENTATION_IGNORE}, {0}};
static const config_choice precisions[] = {{"float32", PRECISION_FLOAT32}, {"mixed", PRECISION_MIXED}, {0}};
static const config_choice modes[] = {{"sync", BATCH_NORM_SYNC}, {"local", BATCH_NORM_LOCAL}, {0}};
static const config_choice evaluates[] = {{"moving", BATCH_NORM_MOVING}, {"precise", BATCH_NORM_PRECISE}, {0}};
static const config_choice variances[] = {{"biased", BATCH_NORM_BIASED}, {"unbiased", BATCH_NORM_UNBIASED}, {0}};

const config_key schema_keys[] = {
    {TEXT("experiment", "name", experiment.name, NULL), .plain_name = true,
     .help = "name of the run and of its folder"},

    {TEXT("data", "file", data.file, NULL), .is_path = true, .may_change = true,
     .help = "data set made by `lockstep pack`; on resume another path, but the same data"},
    {TEXT("data", "stage", data.stage, ""), .may_be_empty = true, .may_change = true,
     .help = "folder of each node's own for a copy of the data set, such as `$TMPDIR`"},
    {INT("data", "height", data.height, "224", 32, 2048), .help = "rows of the network's input"},
    {INT("data", "width", data.width, "224", 32, 2048), .help = "columns of the network's input"},
    {CHOICE("data", "fit", data.fit, "stretch", fits),
     .help = "resize to the input's shape, or cut out the middle first"},
    {CHOICE("data", "scale", data.scale, "unit", scales), .help = "pixels become 0..1 or -1..1"},
    {CHOICE("data", "orientation", data.orientation, "auto", orientations),
     .help = "turn pictures as their orientation tag says; `auto`: unless the data set was packed before tags were "
             "looked at"},
    {BOOL("data", "augment", data.augment, "false"), .help = "random resized crop and flip in training"},
    {REAL("data", "augment_min_scale", data.augment_min_scale, "0.08", 0, 1), .above = true,
     .help = "smallest share of the area in a random crop"},
    {INT("data", "loader_threads", data.loader_threads, "1", 0, 64), .may_change = true,
     .help = "decoding threads a rank; 0: half of its processors, at most 4"},

    {BOOL("model", "batch_norm", model.batch_norm, "true"), .help = "a BatchNorm after each convolution"},
    {REAL("model", "alpha", model.alpha, "1", 0.05, 8),
     .help = "width: channels are times this, in multiples of 8, as in Keras' MobileNetV2"},
    {CHOICE("model", "precision", model.precision, "float32", precisions),
     .help = "`mixed`: what passes between layers is stored in bf16, in half the memory"},

    {CHOICE("batch_norm", "mode", batch_norm.mode, "sync", modes),
     .help = "moments over the global batch, or over a rank's part"},
    {CHOICE("batch_norm", "evaluate", batch_norm.evaluate, "moving", evaluates), .may_change = true,
     .help = "validate by moving or re-estimated statistics"},
    {CHOICE("batch_norm", "moving_variance", batch_norm.moving_variance, "biased", variances),
     .help = "what the moving variance averages: as Keras 3, or n/(n-1) as Keras 2's fused kernel"},
    {REAL("batch_norm", "momentum", batch_norm.momentum, "0.99", 0, 1),
     .help = "what the moving statistics keep of themselves at a step"},
    {REAL("batch_norm", "epsilon", batch_norm.epsilon, "0.001", 0, 1), .above = true, .help = "added to the variance"},
    {INT("batch_norm", "precise_batches", batch_norm.precise_batches, "0", 0, 1000000), .may_change = true,
     .help = "batches for `evaluate: precise`; 0: a whole epoch"},

    {REAL("l2", "c", optimizer.l2, "0", 0, 1000), .help = "adds c times the sum of squared weights to the loss"},

    {INT("train", "epochs", train.epochs, "10", 1, 1000000), .may_change = true, .help = "epochs to train"},
    {INT("train", "batch", order.batch, "32", 1, 1048576), .help = "samples a step, over all ranks"},
    {STEPS("train", "shard", order.shard_size, "4", 4, 8, 4),
     .help = "samples a shard, the unit of work and of reduction"},
    {REAL("train", "learning_rate", optimizer.learning_rate, "0.1", 0, 1000),
     .help = "what a gradient is multiplied by in an update"},
    {REAL("train", "momentum", optimizer.momentum, "0", 0, 1),
     .help = "what an update keeps of the one before; 0: plain SGD"},
    {BOOL("train", "nesterov", optimizer.nesterov, "false"), .help = "Nesterov's form of momentum"},
    {INT("train", "steps_per_epoch", order.steps_per_epoch, "0", 0, 1000000000),
     .help = "updates an epoch; 0: once through the samples"},
    {INT("train", "seed", order.seed, "1", 0, INT64_MAX), .help = "of starting weights, order and augmentation"},
    {BOOL("train", "shuffle", order.shuffle, "true"), .help = "a new order of the samples in each epoch"},
    {INT("train", "threads", train.threads, "1", 1, 1024), .may_change = true, .help = "computing threads a rank"},

    {TEXT("checkpoint", "dir", checkpoint.dir, "checkpoints"), .is_path = true, .may_change = true,
     .help = "folder of the runs' folders"},
    {INT("checkpoint", "every_epochs", checkpoint.every_epochs, "1", 0, 1000000), .may_change = true,
     .help = "epochs between checkpoints, the last always leaves one; 0: none but that"},
    {INT("checkpoint", "every_steps", checkpoint.every_steps, "0", 0, 1000000000), .may_change = true,
     .help = "steps between checkpoints, counted from the run's start; 0: none by steps"},
    {REAL("checkpoint", "every_minutes", checkpoint.every_minutes, "0", 0, 1000000), .may_change = true,
     .help = "minutes between checkpoints, by the clock of rank 0; 0: none by the clock"},
    {INT("checkpoint", "keep", checkpoint.keep, "0", 0, 1000000), .may_change = true,
     .help = "newest checkpoints to keep; 0: all"},
    {INT("checkpoint", "keep_best", checkpoint.keep_best, "0", 0, 1000000), .may_change = true,
     .help = "and that many of those with the best validation accuracy"},

    {INT("check", "replicas_every", check.replicas_every, "100", 0, 1000000000), .may_change = true,
     .help = "steps between comparisons of the ranks' weights; 0: only where an epoch ends and before a checkpoint"},

    {INT("log", "every_steps", log.every_steps, "0", 0, 1000000000), .may_change = true,
     .help = "steps between progress lines, where no terminal shows a bar; 0: one about every minute"},
    {TEXT("log", "print_layer", log.print_layer, "conv2d"), .may_change = true,
     .help = "layer whose first weights are printed, by its Keras name"},
    {INT("log", "print_count", log.print_count, "10", 0, 1000), .may_change = true, .help = "how many of them"},

    {REAL("timeouts", "stall", timeouts.stall, "60", 0, 1000000), .may_change = true,
     .help = "seconds without progress until a report says who is waited for; 0: never"},
    {REAL("timeouts", "abort", timeouts.abort, "300", 0, 1000000), .may_change = true,
     .help = "seconds without progress until the job ends, more than `stall`; 0: never"},
};
const size_t schema_count = sizeof schema_keys / sizeof *schema_keys;

int schema_find(const char *section, const char *name)
{
    for (size_t k = 0; k < schema_count; k++) {
        const config_key *key = &schema_keys[k];
        if (strcmp(key->section, section) == 0 && (name == NULL || strcmp(key->name, name) == 0)) {
            return (int)k;
        }
    }
    return -1;
}

void schema_list(text_builder *out, const char *section)
{
    const char *separator = "";
    for (size_t k = 0; k < schema_count; k++) {
        const config_key *key = &schema_keys[k];
        const bool wanted =
            section != NULL ? strcmp(key->section, section) == 0 : schema_find(key->section, NULL) == (int)k;
        if (wanted) {
            text_add(out, "%s%s", separator, section != NULL ? key->name : key->section);
            separator = ", ";
        }
    }
}
