#ifndef LOCKSTEP_CLI_EVAL_REPORT_H
#define LOCKSTEP_CLI_EVAL_REPORT_H

#include <stdio.h>

#include "data/dataset.h"
#include "train/evaluate.h"
#include "train/metrics.h"

/* Up to so many classes the confusion matrix is printed, and is in JSON; with more, confusions are listed. */
enum { EVAL_PRINTED_CLASSES = 20, EVAL_JSON_CLASSES = 1000 };

/* What was evaluated. Nothing is owned. */
typedef struct eval_report_subject {
    const char *checkpoint, *file; /* file: of the data set */
    const dataset *data;
    dataset_split split;
    uint64_t epoch, step;
    evaluation figures;
} eval_report_subject;

/* All figures of an evaluation, for people and for programs. Not collective. */
typedef struct eval_report {
    eval_report_subject on;
    metrics figures;
    metrics_pair *pairs; /* owned; the confusion matrix, as metrics_pairs */
    size_t pair_count;
    metrics_pair *confusions; /* owned; as metrics_confusions */
    size_t confusion_count;
    metrics_sample *worst; /* owned; as metrics_worst */
    size_t worst_count;
} eval_report;

/* Of the records of all samples; worst: how many of the largest losses. LS_ENOMEM; eval_report_release in any case. */
int eval_report_make(eval_report *out, const eval_report_subject *on, const records *samples, size_t worst);
void eval_report_release(eval_report *r);

/* To standard output, below loss and accuracy; with_classes: also by class, and the confusions. */
void eval_report_print(const eval_report *r, bool with_classes);

/* As JSON and CSV (docs/metrics.md has the keys and columns); errors stay with the file. */
void eval_report_json(FILE *to, const eval_report *r);
void eval_report_csv(FILE *to, const eval_report *r);

/* What stands in a cell of the matrix. */
size_t eval_report_confusion(const eval_report *r, size_t label, size_t predicted);
/* The name of the picture of a record; owned by the data set. */
const char *eval_report_picture(const eval_report *r, const metrics_sample *s);

#endif
