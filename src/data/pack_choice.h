#ifndef LOCKSTEP_DATA_PACK_CHOICE_H
#define LOCKSTEP_DATA_PACK_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "data/pack_list.h"

/* Which class folders are packed, and what their classes are called. Starts as zeros: all, as the folders are. */
typedef struct pack_choice {
    const char *const *only; /* [only_count] classes, in the order of their numbers; 0: all. Not owned */
    size_t only_count;
    struct pack_rename *renames; /* owned; [count], by the folders' names */
    size_t count;
    const char *path; /* of the file that they are from; not owned */
} pack_choice;

/*
 * Read what folders' classes are called from a text file: lines FOLDER,CLASS, divided by commas, semicolons or tabs; an
 * empty CLASS leaves the folder out. Several folders may be of one class. Returns 0, LS_EUSAGE, LS_EIO, LS_ENOMEM or
 * LS_EFORMAT (not two cells, a folder twice).
 */
int pack_choice_read(pack_choice *c, const char *path);

/* Whether anything is chosen or renamed. c may be NULL. */
bool pack_choice_is_made(const pack_choice *c);

/* The class of a folder; NULL: it is left out. c NULL: all, as they are. */
const char *pack_choice_class(const pack_choice *c, const char *folder);

/* The two steps of that: what a folder, or a label, is called, NULL where that leaves it out; whether a class is one of
 * `only`. c may be NULL. */
const char *pack_choice_rename(const pack_choice *c, const char *folder);
bool pack_choice_wants(const pack_choice *c, const char *name);

/* After all folders were asked for: LS_EUSAGE where the file has one that was not. what they are: "class folder". c may
 * be NULL. */
int pack_choice_check(const pack_choice *c, const char *what);

/*
 * Number the classes that were found, which are in any order and may be there twice: `only`, or in alphabetical order.
 * Returns 0 or LS_ENOMEM.
 */
int pack_choice_number(const pack_choice *c, pack_names *classes);

/* A class's number among those; it must be there. */
int32_t pack_choice_find(const pack_choice *c, const pack_names *classes, const char *name);

void pack_choice_release(pack_choice *c);

#endif
