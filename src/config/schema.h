#ifndef LOCKSTEP_CONFIG_SCHEMA_H
#define LOCKSTEP_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "config/config.h"

/*
 * The table of keys: a row each, and no other list of them. All that reads, checks, prints, compares or frees a
 * configuration walks it, and so does what writes README's table
 * and the dictionary of the fuzzer (tests/config, target `keys`).
 */
typedef enum key_kind { KEY_BOOL, KEY_INT, KEY_REAL, KEY_RGB, KEY_TEXT, KEY_CHOICE } key_kind;

typedef struct config_choice {
    const char *name;
    int value; /* of the module's enum, or a bool */
} config_choice;

typedef struct config_key {
    const char *section, *name; /* as they stand in a file */
    size_t offset, size; /* of the field in config; which of its structures that is in is independent of section */
    key_kind kind;
    const char *fallback;         /* default, as it would stand in the file; NULL: the key, a KEY_TEXT, is required */
    int64_t min, max, step;       /* KEY_INT: min, min + step, ... max; never negative */
    double low, high;             /* KEY_REAL; of each of the three numbers of a KEY_RGB, "0.485,0.456,0.406" */
    bool above;                   /* KEY_REAL, KEY_RGB: low itself is not allowed */
    const config_choice *choices; /* KEY_CHOICE, KEY_BOOL: ended by a NULL name */
    bool plain_name;              /* KEY_TEXT: a file name without folders */
    bool is_path;                 /* KEY_TEXT: ~ is the home folder */
    bool may_be_empty;            /* KEY_TEXT */
    bool may_change;              /* on resume; others belong to the result */
    const char *help;             /* one line, with Markdown's backticks around words of a file */
} config_key;

extern const config_key schema_keys[]; /* in the order in which they are printed, grouped by section */
extern const size_t schema_count;

/* Index of a key, or (name NULL) of a section's first one; -1 when there is none. */
int schema_find(const char *section, const char *name);

/* Write the names of a section's keys, or (section NULL) of the sections, "a, b, c". */
void schema_list(text_builder *out, const char *section);

#endif
