#ifndef LOCKSTEP_CONFIG_SCHEMA_H
#define LOCKSTEP_CONFIG_SCHEMA_H

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config/config.h"

/* The declared schema: every section and key, with defaults and limits, and libcyaml's view of it. */
typedef enum key_kind { KEY_BOOL, KEY_INT, KEY_REAL, KEY_TEXT, KEY_CHOICE } key_kind;

typedef struct config_key {
    const char *section, *name;
    size_t offset, size; /* of its field in config */
    key_kind kind;
    const char *fallback;          /* default, as it would stand in the file; NULL: the key is required */
    int64_t min, max, step;        /* KEY_INT: min, min + step, ... max */
    double low, high;              /* KEY_REAL */
    bool above;                    /* KEY_REAL: low itself is not allowed */
    const cyaml_strval_t *choices; /* KEY_CHOICE: [choice_count] */
    uint32_t choice_count;
    bool plain_name;   /* KEY_TEXT: a file name without folders */
    bool is_path;      /* KEY_TEXT: ~ is the home folder */
    bool may_be_empty; /* KEY_TEXT */
    bool may_change;   /* on resume */
    const char *help;  /* one line */
} config_key;

typedef struct config_section {
    const char *name;
    size_t offset, size;
} config_section;

enum { SCHEMA_SECTIONS = 10, SCHEMA_KEYS = 40 };
extern const config_section schema_sections[SCHEMA_SECTIONS];
extern const config_key schema_keys[SCHEMA_KEYS]; /* grouped by section, in the order of schema_sections */

/* libcyaml's schema, built from the two tables. */
typedef struct schema_cyaml {
    cyaml_schema_field_t root[SCHEMA_SECTIONS + 1];
    cyaml_schema_field_t fields[SCHEMA_KEYS + SCHEMA_SECTIONS]; /* each section's keys and an end mark */
    cyaml_schema_value_t top;
} schema_cyaml;
void schema_build(schema_cyaml *out);

/* Index of a section or a key; -1 when there is none. */
int schema_find_section(const char *section);
int schema_find_key(const char *section, const char *name);

/* Write the names of a section's keys, or (section NULL) of the sections, "a, b, c". */
void schema_list(FILE *out, const char *section);

#endif
