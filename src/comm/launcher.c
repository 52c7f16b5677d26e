#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "comm/comm.h"
#include "comm/launcher_private.h"

#define STEP "SLURM_STEP_ID"

static long number_in(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

void launcher_ask(launcher *out)
{
    const char *const counts[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};
    *out = (launcher){0};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (number_in(counts[i]) > 0) {
            out->by = counts[i];
            out->processes = number_in(counts[i]);
            return;
        }
    }
    /* Under a batch script mpirun itself may run in a Slurm step; then it hands down PMIX or PMI variables. */
    if (getenv("PMIX_RANK") != NULL || getenv("PMI_RANK") != NULL) {
        return;
    }
    const long tasks = number_in("SLURM_NTASKS");
    out->tasks = getenv("SLURM_JOB_ID") != NULL && tasks > 0 && tasks <= INT_MAX ? (int)tasks : 0;
    if (getenv("SLURM_PROCID") == NULL || getenv(STEP) == NULL) {
        return;
    }
    /* The shell that salloc starts is a step of one task in a job of perhaps several. */
    const char *const steps[] = {"SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", "SLURM_NPROCS"};
    for (size_t i = 0; out->by == NULL && i < sizeof steps / sizeof *steps; i++) {
        out->by = getenv(steps[i]) == NULL ? NULL : steps[i];
    }
    out->in_step = 1;
    out->processes = out->by == NULL ? 0 : number_in(out->by);
}

int launcher_hide_step(launcher *l)
{
    const char *const step = getenv(STEP);
    if (!l->in_step || step == NULL) {
        return LS_OK;
    }
#ifdef OPEN_MPI
    if (l->processes > 1) {
        return error_set(LS_EUSAGE,
                         "%s=%ld, a Slurm step of several tasks that does not tell MPI of them; start with `srun "
                         "--mpi=pmix`, or from one shell with `mpirun -n %ld`",
                         l->by, l->processes, l->processes);
    }
#endif
    l->hidden = strdup(step);
    if (l->hidden == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the environment");
    }
    (void)unsetenv(STEP);
    return LS_OK;
}

void launcher_show_step(launcher *l)
{
    if (l->hidden != NULL) {
        (void)setenv(STEP, l->hidden, 1);
    }
    free(l->hidden);
    l->hidden = NULL;
}

/*
 * A launcher that does not speak MPI's protocol starts N processes that each find themselves rank 0 of 1; they would
 * all train the same and overwrite each other's files.
 */
int launcher_refuse_strangers(const launcher *l, int size)
{
    if (size > 1 || l->processes <= 1) {
        return LS_OK;
    }
    return error_set(LS_EUSAGE,
                     "%s=%ld, but MPI (%s) knows one process only; start with the mpirun of that MPI library, or under "
                     "Slurm with `srun --mpi=pmix` if it has PMIx",
                     l->by, l->processes, comm_mpi_version());
}

/* Open MPI: "Open MPI v4.1.4, package: …"; MPICH: "MPICH Version:\t4.0.2\nMPICH Release date: …", and others like it.
 */
const char *comm_mpi_version(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    char all[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    (void)MPI_Get_library_version(all, &length);
    all[strcspn(all, ",\n")] = '\0';
    size_t n = 0;
    for (const char *p = all; *p != '\0' && n + 1 < sizeof text; p++) {
        if (*p != '\t' && *p != ' ') {
            text[n++] = *p;
        } else if (n > 0 && text[n - 1] != ' ') {
            text[n++] = ' ';
        }
    }
    text[n] = '\0';
    return text;
}
