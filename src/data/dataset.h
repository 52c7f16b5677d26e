#ifndef LOCKSTEP_DATA_DATASET_H
#define LOCKSTEP_DATA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/image.h"

/*
 * A packed data set, one HDF5 file that h5py reads too:
 *   /bytes    uint8  [all]    the encoded pictures, files of any kind that is read, one after the other
 *   /offsets  uint64 [n + 1]  picture i is bytes[offsets[i] .. offsets[i + 1])
 *   /images   uint8  [n][height][width][3]  instead of these two, where pictures are stored as pixels
 *   /hashes   uint64 [n]      hash_bytes of each picture's bytes
 *   /labels   int32  [n]      place in /classes
 *   /split    uint8  [n]      0 training, 1 validation, 2 test
 *   /classes  string [c], /names string [n] (where a picture came from)
 *   /class_counts uint64 [c][3]  pictures of each class and split
 *   /mean, /deviation float64 [3]  of red, green and blue, 0 to 1, over the training pictures, each as if it had as
 *                             many pixels as any other
 * and the root attributes format "lockstep-dataset", format_version, turned (how many pictures have a tag that says
 * that they lie on their side or are mirrored), program and command (who packed it, and how, without the output's name)
 * and checksum, which covers everything that training takes: pictures through /hashes, all else directly. So any damage
 * is noticed: at once, or when the damaged picture is read. /bytes and /images of 4 MiB and more lie in chunks of so
 * many.
 *
 * Version 3 is for pixels; files have version 2. Version 1, which is still read, had no test split, and its pictures
 * were used as they are stored, whatever their tags.
 *
 * An HDF5 file of somebody else is a data set too, if it has arrays of pixels and labels (dataset_arrays.h).
 */
#define DATASET_FORMAT "lockstep-dataset"
enum { DATASET_VERSION_FILES = 2, DATASET_VERSION_PIXELS = 3 };

typedef enum dataset_split { DATASET_TRAIN = 0, DATASET_VAL = 1, DATASET_TEST = 2, DATASET_SPLITS } dataset_split;

/* "training", "validation", "test". Static. */
const char *dataset_split_name(dataset_split split);

/* How pictures are stored: as files if height is 0, else as pixels of 8 bits, all of one size, row by row. */
typedef struct dataset_pixels {
    size_t height, width;
    size_t channels; /* 1 (gray) or 3 (RGB) */
    bool planes;     /* [channels][height][width] rather than [height][width][channels] */
} dataset_pixels;

/* Bytes of such a picture; 0: they are files. */
static inline size_t dataset_pixels_size(const dataset_pixels *p)
{
    return p->height * p->width * p->channels;
}

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

/* Of sample i in [0, dataset_samples): its class, its source's name, and its split. */
int32_t dataset_label(const dataset *d, size_t i);
const char *dataset_name(const dataset *d, size_t i);
dataset_split dataset_split_of(const dataset *d, size_t i);

/* The hash of its bytes, which dataset_read compares them with; 0 where the file has none (dataset_is_foreign). */
uint64_t dataset_hash(const dataset *d, size_t i);

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

/* How its pictures are stored. Owned by the data set. */
const dataset_pixels *dataset_stored(const dataset *d);

/* Whether it is somebody else's file, of which nothing tells whether it is damaged. */
bool dataset_is_foreign(const dataset *d);

/* Bytes of all pictures, as they are stored. */
size_t dataset_bytes(const dataset *d);

/* Who packed it, and how; "" where the file does not say. Owned by the data set. */
const char *dataset_program(const dataset *d);
const char *dataset_command(const dataset *d);

/* Mean and deviation of red, green and blue over the training pictures, 0 to 1; false: the file does not say. */
bool dataset_colours(const dataset *d, double mean[3], double deviation[3]);

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
 * The bytes of sample i as they are stored, valid until the buffer's next use or dataset_free. run (at least 1): so
 * many samples from i on are about to be read, so that they may be fetched at once. Any thread may call it. Returns 0,
 * LS_EIO, LS_ENOMEM, or LS_EFORMAT where they do not match their hash; the message names file and picture.
 */
int dataset_read(dataset *d, size_t i, size_t run, dataset_buffer *buffer, const uint8_t **bytes, size_t *size);

/* The picture that such bytes are: image_decode_reduced, unless they are pixels already. Returns what that does. */
int dataset_decode(const dataset *d, image *out, const uint8_t *bytes, size_t size, const image_wish *wish);

/* Whether all pictures are held in memory. */
bool dataset_held(const dataset *d);

/*
 * For who reads many at once: how many bytes samples i to i + count have in the file, one after the other; reads these;
 * and checks those of one, as dataset_read does, which has more to say where something fails.
 */
size_t dataset_span(const dataset *d, size_t i, size_t count);
int dataset_read_span(dataset *d, size_t i, size_t count, uint8_t *out);
int dataset_check_bytes(const dataset *d, size_t i, const uint8_t *bytes);

/* One picture to be written. */
typedef struct dataset_item {
    char *name;        /* what goes to /names */
    size_t size;       /* bytes */
    uint64_t hash;     /* hash_bytes of them */
    uint64_t likeness; /* data/likeness.h; 0: none. For warnings, not written */
    uint64_t mark;     /* data/pack_resume.h; 0: none. Not written */
    int32_t label;
    dataset_split split;
    bool turned;     /* it has an orientation tag other than upright */
    bool profiled;   /* it has a colour profile other than sRGB, which is not applied; not stored */
    bool measured;   /* the next two are known */
    float mean[3];   /* of its red, green and blue, 0 to 1 */
    float square[3]; /* the means of their squares */
    uint8_t *bytes;  /* for dataset_write */
} dataset_item;

/* Who packs, and how, for people; either may be NULL: not said. */
typedef struct dataset_maker {
    const char *program, *command; /* not owned */
} dataset_maker;

/* Read a whole file of at most `limit` bytes into the buffer. Returns 0, LS_EIO, LS_ENOMEM or LS_EFORMAT (larger). */
int dataset_read_file(dataset_buffer *buffer, size_t *size, const char *path, size_t limit);

/* What a data set says of its pictures. */
typedef struct dataset_columns {
    size_t samples;
    dataset_pixels stored;
    const uint64_t *offsets; /* [samples + 1]; of files only */
    const uint64_t *hashes;
    const int32_t *labels;
    const uint8_t *split;
    const char *const *names;
    const char *const *classes;
    size_t class_count;
    uint64_t turned;
} dataset_columns;

/*
 * For dataset_open and dataset_writer_commit: the checksum of all of it. `turned` is a part where it is not 0, so that
 * a set of upright pictures has the checksum that it has in version 1.
 */
uint64_t dataset_checksum(const dataset_columns *c);

#endif
