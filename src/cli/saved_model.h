#ifndef LOCKSTEP_CLI_SAVED_MODEL_H
#define LOCKSTEP_CLI_SAVED_MODEL_H

#include <stdbool.h>

#include "config/config.h"
#include "exchange/model.h"
#include "store/checkpoint.h"
#include "tensor/state.h"

/* A checkpoint's network with its weights, as other programs may take it. Starts as zeros; released in any case. */
typedef struct saved_model {
    config saved; /* owned, as what follows */
    checkpoint_info info;
    tensor_table table;
    state whole;          /* with averages where they are wanted */
    state weights;        /* those to be used; shares memory with `whole` */
    exchange_model model; /* points into all of this */
} saved_model;

/*
 * Read a checkpoint. raw: the weights themselves; else their averages (ema.decay) where the run kept some. Returns 0 or
 * a negative code, as run_options_of_checkpoint and checkpoint_read.
 */
int saved_model_read(saved_model *out, const char *checkpoint, bool raw);
void saved_model_release(saved_model *m);

/* Where pixels 0..1 go by these options: the input is (pixel / 255 - mean) / deviation. */
void saved_model_pixels(exchange_model *out, const data_options *o);

#endif
