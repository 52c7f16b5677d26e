#ifndef LOCKSTEP_CONFIG_CONFIG_H
#define LOCKSTEP_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The configuration of a run, read from YAML. schema.c is the one place that lists the keys, their defaults and what
 * is allowed; a field here is called as its key, so `train.batch` in the file is config.train.batch.
 */
typedef enum config_fit { CONFIG_STRETCH, CONFIG_CROP } config_fit;
typedef enum config_scale { CONFIG_UNIT, CONFIG_SIGNED } config_scale;
typedef enum config_turn { CONFIG_AUTO, CONFIG_APPLY, CONFIG_IGNORE } config_turn;
typedef enum config_precision { CONFIG_FLOAT32, CONFIG_MIXED } config_precision;
typedef enum config_bn_mode { CONFIG_SYNC, CONFIG_LOCAL } config_bn_mode;
typedef enum config_bn_evaluate { CONFIG_MOVING, CONFIG_PRECISE } config_bn_evaluate;
typedef enum config_bn_variance { CONFIG_BIASED, CONFIG_UNBIASED } config_bn_variance;

typedef struct config_experiment {
    char *name; /* the run's name, a plain file name: its files are in <checkpoint.dir>/<name>/ */
} config_experiment;

typedef struct config_data {
    char *file;               /* packed data set; relative to the current directory */
    char *stage;              /* folder of each node for a copy of it, which may name variables; "": none */
    int height, width;        /* of the network's input, pixels */
    config_fit fit;           /* how an image of another shape gets there */
    config_scale scale;       /* pixels to 0..1 or to -1..1 */
    config_turn orientation;  /* pictures turned as their tags say; auto: as the data set means them */
    bool augment;             /* random resized crop and flip in training */
    double augment_min_scale; /* smallest part of the area that a random crop covers */
    int loader_threads;       /* per rank; 0: as the loader sees fit */
} config_data;

typedef struct config_model {
    bool batch_norm;
    config_precision precision; /* mixed: activations and gradients between layers are stored in bf16 */
} config_model;

typedef struct config_batch_norm {
    config_bn_mode mode;
    config_bn_evaluate evaluate;
    config_bn_variance moving_variance;
    double momentum, epsilon;
    int precise_batches; /* for evaluate: precise; 0: all of an epoch */
} config_batch_norm;

typedef struct config_l2 {
    double c; /* adds c·Σw² to the loss; 0: no penalty */
} config_l2;

typedef struct config_train {
    int epochs;
    int batch; /* samples a step, over all ranks */
    int shard; /* samples a shard: 4 or 8 */
    double learning_rate;
    int64_t steps_per_epoch; /* 0: once through the training samples */
    uint64_t seed;
    bool shuffle;
    int threads; /* per rank */
} config_train;

typedef struct config_checkpoint {
    char *dir;
    int every_epochs; /* epochs between checkpoints; this and the next two: 0: none for that reason */
    int64_t every_steps;
    double every_minutes;
    int keep;      /* newest checkpoints to keep; 0: all */
    int keep_best; /* and that many of those with the best validation */
} config_checkpoint;

typedef struct config_check {
    int64_t replicas_every; /* steps between comparisons of the ranks' weights; 0: where an epoch ends only */
} config_check;

typedef struct config_log {
    int64_t every_steps; /* steps between plain progress lines; 0: one line an epoch */
    char *print_layer;   /* Keras name of the layer whose first weights are printed */
    int print_count;     /* how many of its weights */
} config_log;

typedef struct config_timeouts { /* seconds without progress; 0: never */
    double stall;                /* until a report says who is waited for */
    double abort;                /* until the job ends */
} config_timeouts;

typedef struct config {
    config_experiment experiment;
    config_data data;
    config_model model;
    config_batch_norm batch_norm;
    config_l2 l2;
    config_train train;
    config_checkpoint checkpoint;
    config_check check;
    config_log log;
    config_timeouts timeouts;
} config;

/*
 * Read the file `path` and apply overrides ("train.batch=64", as given to --set) in order; the last one wins. Keys that
 * neither names take their defaults. Returns 0, LS_EUSAGE with a message that names file and line (or the override),
 * key and what is allowed, or LS_ENOMEM. *out is released with config_free, and needs no release on failure.
 */
int config_load(config *out, const char *path, const char *const *overrides, size_t n);

/* As config_load, from `length` bytes of text in memory, such as the copy in a checkpoint; origin names it in errors.
 */
int config_parse(config *out, const char *text, size_t length, const char *origin, const char *const *overrides,
                 size_t n);

/* The effective configuration as YAML that config_parse reads back to the same values; *yaml_out freed with free(). */
int config_print(const config *c, char **yaml_out);

/* Every key with its default, what is allowed and what it means, for people; *out freed with free(). */
int config_reference(char **out);

/*
 * Keys that differ between a saved and a wanted configuration and may not change on resume. Writes a line such as
 * "train.batch (32, now 64), l2.c (0, now 0.001)" to text, cut to size, and returns how many there are.
 */
size_t config_difference(const config *saved, const config *wanted, char *text, size_t size);

/*
 * Tell of every key in which two configurations differ, also of those that may change: "train.batch" and both values as
 * they stand in YAML. Returns how many there are, or LS_ENOMEM.
 */
int config_changes(const config *a, const config *b,
                   void (*tell)(void *context, const char *key, const char *a, const char *b), void *context);

/* Free the texts; the struct itself is the caller's. Fine on a zeroed struct, and twice. */
void config_free(config *c);

#endif
