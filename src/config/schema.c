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
#define RGB(s, k, at, d, least, most)  KEY(s, k, at, d), KIND(at, double * : KEY_RGB), .low = (least), .high = (most)
#define TEXT(s, k, at, d)              KEY(s, k, at, d), KIND(at, const char * : KEY_TEXT)
#define CHOICE(s, k, at, d, list)      KEY(s, k, at, d), KIND(at, unsigned : KEY_CHOICE), .choices = (list)

static const config_choice booleans[] = {{"true", true}, {"false", false}, {0}};
static const config_choice fits[] = {{"stretch", RESIZE_STRETCH}, {"crop", RESIZE_CROP}, {0}};
static const config_choice scales[] = {
    {"unit", RESIZE_UNIT}, {"signed", RESIZE_SIGNED}, {"standard", RESIZE_STANDARD}, {0}};
static const config_choice decodes[] = {{"full", DECODE_FULL}, {"reduced", DECODE_REDUCED}, {0}};
static const config_choice orientations[] = {
    {"auto", ORIENTATION_AUTO}, {"apply", ORIENTATION_APPLY}, {"ignore", ORIENTATION_IGNORE}, {0}};
static const config_choice backgrounds[] = {
    {"none", IMAGE_ALPHA_DROPPED}, {"white", IMAGE_ON_WHITE}, {"black", IMAGE_ON_BLACK}, {"gray", IMAGE_ON_GRAY}, {0}};
static const config_choice interpolations[] = {
    {"bilinear", RESIZE_LINEAR}, {"nearest", RESIZE_NEAREST}, {"bicubic", RESIZE_CUBIC}, {0}};
static const config_choice policies[] = {
    {"none", AUGMENT_NO_POLICY}, {"trivial", AUGMENT_TRIVIAL}, {"rand", AUGMENT_RAND}, {0}};
static const config_choice paddings[] = {
    {"article", PADDING_ARTICLE}, {"keras", PADDING_KERAS}, {"symmetric", PADDING_SYMMETRIC}, {0}};
static const config_choice precisions[] = {{"float32", PRECISION_FLOAT32}, {"mixed", PRECISION_MIXED}, {0}};
static const config_choice modes[] = {{"sync", BATCH_NORM_SYNC}, {"local", BATCH_NORM_LOCAL}, {0}};
static const config_choice evaluates[] = {{"moving", BATCH_NORM_MOVING}, {"precise", BATCH_NORM_PRECISE}, {0}};
static const config_choice optimizers[] = {{"sgd", OPTIMIZER_SGD},
                                           {"rmsprop", OPTIMIZER_RMSPROP},
                                           {"adam", OPTIMIZER_ADAM},
                                           {"adamw", OPTIMIZER_ADAMW},
                                           {"lars", OPTIMIZER_LARS},
                                           {"lamb", OPTIMIZER_LAMB},
                                           {0}};
static const config_choice forms[] = {{"keras", OPTIMIZER_KERAS}, {"pytorch", OPTIMIZER_PYTORCH}, {0}};
static const config_choice decaying[] = {
    {"bias", DECAY_KERNELS_AND_BIAS}, {"true", DECAY_ALL}, {"false", DECAY_KERNELS}, {0}};
static const config_choice schedules[] = {{"constant", RATE_CONSTANT},
                                          {"step", RATE_STEP},
                                          {"exponential", RATE_EXPONENTIAL},
                                          {"cosine", RATE_COSINE},
                                          {"polynomial", RATE_POLYNOMIAL},
                                          {"one_cycle", RATE_ONE_CYCLE},
                                          {0}};
static const config_choice metrics[] = {{"val_accuracy", METRIC_VAL_ACCURACY},
                                        {"val_loss", METRIC_VAL_LOSS},
                                        {"val_cross_entropy", METRIC_VAL_CROSS_ENTROPY},
                                        {"val_top5", METRIC_VAL_TOP5},
                                        {"val_macro_recall", METRIC_VAL_MACRO_RECALL},
                                        {"val_calibration_error", METRIC_VAL_CALIBRATION_ERROR},
                                        {"ema_val_accuracy", METRIC_EMA_VAL_ACCURACY},
                                        {"ema_val_cross_entropy", METRIC_EMA_VAL_CROSS_ENTROPY},
                                        {"train_accuracy", METRIC_TRAIN_ACCURACY},
                                        {"train_loss", METRIC_TRAIN_LOSS},
                                        {0}};
