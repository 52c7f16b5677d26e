#ifndef LOCKSTEP_BASE_TERMINAL_H
#define LOCKSTEP_BASE_TERMINAL_H

#include <stdbool.h>

/* The terminal of a program that stays on it: its size, whether it can draw in place, and single keys. */

/* Whether standard output is a terminal whose cursor can be moved. */
bool terminal_can_draw(void);

/* Columns and rows of standard output's; where it does not say, COLUMNS and LINES of the environment, or 80 and 24. */
void terminal_size(int *columns, int *rows);

/* Whether text there is UTF-8, by the environment (LC_ALL, LC_CTYPE, LANG), as the terminal itself does not say. */
bool terminal_is_utf8(void);

/*
 * From now on keys of standard input come one by one and are not shown, if that is a terminal and in front; until
 * terminal_keys_end. A stop (Ctrl-Z) puts the terminal back for as long as it lasts.
 */
void terminal_keys_begin(void);
void terminal_keys_end(void);

/* Wait so many seconds, less where a key or a signal comes. The key; 0: none came. */
char terminal_key(double seconds);

#endif
