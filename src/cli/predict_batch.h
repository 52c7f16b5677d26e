#ifndef LOCKSTEP_CLI_PREDICT_BATCH_H
#define LOCKSTEP_CLI_PREDICT_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "train/predict.h"

/*
 * The classes of many picture files: all threads read and decode a batch of them, then compute it. Lines come in the
 * order of the files.
 */
typedef struct predict_batch predict_batch;

typedef struct predict_batch_options {
    predict_options network;
    char *const *classes; /* names, [network.classes]; not owned */
    size_t top;           /* likeliest classes to print; more than there are: all */
    bool turn;            /* pictures as their orientation tag says */
    bool json;            /* lines of JSON */
} predict_batch_options;

/* Errors as predictor_create. *out: predict_batch_free. */
int predict_batch_create(predict_batch **out, const char *checkpoint, const predict_batch_options *o);
void predict_batch_free(predict_batch *p);

/* Print what the files are taken for ("-": standard input), with progress on a terminal; *bad: how many cannot be read,
 * which are reported and passed over. Returns 0 or a negative code. */
int predict_batch_all(predict_batch *p, const char *const *paths, size_t count, size_t *bad);

#endif
