#ifndef LOCKSTEP_CLI_PREDICT_ARGUMENTS_H
#define LOCKSTEP_CLI_PREDICT_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/orientation.h"

/* What `lockstep predict` was asked for. */
typedef struct predict_arguments {
    const char *given;  /* a checkpoint or a run's folder */
    const char **lists; /* owned; the texts are argv's */
    size_t list_count;
    char **named; /* [named_count] of argv: pictures, folders, "-" */
    int named_count;
    uint64_t top, threads;
    const char *data; /* the data set for --statistics precise; NULL without */
    bool best, precise;
    orientation_use orientation; /* ORIENTATION_AUTO: as the checkpoint was trained */
} predict_arguments;

/*
 * Read the subcommand's arguments, and whether they go together. LS_EUSAGE, LS_ENOMEM; also after an error to be
 * released.
 */
int predict_arguments_read(predict_arguments *a, int argc, char **argv);

void predict_arguments_release(predict_arguments *a);

#endif
