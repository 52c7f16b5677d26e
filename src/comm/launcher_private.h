#ifndef LOCKSTEP_COMM_LAUNCHER_PRIVATE_H
#define LOCKSTEP_COMM_LAUNCHER_PRIVATE_H

/*
 * How this process was started, from what launchers leave in the environment. To be asked before MPI starts: a process
 * that MPI finds alone gets a launcher's variables from MPI itself.
 */
typedef struct launcher {
    const char *by; /* the variable with the number of processes that were started */
    long processes; /* 0: no variable says */
    int tasks;      /* of the Slurm job in which a process runs that no launcher started; else 0 */
    int in_step;    /* of Slurm's, but without what MPI needs: a shell of srun's, or plain srun */
    char *hidden;   /* the step's number, as long as it is hidden */
} launcher;

void launcher_ask(launcher *out);

/*
 * Between these, MPI does not see that it runs in a Slurm step in which it is alone. Open MPI 4 takes SLURM_STEP_ID for
 * the sign that srun has started it as a rank, and ends where srun has not announced the others to it; without it, it
 * starts as the only process, as it does elsewhere. Open MPI 5 and MPICH do not look. LS_EUSAGE where the step has
 * several tasks, of which Open MPI would make nothing. Nothing else may read or change the environment meanwhile.
 */
int launcher_hide_step(launcher *l);
void launcher_show_step(launcher *l);

/* LS_EUSAGE where a launcher started several processes, each of which MPI finds alone. size: as MPI has it. */
int launcher_refuse_strangers(const launcher *l, int size);

#endif
