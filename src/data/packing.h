#ifndef LOCKSTEP_DATA_PACKING_H
#define LOCKSTEP_DATA_PACKING_H

#include <stdbool.h>
#include <stdint.h>

#include "data/dataset_writer.h"
#include "data/pack_account.h"
#include "data/pack_choice.h"
#include "data/pack_list.h"
#include "data/pack_pipe.h"

/*
 * What all sources of pictures have in common. A source (pack_folder.c, pack_csv.c) goes between packing_begin and
 * packing_finish: it adds classes and items, and accounts for all else with pack_pass. It neither splits, checks,
 * prints nor writes.
 */
typedef struct packing {
    const char *out;    /* not owned */
    dataset_writer *to; /* owned */
    pack_account account;
    pack_names classes; /* numbered by their places; not sorted here, as a source may know better */
    pack_items items;
    bool wanted[DATASET_SPLITS]; /* splits that pictures were asked for, so that a lack of them is worth a warning */
    double val_fraction;         /* part of each class's training pictures that is to be for validation */
    uint64_t seed;               /* of that choice */
    const pack_choice *choice;   /* of class folders; NULL: all; not owned */
    bool dry_run;                /* nothing is written */
    pack_storing storing;
    dataset_maker maker;
    double begun, shown, said; /* clock_seconds, also when it was last said how far it is */
    size_t limit;              /* pictures of a class and split; 0: all */
    size_t *taken;             /* [capacity][DATASET_SPLITS] so far, where there is a limit; owned */
    size_t taken_capacity;
    pack_resume *resume; /* what an interrupted packing left, and what this one would; NULL: not asked for; owned */
    size_t resumed;      /* pictures taken from that */
    const char *advice;  /* a question for who has pictures of one class only; static */
} packing;

/*
 * Start: is the output's place free, and what did others leave there (temporary_prepare)? unit: see pack_account.
 * packing_release in any case.
 */
int packing_begin(packing *p, const char *out, const char *unit);

/* Take what sources have in common of their options. LS_EUSAGE where the fraction for validation is none. */
int packing_use(packing *p, const pack_directory_options *options);

/*
 * How far it is, and how fast: on a terminal some times a second, in a log file a line a minute. all: 0 where nobody
 * knows.
 */
void packing_show(packing *p, size_t done, size_t all);

/*
 * A pipe for its pictures, from which on signals are noted (base/signals.h) where the options say so: the next picture
 * then ends the packing, and what was taken is kept for the next one (data/pack_resume.h). As pack_pipe_create.
 */
int packing_pipe(packing *p, pack_pipe **out, pack_taker *take, void *context);

/* Whether a signal came: then what was taken is kept, and it returns LS_ERROR, or why it cannot be kept. Else 0. */
int packing_stopped(packing *p);

/*
 * A picture that comes back from a pipe: take it if it is one, or else account for it, or end the packing. shown: its
 * name for messages. Its item's name is the packing's, or freed.
 */
int packing_receive(packing *p, pack_picture *picture, const char *shown);

/*
 * After the last picture: whether validation pictures are chosen by the fraction, which they are not where there are
 * some, or a place for them. why: what is said then ("where: it has ..."), without "so none are chosen by fraction".
 */
void packing_settle_validation(packing *p, const char *where, const char *why);

/* Take a picture, unless there are enough of its class: its bytes are written. The item's name becomes the packing's,
 * also on failure. */
int packing_take(packing *p, const dataset_item *item, const uint8_t *bytes);

/*
 * Choose validation pictures where val_fraction is not 0, warn of what is odd about the whole, write the data set, log
 * what is in it. result may be NULL. Returns 0, LS_EIO, LS_ENOMEM or LS_EUSAGE.
 */
int packing_finish(packing *p, pack_result *result);

void packing_release(packing *p);

/*
 * Of each class with n > 1 training pictures, make round(fraction * n) ones for validation, at least 1 and at most
 * n - 1; none where fraction is 0. Which ones depends on seed and names alone. Returns 0 or LS_ENOMEM.
 */
int packing_choose(pack_items *items, double fraction, uint64_t seed);

/* Warn of equal pictures in two classes, and in two splits: one line each, with the first pair. Returns 0 or LS_ENOMEM.
 */
int packing_warn_twice(const pack_items *items);

/*
 * The same of pictures that look the same (data/likeness.h) and are of different bytes. Returns 0 or LS_ENOMEM.
 */
int packing_warn_look_alike(const pack_items *items);

/*
 * Warn where folders in class folders look like splits or like the classes: they have a split's name, or no picture
 * lies in a class folder itself and folders of one name are in several. split: names of pictures begin with a split's
 * folder. Returns 0 or LS_ENOMEM.
 */
int packing_warn_nested(const packing *p, bool split);

/* Warn of classes whose names differ in capital letters (of ASCII) or blanks only. Returns 0 or LS_ENOMEM. */
int packing_warn_alike(const pack_names *classes);

/*
 * Warn of classes without any picture, and of those that a wanted split lacks, in one line each. counts: by class.
 */
void packing_warn_lacking(const packing *p, size_t (*counts)[DATASET_SPLITS]);

#endif
