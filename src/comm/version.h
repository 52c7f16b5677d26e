#ifndef LOCKSTEP_COMM_VERSION_H
#define LOCKSTEP_COMM_VERSION_H

/* Name and version of the MPI library that runs, such as "Open MPI v4.1.4". Static; any time, MPI started or not. */
const char *comm_mpi_version(void);

#endif
