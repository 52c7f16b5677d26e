#ifndef LOCKSTEP_DATA_DATASET_PRIVATE_H
#define LOCKSTEP_DATA_DATASET_PRIVATE_H

#include "data/dataset.h"
#include "data/window.h"
#include "io/h5.h"

/* What the parts of the data set's reader share. Nobody else includes this file. */

/* An array that pictures lie in. */
typedef struct dataset_source {
    const char *name; /* static */
    h5_held *held;    /* owned, as long as the file is open */
    window *reads;    /* owned; from it, once it is clear that pictures are not held in memory */
    size_t first;     /* number of its first sample */
    size_t bytes;     /* of all of its pictures */
} dataset_source;

struct dataset {
    char *path;     /* as it was asked for */
    char *label;    /* what messages call it */
    h5_file *file;  /* open while pictures are read from it, else NULL */
    bool foreign;   /* of somebody else */
    uint8_t *bytes; /* all pictures, or NULL */
    dataset_source sources[DATASET_SPLITS];
    size_t source_count;
    dataset_pixels stored;
    uint64_t *offsets; /* of files; NULL where pictures are pixels */
    uint64_t *hashes;  /* NULL: there are none */
    int32_t *labels;
    uint8_t *split;
    char **classes; /* one block */
    char **names;   /* one block */
    uint32_t *indices[DATASET_SPLITS];
    size_t counts[DATASET_SPLITS];
    size_t samples, class_count;
    size_t total; /* bytes of all pictures */
    int64_t version;
    uint64_t turned;
    uint64_t checksum;
    char *program, *command; /* NULL: the file does not say */
    bool coloured;           /* the next two are known */
    double mean[3], deviation[3];
};

/* Where sample i begins among all bytes; samples: their end. */
static inline size_t dataset_place(const dataset *d, size_t i)
{
    return d->offsets != NULL ? (size_t)d->offsets[i] : i * dataset_pixels_size(&d->stored);
}

/* LS_EFORMAT: the data set is damaged. */
int dataset_damaged(const dataset *d, const char *what);

/* LS_ENOMEM, for its arrays. */
int dataset_no_memory(const dataset *d);

/* Sort the samples into splits, whose numbers are below `splits`, and check labels. Returns 0, LS_EFORMAT, LS_ENOMEM.
 */
int dataset_index(dataset *d, int splits);

/* All of a file but its pictures, once it is open: of our own format (dataset_packed.c) and of others
 * (dataset_arrays.c), both with the arrays that pictures lie in. Errors as dataset_open. */
int dataset_read_packed(dataset *d);
int dataset_read_arrays(dataset *d);

#endif
