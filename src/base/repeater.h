#ifndef LOCKSTEP_BASE_REPEATER_H
#define LOCKSTEP_BASE_REPEATER_H

/* A thread that does something at once, and again every so many seconds, until it is stopped. */
typedef struct repeater repeater;

/*
 * turn is called by that thread alone, with the context, which is not owned. purpose: as for thread_start. Returns 0,
 * LS_ENOMEM or LS_ERROR; *out is ended with repeater_stop.
 */
int repeater_start(repeater **out, void (*turn)(void *context), void *context, double seconds, const char *purpose);

/* Waits for a turn that is under way, and no longer. NULL is fine. */
void repeater_stop(repeater *r);

#endif
