#ifndef LOCKSTEP_CONFIG_DOCUMENT_H
#define LOCKSTEP_CONFIG_DOCUMENT_H

#include <stddef.h>

#include "config/schema.h"

/*
 * The values that a configuration file and the command line give, by key, checked against the schema while the place
 * they came from is known.
 */
typedef struct document {
    char *values[SCHEMA_KEYS]; /* owned; normalized text, NULL where not given */
    size_t lines[SCHEMA_KEYS]; /* where in the file, 0: not in it */
} document;

/* Read YAML text; origin names it in errors. Returns 0, LS_EUSAGE or LS_ENOMEM; release in any case. */
int document_read(document *d, const char *text, size_t length, const char *origin);

/* Apply one "section.key=value". Returns as document_read. */
int document_override(document *d, const char *assignment);

/* Fill in defaults; LS_EUSAGE when a required key is missing. */
int document_complete(document *d, const char *origin);

void document_release(document *d);

#endif
