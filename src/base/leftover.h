#ifndef LOCKSTEP_BASE_LEFTOVER_H
#define LOCKSTEP_BASE_LEFTOVER_H

/*
 * A file that must not stay behind when a signal ends the process: while it is guarded, a signal that would end the
 * process (hang-up, interrupt, termination and the like) removes it first, and then ends the process as it would have.
 * Signals that are ignored or have a handler of somebody else stay so. One file at a time.
 */

/* From now on. A path that does not fit into PATH_MAX is not guarded. */
void leftover_begin(const char *path);

/* No more; without leftover_begin nothing happens. */
void leftover_end(void);

#endif
