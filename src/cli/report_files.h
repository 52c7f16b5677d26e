#ifndef LOCKSTEP_CLI_REPORT_FILES_H
#define LOCKSTEP_CLI_REPORT_FILES_H

#include "cli/convert.h"
#include "page/figure.h"

/* The charts of a report as files of their own: NAME.svg in a folder and, for slides, NAME.png. */
typedef struct report_files {
    const char *folder; /* not owned */
    bool pictures;      /* NAME.png too */
    convert by;
} report_files;

/* Before any work: the folder is made where there is none, and is one that takes files; with pictures, what draws them
 * is there. LS_EUSAGE, LS_EIO. report_files_end in any case. */
int report_files_begin(report_files *f, const char *folder, bool pictures);

/* Files of these names are replaced. LS_EIO, LS_EUSAGE. */
int report_files_write(report_files *f, const figure_files *drawings);
void report_files_end(report_files *f);

#endif
