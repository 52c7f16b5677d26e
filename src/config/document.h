#ifndef LOCKSTEP_CONFIG_DOCUMENT_H
#define LOCKSTEP_CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

/* What a configuration file and the command line say, checked against the schema while their place is known. */

/*
 * Set in c what YAML text says; origin names it in errors. named: [schema_count], set for the keys that it names.
 * LS_EUSAGE or LS_ENOMEM; c is the caller's to free.
 */
int document_read(config *c, bool *named, const char *text, size_t length, const char *origin);

/* The same for one "section.key=value"; *key: which one it is. */
int document_override(config *c, size_t *key, const char *assignment);

#endif
