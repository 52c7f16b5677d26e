#ifndef LOCKSTEP_STORE_EVENT_FILE_H
#define LOCKSTEP_STORE_EVENT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/*
 * Event files of a run for TensorBoard, RUN/tensorboard/<curves>/events.out.tfevents.<seconds>.<host>.<pid>.lockstep:
 * a folder of files for each set of curves, which TensorBoard draws in a colour of its own. Each start of the run
 * begins a file. Before that, what is later than where it starts is cut off the older ones, and the new one says where
 * it goes on, so that readers that were there before forget as much. A file counts as the run's own if it has such a
 * name, is a regular file, and says who wrote it; others are left alone. Rank 0's business.
 */
typedef struct event_file event_file;

typedef enum event_curves {
    EVENT_TRAIN,
    EVENT_VALIDATION,
    EVENT_AVERAGES, /* validation of the averages of the weights */
    EVENT_CURVES,   /* how many there are */
} event_curves;

/* Tags of what belongs to the end of an epoch begin so. */
#define EVENT_OF_EPOCH "epoch/"

/* Where a run starts: after this step, and after the end of its epoch if that is one's last and `epoch_done`. */
typedef struct event_start_point {
    uint64_t step;
    bool epoch_done;
} event_start_point;

/*
 * Cut off what is later, and begin a file; its folder is made. Returns 0, LS_EIO or LS_ENOMEM; *out is closed with
 * event_file_close.
 */
int event_file_open(event_file **out, const char *run_dir, event_curves curves, const event_start_point *from);

/* Owned by it. */
const char *event_file_path(const event_file *f);

/*
 * Add the values (event_put_scalar, event_put_text) of a step, which must not be lower than the one before; they are
 * empty afterwards, and nothing is added where they are already. Written to the file when two seconds have passed since
 * it last was, so that who follows the run sees it. Returns 0, LS_EIO or LS_ENOMEM.
 */
int event_file_add(event_file *f, uint64_t step, text_builder *values);

/* Write what still waits. */
int event_file_flush(event_file *f);

/* The same, and close; NULL is fine. Freed whatever comes of it. */
int event_file_close(event_file *f);

/* Remove all of the run's own event files, and folders that are empty then. Returns 0 or LS_EIO. */
int event_files_clear(const char *run_dir);

#endif
