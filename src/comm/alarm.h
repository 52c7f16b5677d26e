#ifndef LOCKSTEP_COMM_ALARM_H
#define LOCKSTEP_COMM_ALARM_H

#include <pthread.h>

/*
 * What a thread needs that watches over others which may hang: it takes no lock that they take, waits for nobody and
 * calls no MPI.
 */

/* Start a thread that no signal goes to. Returns 0, or LS_ERROR with what it is for in the message. */
int alarm_thread(pthread_t *out, void *(*work)(void *), void *context, const char *purpose);

/* Write text to standard error, whole lines; gives up where nobody reads it. */
void alarm_say(const char *text);

/* End this process at once with EXIT_STALLED. */
_Noreturn void alarm_exit(void);

#endif
