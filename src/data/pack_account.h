#ifndef LOCKSTEP_DATA_PACK_ACCOUNT_H
#define LOCKSTEP_DATA_PACK_ACCOUNT_H

#include <stdbool.h>

#include "base/text.h"
#include "data/pack.h"

/* Where all that a source finds is accounted for. Starts as zeros. */
typedef struct pack_account {
    const char *unit; /* what it counts: "entries"; static */
    bool strict;
    pack_result sum; /* taken: once the pictures' splits are settled */
} pack_account;

/*
 * Count an entry that is passed over, and name it in a warning if not too many were for this reason. path: its name for
 * the warning; the rest, printf style, what is wrong, more exact than the reason. Returns 0, or LS_EFORMAT where this
 * is an error (strict).
 */
int pack_pass(pack_account *a, pack_reason reason, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Count a picture that is read although something is odd about it, with a warning unless there were too many. */
void pack_note(pack_account *a, const char *path, const char *note);

/* What was not named, as there was too much of it: a line, or none. */
void pack_account_rest(const pack_account *a);

/* Adds "10 passed over (8 hidden, ...)" to a line. */
void pack_account_passed(const pack_account *a, text_builder *line);

/* The last line: "130 entries: 120 training and 10 validation pictures taken; 10 passed over (...)". out: its name. */
void pack_account_sum(const pack_account *a, const char *out);

/* For messages: a path that leaves room for what is wrong with it, so its end if it is long. Returns out. */
enum { PACK_SHOWN = 404 };
const char *pack_shown(char out[PACK_SHOWN], const char *path);

#endif
