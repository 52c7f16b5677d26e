#ifndef LOCKSTEP_CLI_ISOLATE_H
#define LOCKSTEP_CLI_ISOLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/problems.h"

/*
 * Run a check in a process of its own: a library that crashes on a damaged file, hangs on it or wants all memory takes
 * nothing but that process with it.
 */
enum { ISOLATE_TEXT_SIZE = 4096 };

typedef struct isolate_result {
    bool good;
    char text[ISOLATE_TEXT_SIZE]; /* what the check wrote, or how it ended */
} isolate_result;

/*
 * check gets `context`, fills text (ISOLATE_TEXT_SIZE bytes) and returns whether all is good; it calls
 * problems_progress now and then. When it says nothing for `patience` seconds it is killed. memory: bytes that it may
 * map, 0 for no limit. A check that crashes or is killed is not good, and text says what happened. Returns 0, or
 * LS_ERROR when no process could be started.
 */
int isolate_run(isolate_result *out, bool (*check)(char *text, problems *found, void *context), void *context,
                unsigned patience, size_t memory);

#endif
