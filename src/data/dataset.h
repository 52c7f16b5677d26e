#ifndef LOCKSTEP_DATA_DATASET_H
#define LOCKSTEP_DATA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A packed data set, one HDF5 file that h5py reads too:
 *   /bytes    uint8  [all]    the encoded pictures (JPEG or PNG files), one after the other
 *   /offsets  uint64 [n + 1]  picture i is bytes[offsets[i] .. offsets[i + 1])
 *   /hashes   uint64 [n]      hash_bytes of each picture's bytes
 *   /labels   int32  [n]      place in /classes
 *   /split    uint8  [n]      0 training, 1 validation, 2 test
 *   /classes  string [c], /names string [n] (where a picture came from)
 * and the root attributes format "lockstep-dataset", format_version 2, turned (how many pictures have a tag that says
 * that they lie on their side or are mirrored) and checksum, which covers everything but /bytes directly and /bytes
 * through /hashes. So any damage is noticed: at once, or when the damaged picture is read. /bytes of 4 MiB and more
 * lies in chunks of so many.
 *
 * Version 1, which is still read, had no test split, and its pictures were used as they are stored, whatever their
 * tags.
 */
#define DATASET_FORMAT         "lockstep-dataset"
#define DATASET_FORMAT_VERSION 2

typedef enum dataset_split { DATASET_TRAIN = 0, DATASET_VAL = 1, DATASET_TEST = 2, DATASET_SPLITS } dataset_split;

/* "training", "validation", "test". Static. */
const char *dataset_split_name(dataset_split split);

typedef struct dataset dataset;

/*
 * Open and check a file. Pictures of 256 MiB or less in all are held in memory, others read as asked for. Returns 0,
 * LS_EIO, LS_ENOMEM, LS_EFORMAT where the file is damaged, or LS_EUSAGE where there is none, it may not be read, or it
 * is something else than a data set that this program reads. *out: dataset_free.
 */
int dataset_open(dataset **out, const char *path);
/*
 * As dataset_open, of a copy of `path` that a descriptor is open on; errors call it `label`. The descriptor stays the
 * caller's, and may be closed afterwards.
 */
int dataset_open_copy(dataset **out, int descriptor, const char *path, const char *label);
/* As dataset_open, without reading or checking any picture: dataset_read does, one by one. */
int dataset_open_unread(dataset **out, const char *path);
/* LS_EUSAGE where no file to read is there (io/named.h), with what to do; without opening it. */
int dataset_check_place(const char *path);
void dataset_free(dataset *d);

const char *dataset_path(const dataset *d); /* of a copy: that of the original */
size_t dataset_samples(const dataset *d);
size_t dataset_classes(const dataset *d);
const char *dataset_class_name(const dataset *d, size_t class_number);

/* Of sample i in [0, dataset_samples): its class, and its source's name. */
int32_t dataset_label(const dataset *d, size_t i);
const char *dataset_name(const dataset *d, size_t i);

/*
 * From now on these are its classes, as those of a network that it is shown to: labels are numbered anew, by name; what
 * dataset_fingerprint says stays. Returns 0, LS_ENOMEM, or LS_EUSAGE where a class that has pictures is none of them.
 * whose: whom an error names, as the checkpoint's file. Nobody else may use the data set meanwhile.
 */
int dataset_use_classes(dataset *d, const char *const *names, size_t count, const char *whose);

/* How many samples a split has. */
size_t dataset_count(const dataset *d, dataset_split split);
/* The same by class: counts[dataset_classes], which begin at 0. */
void dataset_count_classes(const dataset *d, dataset_split split, size_t *counts);

/* The numbers of a split's samples, ascending; *count may be 0. Owned by the data set. */
const uint32_t *dataset_indices(const dataset *d, dataset_split split, size_t *count);

/* Whether pictures with an orientation tag are to be turned as it says; not those of version 1. */
bool dataset_turns(const dataset *d);

/* How many have such a tag; 0 where nobody has looked, as for version 1. */
uint64_t dataset_turned(const dataset *d);

/* Bytes of memory that dataset_open takes for pictures: all of them, or none where they are too many. */
size_t dataset_memory(const dataset *d);

/* The file's checksum: two files with equal ones hold the same samples. */
uint64_t dataset_fingerprint(const dataset *d);

/* Memory for reading, one a thread. Starts as zeros; its owner frees `bytes`. */
typedef struct dataset_buffer {
    uint8_t *bytes;
    size_t capacity;
} dataset_buffer;

/* Make room for `size` bytes; those in it are lost where it grows. LS_ENOMEM, for `what`. */
int dataset_buffer_reserve(dataset_buffer *buffer, size_t size, const char *what);

/*
 * The encoded bytes of sample i, valid until the buffer's next use or dataset_free. run (at least 1): so many samples
 * from i on are about to be read, so that they may be fetched at once. Any thread may call it. Returns 0, LS_EIO,
 * LS_ENOMEM, or LS_EFORMAT where they do not match their hash; the message names file and picture.
 */
int dataset_read(dataset *d, size_t i, size_t run, dataset_buffer *buffer, const uint8_t **bytes, size_t *size);

/* One picture to be written. */
typedef struct dataset_item {
    char *name;        /* what goes to /names */
    size_t size;       /* bytes */
    uint64_t hash;     /* hash_bytes of them */
    uint64_t likeness; /* data/likeness.h; 0: none. For warnings, not written */
    uint64_t mark;     /* data/pack_resume.h; 0: none. Not written */
    int32_t label;
    dataset_split split;
    bool turned;    /* it has an orientation tag other than upright */
    uint8_t *bytes; /* for dataset_write */
} dataset_item;

/* Read a whole file of at most `limit` bytes into the buffer. Returns 0, LS_EIO, LS_ENOMEM or LS_EFORMAT (larger). */
int dataset_read_file(dataset_buffer *buffer, size_t *size, const char *path, size_t limit);

/*
 * For dataset_open and dataset_writer_commit: the checksum over everything but /bytes. `turned` is a part of it where
 * it is not 0, so that a set of upright pictures has the checksum that it has in version 1.
 */
uint64_t dataset_checksum(const uint64_t *offsets, const uint64_t *hashes, const int32_t *labels, const uint8_t *split,
                          size_t n, const char *const *names, const char *const *classes, size_t class_count,
                          uint64_t turned);

#endif
