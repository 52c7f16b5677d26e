#ifndef LOCKSTEP_DATA_PACK_PIPE_H
#define LOCKSTEP_DATA_PACK_PIPE_H

#include "data/dataset.h"
#include "data/image.h"
#include "data/pack.h"
#include "data/pack_resume.h"
#include "data/pack_store.h"

/*
 * Looking into pictures on several threads: each is read and decoded, to see that it can be, and handed back in the
 * order in which it came. So many are under way at once that all threads are busy, and no more.
 */
typedef struct pack_pipe pack_pipe;

enum { PACK_WHAT = 512 };

/* Pixels of 8 bits, 1 (gray) or 3 (RGB) a place, row by row. */
typedef struct pack_raw {
    size_t width, height, channels;
} pack_raw;

/* One under way. Whoever puts it in sets name, label, split, and path or file; the rest comes back. */
typedef struct pack_picture {
    dataset_item item;   /* its name is owned; size, hash, likeness, turned and mark come back */
    char *path;          /* of a file that its bytes are read from; owned, the pipe's; NULL: */
    dataset_buffer file; /* they are here, item.size of them; */
    pack_raw raw;        /* or, where it has a size: pixels are here, and a PNG of them is made if files are stored */
    int code;            /* LS_OK: it is a picture; LS_EFORMAT, LS_EIO: none, see below; others end the packing */
    pack_reason reason;
    char what[PACK_WHAT];       /* is wrong with it, or the error */
    char note[IMAGE_NOTE_SIZE]; /* what is odd about it, "" */
    bool resumed;               /* it is from an interrupted packing */
} pack_picture;

/* Takes one that comes back, on the thread that puts them in. The item's name is the taker's to keep or free; all
 * else is the pipe's. Returns 0 or a negative code, which ends the packing. */
typedef int pack_taker(void *context, pack_picture *p);

/*
 * threads 0: as many as there are CPUs to use. storing: in which form pictures come back. resume: what an interrupted
 * packing left; NULL: none is asked for, and there are no marks. Both must last, and are not owned. Returns 0,
 * LS_ENOMEM or LS_ERROR. *out: pack_pipe_free.
 */
int pack_pipe_create(pack_pipe **out, int threads, const pack_storing *storing, pack_taker *take, void *context,
                     const pack_resume *resume);

/*
 * Room for the next picture, of which only the buffer is not zeros, whose bytes may be overwritten. Where there is
 * none, the older half of those under way is waited for, and comes back first. Returns 0 or what the taker did.
 */
int pack_pipe_room(pack_pipe *p, pack_picture **out);

/* The one that room was given for is ready to be looked into. */
void pack_pipe_put(pack_pipe *p);

/* Wait for all. Returns 0 or what the taker did. */
int pack_pipe_finish(pack_pipe *p);

/* Ends the threads; those under way are given up. */
void pack_pipe_free(pack_pipe *p);

#endif
