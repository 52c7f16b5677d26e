#ifndef LOCKSTEP_COMM_GUARD_H
#define LOCKSTEP_COMM_GUARD_H

/*
 * A limit on how long MPI may take to start, which can hang for ever where another process does not come up. Works
 * without MPI: a thread that ends the process with EXIT_STALLED and a line that names host and process.
 */
typedef struct guard guard;

/*
 * The limit is LOCKSTEP_START_TIMEOUT, in seconds (default 300; 0: none). Returns 0 with *out (NULL without a limit),
 * LS_EUSAGE where the variable is no such number, or another code. Ended with guard_end.
 */
int guard_begin(guard **out);
/* In time; NULL is fine. */
void guard_end(guard *g);

#endif
