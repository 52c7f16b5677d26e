#ifndef LOCKSTEP_BASE_CLOCK_H
#define LOCKSTEP_BASE_CLOCK_H

/* Seconds on a clock that never goes back; for durations. Nothing that a step computes may depend on it. */
double clock_seconds(void);

#endif
