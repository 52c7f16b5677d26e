#ifndef LOCKSTEP_CLI_RUN_OPTIONS_H
#define LOCKSTEP_CLI_RUN_OPTIONS_H

#include <stdbool.h>

#include "base/problems.h"
#include "config/config.h"
#include "run/trainer.h"
#include "store/checkpoint.h"
#include "train/moving.h"

/* A configuration and what is made of it: the options of a run, its names, and its place beside a checkpoint. */

/* Texts stay the configuration's. */
session_options run_options_session(const config *c);
trainer_options run_options_trainer(const config *c);

/* Whether filters are measured: what theory says of them is of networks that are trained as a whole, at one rate. */
bool run_options_measures(const config *c);

/* "bn", "l2", "bn_l2" or "none": which of the two the network has. */
const char *run_options_experiment(const config *c);

/* How pixels become numbers: "x/255, stretch". */
const char *run_options_normalization(const config *c);

/* Whether --ema has something to use; LS_EUSAGE. */
int run_options_has_averages(const config *c);

/*
 * Numbers of a checkpoint that are also in its configuration, and are others there; epochs, steps and the position in
 * an epoch that cannot be so together.
 */
void run_options_compare(problems *found, const checkpoint_info *info, const config *c);

/*
 * A checkpoint's configuration and the rest of its information; both are the caller's to free, also after a failure.
 * Errors as checkpoint_read_info and config_parse; LS_EFORMAT where run_options_compare or
 * checkpoint_check_figures finds anything.
 */
int run_options_of_checkpoint(config *out, checkpoint_info *info, const char *path);

/* For run_folder_open: whether a checkpoint is of the run of this experiment.name; name: a const char *const *. */
int run_options_owns(void *name, const checkpoint_info *info);

/* How far a checkpoint's moving statistics are from the data's. */
moving_lag run_options_lag(const checkpoint_info *info, const config *c);

#endif