static const config_choice caches[] = {
    {"memory", FEATURES_MEMORY}, {"file", FEATURES_FILE}, {"off", FEATURES_OFF}, {0}};
static const config_choice instruments[] = {
    {"light", INSTRUMENT_LIGHT}, {"off", INSTRUMENT_OFF}, {"full", INSTRUMENT_FULL}, {0}};
static const config_choice samplings[] = {{"natural", ORDER_NATURAL}, {"balanced", ORDER_BALANCED}, {0}};
static const config_choice units[] = {{"epochs", RATE_EPOCHS}, {"steps", RATE_STEPS}, {0}};
static const config_choice changes[] = {{"step", RATE_STEPS}, {"epoch", RATE_EPOCHS}, {0}};
static const config_choice variances[] = {{"biased", BATCH_NORM_BIASED}, {"unbiased", BATCH_NORM_UNBIASED}, {0}};

const config_key schema_keys[] = {
    {TEXT("experiment", "name", experiment.name, NULL), .plain_name = true,
     .help = "name of the run and of its folder"},

    {TEXT("data", "file", data.file, NULL), .is_path = true, .may_change = true,
     .help = "data set made by `lockstep pack`; on resume another path, but the same data"},
    {TEXT("data", "stage", data.stage, ""), .may_be_empty = true, .may_change = true,
     .help = "folder of each node's own for a copy of the data set, such as `$TMPDIR`"},
    {INT("data", "height", data.height, "224", RESOLUTION_LEAST, RESOLUTION_MOST),
     .help = "rows of the network's input"},
    {INT("data", "width", data.width, "224", RESOLUTION_LEAST, RESOLUTION_MOST),
     .help = "columns of the network's input"},
    {CHOICE("data", "fit", data.fit, "stretch", fits),
     .help = "resize to the input's shape, or cut out the middle first"},
    {CHOICE("data", "scale", data.scale, "unit", scales),
     .help = "pixels become 0..1 or -1..1; `standard`: 0..1 less `mean`, over `deviation`"},
    {RGB("data", "mean", data.mean, "0.485,0.456,0.406", -1000, 1000),
     .help = "`standard`: of red, green and blue; these are ImageNet's"},
    {RGB("data", "deviation", data.deviation, "0.229,0.224,0.225", 0, 1000), .above = true,
     .help = "what the difference is divided by"},
    {CHOICE("data", "orientation", data.orientation, "auto", orientations),
     .help = "turn pictures as their orientation tag says; `auto`: unless the data set was packed before tags were "
             "looked at"},
    {CHOICE("data", "decode", data.decode, "full", decodes),
     .help = "`reduced`: JPEG files are decoded at a half, a quarter or an eighth of their size where twice the "
             "input's is left"},
    {CHOICE("data", "background", data.background, "none", backgrounds),
     .help = "what shows through transparent pixels; `none`: alpha is dropped, and colours are taken as stored"},
    {BOOL("data", "augment", data.augment, "false"), .help = "random resized crop and flip in training"},
    {REAL("data", "augment_min_scale", data.augment_min_scale, "0.08", 0, 1), .above = true,
     .help = "smallest share of the area in a random crop"},
    {INT("data", "loader_threads", data.loader_threads, "1", 0, 64), .may_change = true,
     .help = "decoding threads a rank; 0: half of its processors, at most 4"},

    {BOOL("augment", "crop", data.augmentation.crop, "false"),
     .help = "random resized crop in training, as torchvision draws it; instead of `data.augment`"},
    {REAL("augment", "scale_min", data.augmentation.part.scale_min, "0.08", 0, 1), .above = true,
     .help = "the crop's smallest share of the area"},
    {REAL("augment", "scale_max", data.augmentation.part.scale_max, "1", 0, 1), .above = true, .help = "its largest"},
    {REAL("augment", "ratio_min", data.augmentation.part.ratio_min, "0.75", 0.01, 100),
     .help = "the crop's smallest width over height"},
    {REAL("augment", "ratio_max", data.augmentation.part.ratio_max, "1.3333333333333333", 0.01, 100),
     .help = "its largest"},
    {CHOICE("augment", "interpolation", data.augmentation.interpolation, "bilinear", interpolations),
     .help = "how the crop is resized; `bilinear` and `bicubic` antialiased"},
    {REAL("augment", "flip", data.augmentation.flip, "0", 0, 1),
     .help = "probability that left and right are exchanged"},
    {CHOICE("augment", "policy", data.augmentation.policy, "none", policies),
     .help = "operations drawn for a picture: TrivialAugment Wide or RandAugment"},
    {INT("augment", "operations", data.augmentation.operations, "2", 1, 16), .help = "`rand`: how many, in turn"},
    {INT("augment", "magnitude", data.augmentation.magnitude, "9", 0, 30), .help = "`rand`: how strong they are"},
    {REAL("augment", "brightness", data.augmentation.brightness, "0", 0, 10),
     .help = "colour jitter: a factor between 1 less this, or 0, and 1 plus this"},
    {REAL("augment", "contrast", data.augmentation.contrast, "0", 0, 10), .help = "the same of the contrast"},
    {REAL("augment", "saturation", data.augmentation.saturation, "0", 0, 10), .help = "the same of the saturation"},
    {REAL("augment", "hue", data.augmentation.hue, "0", 0, 0.5),
     .help = "colour jitter: share of the circle of colours that the hue is turned by at most, either way"},
    {REAL("augment", "erase", data.augmentation.erase, "0", 0, 1),
     .help = "probability that a rectangle of the input is erased"},
    {REAL("augment", "erase_scale_min", data.augmentation.erased.scale_min, "0.02", 0, 1), .above = true,
     .help = "its smallest share of the area"},
    {REAL("augment", "erase_scale_max", data.augmentation.erased.scale_max, "0.33", 0, 1), .above = true,
     .help = "its largest"},
    {REAL("augment", "erase_ratio_min", data.augmentation.erased.ratio_min, "0.3", 0.01, 100),
     .help = "its smallest height over width"},
    {REAL("augment", "erase_ratio_max", data.augmentation.erased.ratio_max, "3.3", 0.01, 100), .help = "its largest"},
    {REAL("augment", "erase_value", data.augmentation.erase_value, "0", -1000, 1000),
     .help = "what is put there, after `data.scale`"},
    {INT("augment", "repeats", data.augmentation.repeats, "1", 1, 64),
     .help = "consecutive samples of an epoch that are one picture, each augmented in its own way"},
    {REAL("augment", "mixup", data.augmentation.mix.mixup, "0", 0, MIX_MOST_ALPHA),
     .help = "alpha of mixup: pictures of a batch are weighted sums of two; 0: none"},
    {REAL("augment", "cutmix", data.augmentation.mix.cutmix, "0", 0, MIX_MOST_ALPHA),
     .help = "alpha of CutMix: a box of a picture is another's; with `mixup` half of the batches each; 0: none"},

    {INT("resolution", "first", data.resolution.first, "0", 0, RESOLUTION_MOST),
     .help = "rows of training pictures in the first epochs, columns in proportion; 0: as `last`"},
    {INT("resolution", "last", data.resolution.last, "0", 0, RESOLUTION_MOST),
     .help = "the same in the last epochs; 0: as `data.height`, which pictures are validated at"},
    {INT("resolution", "from", data.resolution.from, "0", 0, 1000000),
     .help = "after so many epochs it begins to leave `first`"},
    {INT("resolution", "until", data.resolution.until, "0", 0, 1000000),
     .help = "after so many epochs it has reached `last`; even steps between"},
    {INT("resolution", "multiple", data.resolution.multiple, "32", 1, RESOLUTION_MOST),
     .help = "rows between the two are multiples of this"},

    {BOOL("model", "batch_norm", model.batch_norm, "true"), .help = "a BatchNorm after each convolution"},
    {REAL("model", "alpha", model.alpha, "1", 0.05, 8),
     .help = "width: channels are times this, in multiples of 8, as in Keras' MobileNetV2"},
    {REAL("model", "depth", model.depth, "1", 0, NETWORK_MOST_DEPTH), .above = true,
     .help = "how often blocks are repeated is times this, rounded up, as in timm"},
    {BOOL("model", "fixed_ends", model.fixed_ends, "false"),
     .help = "`alpha` and `depth` leave the first and last convolution, `depth` the first and last block alone, as in "
             "timm's mobilenetv2_110d and _120d"},
    {CHOICE("model", "padding", model.padding, "article", paddings),
     .help = "zeros around what a convolution halves: below and on the right; `keras` as keras.applications, on all "
             "sides of an odd size; `symmetric` on all sides, as PyTorch"},
    {CHOICE("model", "precision", model.precision, "float32", precisions),
     .help = "`mixed`: what passes between layers is stored in bf16, in half the memory"},
    {REAL("model", "dropout", model.dropout, "0", 0, 0.99),
     .help = "probability that an input of the last layer is left out in training"},
    {INT("model", "head_units", model.head_units, "0", 0, NETWORK_MOST_UNITS),
     .help = "a dense layer of so many units with ReLU before the last one; 0: there is none"},

    {TEXT("model", "weights", train.weights, "none"), .is_path = true, .may_change = true,
     .help = "file that a run begins with the weights of: a checkpoint, Keras', `.safetensors`; it also says `alpha`, "
             "`padding`, `batch_norm.epsilon`, `data.scale` and the like, where the configuration does not"},

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

    {REAL("loss", "label_smoothing", loss.label_smoothing, "0", 0, 1),
     .help = "share of each target that all classes divide, in training"},
    {TEXT("loss", "class_weights", loss.class_weights, "none"),
     .help =
         "what a class's loss is times in training: `none` 1, `balanced` the mean number of pictures of a class over "
         "its own, or a number for each class, as `1,2,0.5`"},

    {REAL("l2", "c", optimizer.l2, "0", 0, 1000), .help = "adds c times the sum of squared weights to the loss"},

    {REAL("decay", "decoupled", optimizer.decay.decoupled, "0", 0, 1000),
     .help = "weights lose rate times this in an update, beside the gradient (AdamW)"},
    {CHOICE("decay", "norm_and_bias", optimizer.decay.norm_and_bias, "bias", decaying),
     .help = "what decays beside kernels, here and by L2: `bias` the dense layer's bias, `true` also gamma and beta, "
             "`false` nothing"},
    {BOOL("decay", "follow_rate", optimizer.decay.follow_rate, "false"),
     .help = "both decays of weights before a BatchNorm are multiplied by the rate over its highest"},
    {BOOL("decay", "as_rate", optimizer.decay.as_rate, "false"),
     .help = "weights before a BatchNorm do not decay: their rate grows instead, so that the same is computed"},
    {TEXT("decay", "norms_of", optimizer.decay.norms_of, "none"),
     .help = "whose norms weights before a BatchNorm get after each update: `start` those they began with, a run's "
             "folder those of its log"},

    {CHOICE("optimizer", "form", optimizer.form, "keras", forms),
     .help = "where the rate and epsilon stand: Keras' and TensorFlow's form, or PyTorch's"},
    {REAL("optimizer", "rho", optimizer.rho, "0.9", 0, 1),
     .help = "RMSProp: what the mean square of gradients keeps of itself"},
    {REAL("optimizer", "beta_1", optimizer.beta_1, "0.9", 0, 1),
     .help = "Adam, LAMB: what the mean of gradients keeps of itself"},
    {REAL("optimizer", "beta_2", optimizer.beta_2, "0.999", 0, 1),
     .help = "Adam, LAMB: what their mean square keeps of itself"},
    {REAL("optimizer", "epsilon", optimizer.epsilon, "1e-07", 0, 1000),
     .help = "added to what RMSProp, Adam, LARS and LAMB divide by"},
    {REAL("optimizer", "initial_scale", optimizer.initial_scale, "0", 0, 1000),
     .help = "RMSProp: what the mean square begins with; 1 in TensorFlow 1"},
    {REAL("optimizer", "trust", optimizer.trust, "0.001", 0, 1000),
     .help = "LARS: share of a kernel's norm that a step at rate 1 takes"},

    {CHOICE("rate", "schedule", optimizer.rate.schedule, "constant", schedules),
     .help = "how the learning rate goes on"},
    {CHOICE("rate", "unit", optimizer.rate.unit, "epochs", units),
     .help = "what `every`, `length` and `warm_up` count"},
    {CHOICE("rate", "changes", optimizer.rate.changes, "step", changes),
     .help = "the rate changes with each step, or where an epoch begins"},
    {REAL("rate", "every", optimizer.rate.every, "0", 0, 1e12),
     .help = "`step`, `exponential`: after each of these the rate is times `factor`"},
    {REAL("rate", "factor", optimizer.rate.factor, "0.1", 0, 1), .above = true, .help = "what it is times then"},
    {REAL("rate", "length", optimizer.rate.length, "0", 0, 1e12),
     .help = "`cosine`, `polynomial`, `one_cycle`: how long they take, after the warm-up"},
    {REAL("rate", "floor", optimizer.rate.floor, "0", 0, 1),
     .help = "the same: share of the learning rate that is left at the end"},
    {REAL("rate", "power", optimizer.rate.power, "1", 0, 100), .above = true,
     .help = "`polynomial`: of the share of the length that is left"},
    {REAL("rate", "rise", optimizer.rate.rise, "0.3", 0, 1), .help = "`one_cycle`: share of the length that it rises"},
    {REAL("rate", "start", optimizer.rate.start, "0.04", 0, 1),
     .help = "`one_cycle`: share of the learning rate that it begins with"},
    {REAL("rate", "warm_up", optimizer.rate.warm_up, "0", 0, 1e12),
     .help = "linear rise before the schedule begins; 0: none"},
    {REAL("rate", "warm_up_from", optimizer.rate.warm_up_from, "0", 0, 1),
     .help = "share of the learning rate that it rises from"},

    {REAL("ema", "decay", optimizer.ema.decay, "0", 0, 1),
     .help = "what averages of the weights and moving statistics keep of themselves; 0: there are none"},
    {INT("ema", "every", optimizer.ema.every, "1", 1, 1000000), .help = "updates between two of the averages"},
    {BOOL("ema", "warm_up", optimizer.ema.warm_up, "false"),
     .help = "averages keep less at first: 1 - (1 + n)^(-2/3) after n of them, as in timm"},

    {INT("train", "epochs", train.epochs, "10", 1, 1000000), .may_change = true, .help = "epochs to train"},
    {INT("train", "batch", order.batch, "32", 1, 1048576), .help = "samples a step, over all ranks"},
    {STEPS("train", "shard", order.shard_size, "4", 4, 8, 4),
     .help = "samples a shard, the unit of work and of reduction"},
    {CHOICE("train", "optimizer", optimizer.kind, "sgd", optimizers), .help = "how weights follow from gradients"},
    {REAL("train", "learning_rate", optimizer.learning_rate, "0.1", 0, 1000),
     .help = "what a gradient is multiplied by in an update, before the schedule"},
    {INT("train", "rate_batch", optimizer.rate.batch, "0", 0, 1048576),
     .help = "samples an update that the learning rate is for: it is multiplied by those there are, over this; 0: not"},
    {REAL("train", "momentum", optimizer.momentum, "0", 0, 1),
     .help = "what an update keeps of the one before; 0: none"},
    {BOOL("train", "nesterov", optimizer.nesterov, "false"), .help = "Nesterov's form of momentum"},
    {INT("train", "accumulate", optimizer.accumulate, "1", 1, 65536),
     .help = "steps whose gradients are averaged for an update"},
    {REAL("train", "clip_norm", optimizer.clip_norm, "0", 0, 1e30),
     .help = "most that the norm of the whole gradient, without L2's part, may be; 0: no limit"},
    {REAL("train", "clip_value", optimizer.clip_value, "0", 0, 1e30),
     .help = "most that an element of the gradient may be, either way; 0: no limit"},
    {INT("train", "steps_per_epoch", order.steps_per_epoch, "0", 0, 1000000000),
     .help = "updates an epoch; 0: once through the samples"},
    {INT("train", "seed", order.seed, "1", 0, INT64_MAX), .help = "of starting weights, order and augmentation"},
    {BOOL("train", "shuffle", order.shuffle, "true"), .help = "a new order of the samples in each epoch"},
    {INT("train", "shuffle_window", order.window, "0", 0, 1000000000),
     .help = "shuffle within windows of so many samples, so that a large file is read nearly in sequence; 0: all with "
             "all"},
    {INT("train", "shuffle_run", order.run, "16", 1, 65536),
     .help = "samples that then are read together, as the file has them"},
    {INT("train", "patience", train.patience, "0", 0, 1000000), .may_change = true,
     .help = "epochs without a better `checkpoint.best_by` after which training ends; 0: never"},
    {REAL("train", "min_improvement", train.min_improvement, "0", 0, 1e30), .may_change = true,
     .help = "what a better one is better by, at least"},
    {CHOICE("train", "sampling", order.sampling, "natural", samplings),
     .help = "in an epoch each picture comes as often as any other, or each class"},
    {TEXT("train", "freeze", train.freeze, "none"),
     .help = "what is not trained: `none`, `backbone` (all but dense layers), `until:LAYER`, or `layers:PATTERN`, by "
             "Keras' names or blocks, as `layers:block1*,conv2d`"},
    {INT("train", "unfreeze_at", train.unfreeze_at, "0", 0, 1000000),
     .help = "after so many epochs that ends, and the optimizer begins anew; 0: never"},
    {TEXT("train", "then_freeze", train.then_freeze, "none"),
     .help = "what is not trained from then on, as `layers:batch_normalization*`"},
    {REAL("train", "unfreeze_rate", train.unfreeze_rate, "0", 0, 1000),
     .help = "the learning rate from then on; 0: as before"},
    {REAL("train", "layer_decay", train.rate_decay, "1", 0, 1), .above = true,
     .help = "the rate of each block is that of the block after it times this; 1: all have the same"},
    {INT("train", "threads", train.threads, "1", 1, 1024), .may_change = true, .help = "computing threads a rank"},

    {CHOICE("features", "cache", features.cache, "memory", caches), .may_change = true,
     .help = "where what a frozen backbone makes of the pictures is kept, so that epochs do not compute it again: "
             "memory, a file beside the data set as well, or nowhere"},
    {INT("features", "variants", features.variants, "0", 0, 1000000),
     .help = "augmented variants of a training picture that are kept, which epochs take in turn; 0: augmented pictures "
             "are computed in each epoch"},

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
     .help = "and that many of the best, by `best_by`"},
    {CHOICE("checkpoint", "best_by", checkpoint.best_by, "val_accuracy", metrics),
     .help = "figure of an epoch's row of the log by which checkpoints and epochs are better than others"},

    {INT("check", "replicas_every", check.replicas_every, "100", 0, 1000000000), .may_change = true,
     .help = "steps between comparisons of the ranks' weights; 0: only where an epoch ends and before a checkpoint"},

    {INT("log", "every_steps", log.every_steps, "0", 0, 1000000000), .may_change = true,
     .help = "steps between progress lines, where no terminal shows a bar; 0: one about every minute"},
    {TEXT("log", "print_layer", log.print_layer, "conv2d"), .may_change = true,
     .help = "layer whose first weights are printed, by its Keras name"},
    {INT("log", "print_count", log.print_count, "10", 0, 1000), .may_change = true, .help = "how many of them"},

    {CHOICE("log", "instrument", log.instrument.mode, "light", instruments), .may_change = true,
     .help = "measure what updates do to the filters before a BatchNorm: at one step of some, or at each"},
    {INT("log", "instrument_every", log.instrument.every, "50", 1, 1000000000), .may_change = true,
     .help = "`light`: updates from one measurement to the next"},
    {BOOL("log", "tensorboard", log.tensorboard, "false"), .may_change = true,
     .help = "write event files for TensorBoard into the run's folder as well"},
    {BOOL("log", "status", log.status, "true"), .may_change = true,
     .help = "write once a second into the run's folder what it is doing, for `lockstep watch`"},

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
