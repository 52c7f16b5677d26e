/* Which MPI library this is. */
#include "comm/version.h"

#include <mpi.h>
#include <stdio.h>
#include <string.h>

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
