#ifndef LOCKSTEP_RUN_LAUNCH_H
#define LOCKSTEP_RUN_LAUNCH_H

#include "train/session.h"

/* A training that a Slurm job's script starts without mpirun or srun is one rank, whatever was asked for: LS_EUSAGE. */
int launch_refuse_alone(const comm *c);

/*
 * Say once, on rank 0, where the ranks were started and what will hurt: ranks on each host, what CPUs threads have, the
 * libraries, a data set that many hosts read across a network. Collective; returns an agreed code.
 */
int launch_report(const session *s);

#endif
