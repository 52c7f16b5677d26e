#ifndef LOCKSTEP_RUN_OBSERVATION_H
#define LOCKSTEP_RUN_OBSERVATION_H

#include "instrument/instrument.h"
#include "instrument/verdict.h"
#include "train/session.h"

/* What a run measures of its filters, and where it stands by that. Rank 0's business; not collective. */
typedef struct observation {
    instrument *by;        /* owned; NULL: nothing is measured */
    verdict_point *points; /* owned; [count], in order of steps */
    size_t count, room;
} observation;

/*
 * log_path: the log of the run so far, of which measurements up to the session's step are taken over, if it has some;
 * NULL: the run begins. *out starts with anything and is released with observation_release, on failure too. Returns 0
 * or LS_ENOMEM.
 */
int observation_open(observation *out, const session *s, const instrument_options *o, const char *log_path);
void observation_release(observation *out);

/* *row: the measurement of the step just taken, which is then no longer new; NULL: there is none. 0 or LS_ENOMEM. */
int observation_take(observation *out, const session *s, const instrument_row **row);

enum { OBSERVATION_LINE_SIZE = 320 };

/* Where the run stands, for people; "" where nothing was measured. Returns line. */
const char *observation_line(char *line, size_t size, const observation *out, const session *s);

#endif
