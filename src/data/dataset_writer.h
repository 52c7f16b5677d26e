#ifndef LOCKSTEP_DATA_DATASET_WRITER_H
#define LOCKSTEP_DATA_DATASET_WRITER_H

#include "data/dataset.h"

/*
 * A data set (data/dataset.h) that is written as its pictures come: their bytes at once, so that none are kept in
 * memory, and all else at the end. The file appears whole or not at all (io/temporary.h). One at a time in a process.
 */
typedef struct dataset_writer dataset_writer;

/*
 * stored: how; its channels are 3, in no planes, where pictures are pixels. Returns 0, LS_EIO, LS_EUSAGE or LS_ENOMEM.
 * *out: dataset_writer_free.
 */
int dataset_writer_open(dataset_writer **out, const char *path, const dataset_pixels *stored);

/* The next picture's bytes, or pixels. Returns 0 or LS_EIO. */
int dataset_writer_add(dataset_writer *w, const uint8_t *bytes, size_t size);

/*
 * All are written; what the items say of them goes to the file, in the order in which they were added, and the file
 * gets its name. Returns 0, LS_EIO, LS_ENOMEM, or LS_EUSAGE where there is nothing to write.
 */
int dataset_writer_commit(dataset_writer *w, const dataset_item *items, size_t count, const char *const *classes,
                          size_t class_count, const dataset_maker *maker);

/* It is to be called otherwise than dataset_writer_open was told. Returns 0 or LS_ENOMEM. */
int dataset_writer_rename(dataset_writer *w, const char *path);

/* Removes what was written, unless it was committed. NULL is fine. */
void dataset_writer_free(dataset_writer *w);

/* All of it at once, of pictures in memory, as files. Errors as above. */
int dataset_write(const char *path, const dataset_item *items, size_t count, const char *const *classes,
                  size_t class_count);

#endif
