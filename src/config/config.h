#ifndef LOCKSTEP_CONFIG_CONFIG_H
#define LOCKSTEP_CONFIG_CONFIG_H

#include <stddef.h>

#include "comm/comm.h"
#include "data/options.h"
#include "data/order.h"
#include "network/options.h"
#include "nn/batch_norm.h"
#include "optim/options.h"
#include "train/options.h"

/*
 * The configuration of a run, read from YAML: the options of the modules that use them. schema.c is the one place that
 * lists the keys, their defaults and what is allowed. Texts are the configuration's, and modules do not outlive it.
 */
typedef struct config_experiment {
    const char *name; /* the run's name, a plain file name: its files are in <checkpoint.dir>/<name>/ */
} config_experiment;

typedef struct config {
    config_experiment experiment;
    data_options data;
    network_options model;
    batch_norm_options batch_norm;
    order_options order;         /* of section `train`: batch, shard, steps_per_epoch, seed, shuffle */
    optimizer_options optimizer; /* sections `l2`, `decay`, `optimizer`, `rate`, `ema`, and of `train` what they need */
    loss_section loss;
    train_options train; /* what else is in section `train` */
    features_options features;
    checkpoint_options checkpoint;
    check_options check;
    log_options log;
    comm_timeouts timeouts;
} config;

/*
 * Read the file `path` and apply overrides ("train.batch=64", as given to --set) in order; the last one wins. Keys that
 * neither names take their defaults. Returns 0, LS_EUSAGE with a message that names file and line (or the override),
 * key and what is allowed, or LS_ENOMEM. *out is released with config_free, and needs no release on failure.
 */
int config_load(config *out, const char *path, const char *const *overrides, size_t n);

/* "section.key=value", in order. Not owned. */
typedef struct config_sets {
    const char *const *sets;
    size_t count;
} config_sets;

/*
 * Somebody who knows values of keys, such as the file of weights that the configuration names. ask: *out is what it
 * knows; c is what file and overrides say so far, not yet checked for what keys demand of each other; a failure is that
 * of config_load_advised. differs: of keys that it knows and that they name otherwise, in the order of config_print.
 */
typedef struct config_adviser {
    int (*ask)(void *context, const config *c, config_sets *out);
    void (*differs)(void *context, const char *key, const char *have, const char *known);
    void *context;
} config_adviser;

/* As config_load; what neither the file nor an override names gets the values that are known before the defaults. */
int config_load_advised(config *out, const char *path, const config_sets *overrides, const config_adviser *adviser);

/*
 * As config_load, from `length` bytes of text in memory, such as the copy in a checkpoint, which may lack keys that
 * came later; origin names it in errors.
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
 * Report every key in which two configurations differ, also of those that may change: "train.batch" and both values as
 * they stand in YAML. Returns how many there are, or LS_ENOMEM.
 */
int config_changes(const config *a, const config *b,
                   void (*report)(void *context, const char *key, const char *a, const char *b), void *context);

/* Free the texts; the struct itself is the caller's. Fine on a zeroed struct, and twice. */
void config_free(config *c);

#endif
