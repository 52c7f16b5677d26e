#ifndef LOCKSTEP_CLI_FACTS_H
#define LOCKSTEP_CLI_FACTS_H

#include "config/config.h"

/*
 * What launchers want to know of a run, for scripts: a line "KEY<TAB>VALUE" each to standard output, values as
 * text_add_escaped writes them. Neither MPI nor the memory that is planned is touched.
 *
 * ranks: as many are to run on this machine, and the plan is theirs; LS_EUSAGE, with nothing printed, where they do not
 * fit into its memory (train/memory_check.h). 0: not known; the plan is of one rank, and nothing is compared. Returns
 * 0, LS_EUSAGE or LS_ENOMEM.
 */
int facts_print(const config *c, int ranks);

/*
 * The newest usable checkpoint of the run of this name (NULL: of any) in a folder, as one line "STEP<TAB>HASH<TAB>PATH"
 * to standard output: HASH is that of its weights, PATH is escaped as above. Errors as run_folder_open and
 * run_folder_newest.
 */
int facts_print_newest(const char *dir, const char *name);

#endif
