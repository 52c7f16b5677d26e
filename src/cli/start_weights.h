#ifndef LOCKSTEP_CLI_START_WEIGHTS_H
#define LOCKSTEP_CLI_START_WEIGHTS_H

#include <stdbool.h>

#include "cli/args.h"
#include "config/config.h"
#include "exchange/import.h"

/* What a file of weights says of the network and its input, as keys of a configuration. */
typedef struct start_keys {
    char **sets; /* "model.padding=keras", [count]; one block for free() */
    size_t count;
} start_keys;

/* Returns 0 or a negative code; errors as config_parse of a checkpoint's configuration. */
int start_keys_of(start_keys *out, const import_facts *facts);

/*
 * As config_load. Where it names a file of weights, that says what the configuration does not, and keys in which they
 * differ are warned of. Of a run that is resumed its newest checkpoint says it, where there is one: the file may be
 * gone by then. *opened: the file, for who reads its weights, import_close; NULL where none was opened. opened: NULL
 * where nobody does. Rank 0's business.
 */
int start_weights_load(config *out, importer **opened, const char *path, const args_texts *overrides, bool resumes);

#endif
