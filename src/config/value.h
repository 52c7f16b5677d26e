#ifndef LOCKSTEP_CONFIG_VALUE_H
#define LOCKSTEP_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config/schema.h"

/* One value of the configuration: its text checked, and printed. */

/* Write what a key allows: "1 to 1048576", "4, 8", "sync, local", "true, false". */
void value_allowed(FILE *out, const config_key *key);

/*
 * Check the text of a value. quoted: it stood in quotes, so it is a text. Returns NULL when it is fine, with its text
 * in a form that libcyaml and people read alike in *normalized (freed by the caller; NULL when memory ran out);
 * otherwise what is wrong with it, such as "not a whole number".
 */
const char *value_check(const config_key *key, const char *text, bool quoted, char **normalized);

/* Write a key's value in c as YAML. */
void value_print(FILE *out, const config_key *key, const config *c);

/* 1 when a key's values in a and b are the same. */
int value_equal(const config_key *key, const config *a, const config *b);

/* Write text in double quotes, escaped so that it stays on one line; at most `most` bytes of it, 0: all. */
void value_quote(FILE *out, const char *text, size_t most);

/* The digits of x, as few as read back to x; size at least 32. */
void value_digits(char *out, size_t size, double x);

#endif
