#ifndef LOCKSTEP_DATA_PACK_SAMPLES_H
#define LOCKSTEP_DATA_PACK_SAMPLES_H

#include "data/pack_pipe.h"

/*
 * Files that hold labelled samples one after the other: data sets of other programs. What a file is, is found by its
 * content. A kind is a file, pack_samples_<kind>.c, and a line of the list in pack_samples.c.
 */

/* A sample, to be filled in: the picture's bytes, or its pixels and their size; and its label. */
typedef struct pack_sample {
    pack_picture *picture;
    int64_t label;          /* of a class, from 0; or: */
    const char *class_name; /* its name, valid until the next; NULL: it has a number */
    dataset_split split;    /* training at first, or as the kind says of the file */
    const char *name;       /* of the picture, likewise; NULL: it is called by its number in the file */
} pack_sample;

enum { PACK_HEAD = 4096 };

typedef struct pack_samples_kind {
    const char *name; /* "an IDX file", for messages */
    /* Whether a file is one: by its first n bytes, PACK_HEAD of them or all, unpacked, and by its path. */
    bool (*is)(const uint8_t *head, size_t n, const char *path);
    /* *self is closed after a success. Errors name the file. */
    int (*open)(void **self, const char *path);
    /* 1: a sample; 0: there are no more; or a negative code, whose message names the file. */
    int (*next)(void *self, pack_sample *out);
    void (*close)(void *self);
    /* What it says by its name of the split; NULL: nothing. */
    dataset_split (*split)(const char *path);
    /* A name for each class, or NULL where none are to be had: a text in which each has its zero; for free(). */
    char *(*names)(const char *path, size_t *count);
} pack_samples_kind;

extern const pack_samples_kind pack_samples_idx, pack_samples_cifar, pack_samples_tfrecord, pack_samples_npz,
    pack_samples_h5;

/* The kind of a file; NULL: none of them, or it cannot be read. */
const pack_samples_kind *pack_samples_kind_of(const char *path);

#endif
