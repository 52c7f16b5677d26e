#ifndef LOCKSTEP_CLI_NETWORK_TABLE_H
#define LOCKSTEP_CLI_NETWORK_TABLE_H

#include <stddef.h>

/*
 * Print the network of the configuration at `path`, layer by layer, as Keras' model.summary() does. classes 0: those of
 * its data set, or 10 where that cannot be opened. Returns 0 or a negative code.
 */
int network_table_print(const char *path, size_t classes);

#endif
