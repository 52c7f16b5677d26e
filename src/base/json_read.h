#ifndef LOCKSTEP_BASE_JSON_READ_H
#define LOCKSTEP_BASE_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads a JSON object whose members are texts and numbers, as base/json.h writes them; arrays and objects within it are
 * told by their bytes, to be read in turn. What comes from outside is expected: any bytes are read or refused.
 */
typedef enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_OTHER } json_kind;

enum { JSON_KEY_SIZE = 256, JSON_TEXT_SIZE = 2048 };

typedef struct json_member {
    char key[JSON_KEY_SIZE]; /* cut off where it is longer, as is text */
    json_kind kind;          /* JSON_OTHER: an array or an object, whose inside is not looked at */
    double number;           /* of a number; of JSON_BOOL 1 or 0 */
    bool whole;              /* the number is written with digits alone */
    char text[JSON_TEXT_SIZE];
    const char *bytes; /* of JSON_OTHER: from bracket to bracket, [size]; not owned; NULL of others */
    size_t size;
} json_member;

/*
 * take is called for each member, in order. Returns 0, or LS_EFORMAT with a message that begins with the byte: "byte
 * 12: …". Members before the mistake have been taken then.
 */
int json_read_object(const char *bytes, size_t n, void (*take)(void *context, const json_member *m), void *context);

/* The same of an array; its elements' keys are "". */
int json_read_array(const char *bytes, size_t n, void (*take)(void *context, const json_member *m), void *context);

#endif
