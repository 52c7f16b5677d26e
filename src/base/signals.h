#ifndef LOCKSTEP_BASE_SIGNALS_H
#define LOCKSTEP_BASE_SIGNALS_H

/*
 * Requests to stop: SIGTERM, SIGINT and SIGUSR1 are noted, and whoever can stop in good order asks for them; so are
 * SIGHUP (its terminal was closed), SIGPIPE (who read its output has left) and SIGXCPU (its processor time is over,
 * `ulimit -St`, and some seconds are left). A second SIGINT ends the process at once.
 */

/* From now on note them; before MPI starts, so that none kills a rank. A signal that is ignored stays so. */
void signals_catch(void);

/* The first that came, 0 as long as none did. */
int signals_received(void);

/* "SIGTERM" */
const char *signals_name(int number);

#endif
