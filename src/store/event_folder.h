#ifndef LOCKSTEP_STORE_EVENT_FOLDER_H
#define LOCKSTEP_STORE_EVENT_FOLDER_H

#include <stddef.h>

#include "store/event_file.h"

/* The folders that event files lie in: their names, and what becomes of older files. */

/* The folder of these curves into out, made if need be. LS_EIO, LS_EUSAGE. */
int event_folder_make(char *out, size_t size, const char *run_dir, event_curves curves);

/* Path of a new file in it, which readers take for later than all that are there, whatever the clock. */
int event_folder_new_name(char *out, size_t size, const char *dir);

/* Cut off the run's own files what is later; remove those of which nothing is left. Fine where the folder is
 * missing. LS_EIO, LS_ENOMEM. */
int event_folder_trim(const char *dir, const event_start_point *from);

#endif
