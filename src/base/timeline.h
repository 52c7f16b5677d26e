#ifndef LOCKSTEP_BASE_TIMELINE_H
#define LOCKSTEP_BASE_TIMELINE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * What the processes of a job recorded (base/trace.h) as one text in the Trace Event Format, which ui.perfetto.dev and
 * chrome://tracing show: timeline_head, then the text of each process in the order of ranks, then timeline_tail. Errors
 * stay with the file (ferror).
 */

/* A process' clock against the common one: by how much it was ahead, in nanoseconds, at two times of its own. */
typedef struct timeline_clock {
    int64_t at[2], ahead[2];
} timeline_clock;

/* The common clock's time for a time of this one: between the two, and beyond, it has changed evenly. */
int64_t timeline_common(const timeline_clock *c, int64_t time);

/* Texts are not owned. */
typedef struct timeline_process {
    int rank;
    const char *host;
    const char *const *layers; /* [layer_count] names of the layers that slices number */
    size_t layer_count;
    timeline_clock clock;
    int64_t zero; /* the common clock's time that is called 0 */
    int64_t now;  /* this process's, after trace_stop: what has not ended ends here, and is marked as unfinished */
} timeline_process;

/* *slices gets how many there are. */
void timeline_write(FILE *to, const timeline_process *p, uint64_t *slices);

/* What goes before the processes. Texts are not owned. */
typedef struct timeline_facts {
    const char *program, *run;
    int64_t first, last; /* steps that are in it */
    int ranks;
    int64_t clock_error; /* nanoseconds by which times of two hosts may be wrong beside each other */
    uint64_t dropped;    /* slices that are missing */
} timeline_facts;

void timeline_head(FILE *to, const timeline_facts *f);
void timeline_tail(FILE *to);

#endif
