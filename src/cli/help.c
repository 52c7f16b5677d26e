#include "cli/help.h"

#include <stdio.h>

#include "base/error.h"
#include "base/real.h"
#include "comm/comm.h"
#include "data/image.h"
#include "io/h5.h"
#include "kernels/kernels.h"

int help_print_version(void)
{
    size_t count = 0;
    const kernels *const *tables = kernels_available(KERNEL_STORE_REAL, &count);
    printf("lockstep " LOCKSTEP_VERSION "\nnumbers: " REAL_NAME "\nkernels:");
    for (size_t i = 0; i < count; i++) {
        printf(" %s", tables[i]->name);
    }
    printf("\npictures: %s", image_kinds_read());
    const char *before = "; left out: ";
    for (int k = 0; k < IMAGE_KINDS; k++) {
        const char *const lacks = image_kind_lacks((image_kind)k);
        if (lacks != NULL && *lacks != '\0') {
            printf("%s%s (%s)", before, image_kind_name((image_kind)k), lacks);
            before = ", ";
        }
    }
    printf("\nlibraries: %s, HDF5 %s\n", comm_mpi_version(), h5_version());
    return LS_OK;
}

int help_program(void)
{
    printf("lockstep " LOCKSTEP_VERSION " (" REAL_NAME "): trains MobileNetV2 on any number of processes, with the "
           "same bits on all of them\n\n"
           "usage: lockstep COMMAND [ARGUMENTS]\n"
           "       mpirun -n RANKS lockstep train|eval|verify|bench ...\n\n"
           "commands:\n");
    for (const command *const *c = commands; *c != NULL; c++) {
        printf("  %-8s  %s\n", (*c)->name, (*c)->summary);
    }
    printf("\nlockstep help COMMAND, or lockstep COMMAND --help, shows its options; lockstep --version the version.\n"
           "exit status: 0 done, 1 failed, 2 wrong usage or configuration\n"
           "environment: LOCKSTEP_ISA names a kernel path (generic, avx2, avx512, neon) instead of the best one\n");
    return LS_OK;
}

int help_command(const command *c)
{
    fputs(c->help, stdout);
    return c->more == NULL ? LS_OK : c->more();
}
