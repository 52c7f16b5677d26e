#ifndef LOCKSTEP_BASE_TEXT_H
#define LOCKSTEP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text for people: made harmless for a terminal, and put together from parts. */

/*
 * Make a text one line that a terminal shows and does not obey; names from files and arguments may hold anything. Each
 * byte of what is not shown becomes '?': control characters (line ends and escape sequences among them, also U+0080 to
 * U+009F), marks that change the direction or the line of what follows (U+061C, U+200E, U+200F, U+2028 to U+202E,
 * U+2066 to U+2069), and what is not UTF-8. Error messages and all lines of base/log.h are so already.
 */
void text_make_plain(char *text);

/*
 * The length in bytes of the character that a text begins with, and its number; 0 where it is not UTF-8. 0 and 1 byte
 * at the text's end.
 */
size_t text_decode(const char *text, uint32_t *out);

/* Columns that a text takes on a terminal: wide characters two, marks that join the one before none. */
size_t text_columns(const char *text);

/* Whether a character is one that text_make_plain leaves as it is. */
int text_is_shown(uint32_t character);

/* A text that grows. Starts as zeros, ends with text_release. What memory runs out for is left out. */
typedef struct text_builder {
    char *bytes; /* owned; NULL as long as nothing was added: use text_of */
    size_t length, capacity;
    bool failed; /* memory ran out: some of it is missing */
} text_builder;

void text_add(text_builder *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Add n bytes for the caller to fill in; NULL where memory ran out. */
char *text_room(text_builder *t, size_t n);

/* Add bytes as they are; they may be zeros. */
void text_add_bytes(text_builder *t, const char *bytes, size_t n);

/*
 * Add a text so that it stays one word without tabs and line ends, is harmless for a terminal, and `printf %b` of a
 * shell gives its bytes back: a backslash is two of them, a tab \t, a line end \n, and each byte of what
 * text_make_plain would not show \0 and three octal digits.
 */
void text_add_escaped(text_builder *t, const char *text);

/* What it holds, "" at first; valid until the next text_add. */
const char *text_of(const text_builder *t);

/* The text for free(), NULL where memory ran out on the way; the builder is empty afterwards. */
char *text_take(text_builder *t);

/* Add the shape of an array of `rank` dimensions: "(3, 3, 3, 32)". */
void text_add_shape(text_builder *t, int rank, const size_t *dims);

/*
 * Of texts that were added each with its zero: one block for free(), pointers and then the texts, a NULL after the last
 * pointer; *count (may be NULL): how many. NULL where memory ran out. The builder is empty afterwards.
 */
char **text_take_list(text_builder *t, size_t *count);

void text_release(text_builder *t);

#endif
