#ifndef LOCKSTEP_BASE_JSON_H
#define LOCKSTEP_BASE_JSON_H

#include <stdint.h>
#include <stdio.h>

/*
 * Writes one JSON value to a file, an element at a time. key: the element's name within an object, NULL within an array
 * and for the outermost value. Names and texts are escaped; UTF-8 is expected and passed on. Numbers have a point in
 * every locale. Errors stay with the file (ferror). Start with {.to = file}, or with {.to = file, .depth =
 * JSON_ONE_LINE} for a value without any line ends.
 */
enum { JSON_ONE_LINE = 3 };
typedef struct json {
    FILE *to;  /* not owned */
    int depth; /* containers that are open */
    int began; /* the innermost has elements */
} json;

void json_open(json *j, const char *key, char bracket); /* '{' or '[' */
void json_close(json *j, char bracket);                 /* '}' or ']'; after the outermost, a newline */
void json_text(json *j, const char *key, const char *value);
void json_number(json *j, const char *key, double value); /* with 9 digits; null where it is not finite */
void json_whole(json *j, const char *key, int64_t value); /* with all its digits */
/* value / 1000 with all its digits: "-0.250" of -250. */
void json_thousandths(json *j, const char *key, int64_t value);

#endif
