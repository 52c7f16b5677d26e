#ifndef LOCKSTEP_DATA_MONTAGE_H
#define LOCKSTEP_DATA_MONTAGE_H

#include "data/dataset.h"
#include "page/canvas.h"

/*
 * A contact sheet of a data set: some pictures of each class under its name, to be looked at. Of a class up to 8, so
 * that there are some 200 in all, at least one; where there are more than 256 classes, so many of these. Both are
 * chosen evenly in their order, whatever their splits. A picture is turned as its tag says where the data set's are,
 * made smaller to fit MONTAGE_SIDE pixels, or larger by a whole factor. One that cannot be read is a crossed box, and
 * named in a warning.
 */
enum { MONTAGE_SIDE = 96 };

typedef struct montage_count {
    size_t classes, pictures; /* drawn */
    size_t unread;            /* of these, crossed boxes */
} montage_count;

/* Draw it. Returns 0 or LS_ENOMEM. *out: canvas_release. */
int montage_draw(canvas *out, montage_count *count, dataset *d);

/*
 * The same into a PNG file, which is replaced as a whole. Returns 0, LS_EUSAGE, LS_EIO, LS_ENOMEM or LS_ERROR. count
 * may be NULL.
 */
int montage_write(const char *path, montage_count *count, dataset *d);

#endif
