#ifndef LOCKSTEP_BASE_MACHINE_H
#define LOCKSTEP_BASE_MACHINE_H

#include <stddef.h>

/* What the system says of itself and of this process; for reports. */

/* The processor's name, "AMD EPYC 7763 64-Core Processor"; "unknown" where the system does not tell. */
void machine_processor(char *out, size_t size);

/* The most memory, in bytes, that was resident for this process at one time; 0 where the system does not tell. */
double machine_peak_resident(void);

/* This machine's name, cut off where it does not fit; "host" where the system does not tell. */
void machine_host(char *out, size_t size);

#endif
