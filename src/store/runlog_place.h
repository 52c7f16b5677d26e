#ifndef LOCKSTEP_STORE_RUNLOG_PLACE_H
#define LOCKSTEP_STORE_RUNLOG_PLACE_H

#include <stdbool.h>

/*
 * What is at a log's place before a new one takes it. It may be replaced when it is a file that no program has open for
 * writing (that is waited for, then refused, LS_EIO) and its rows are taken over (`resumes`) or nobody's: a log of
 * completed epochs is set aside.
 */
int runlog_prepare_place(const char *path, bool resumes);

/*
 * Put a log out of the way under a free name, for the reason that the last error's message gives; its rows may still be
 * of use to somebody. LS_EIO.
 */
int runlog_set_aside(const char *path, const char *suffix);

/* How long a program that writes the log is waited for, seconds, and how to sleep meanwhile; for the test. */
extern const double runlog_patience;
extern void (*runlog_sleep)(double seconds);

#endif
