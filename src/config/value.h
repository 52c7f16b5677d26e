#ifndef LOCKSTEP_CONFIG_VALUE_H
#define LOCKSTEP_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "config/schema.h"

/* One value of the configuration: from text into its field, and back. */

/* Write what a key allows: "1 to 1048576", "4, 8", "sync, local", "true, false". */
void value_allowed(text_builder *out, const config_key *key);

/*
 * Set the key's field from text. quoted: it stood in quotes, so it is a text. LS_EUSAGE, with *reason (static) such as
 * "not a whole number", where it is wrong; LS_ENOMEM. The field is left alone then. No error message is set.
 */
int value_set(config *c, const config_key *key, const char *text, bool quoted, const char **reason);

/* The field of a KEY_TEXT; NULL where it is not set. */
const char *value_text(const config_key *key, const config *c);

/* Free the field of a KEY_TEXT; nothing for other kinds. */
void value_free(config *c, const config_key *key);

/* Write a key's value in c as YAML. */
void value_print(text_builder *out, const config_key *key, const config *c);

/* Whether a key's values in a and b are the same. */
bool value_equal(const config_key *key, const config *a, const config *b);

/* Write text in double quotes, escaped so that it stays on one line; at most `most` bytes of it, 0: all. */
void value_quote(text_builder *out, const char *text, size_t most);

#endif
