#ifndef LOCKSTEP_COMM_ALARM_H
#define LOCKSTEP_COMM_ALARM_H

/*
 * What a thread needs that watches over others which may hang: it takes no lock that they take, waits for nobody and
 * calls no MPI.
 */

/* Write text to standard error, whole lines; gives up where nobody reads it. */
void alarm_say(const char *text);

/* End this process at once with EXIT_STALLED. */
_Noreturn void alarm_exit(void);

#endif
