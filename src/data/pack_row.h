#ifndef LOCKSTEP_DATA_PACK_ROW_H
#define LOCKSTEP_DATA_PACK_ROW_H

#include <stdbool.h>
#include <stddef.h>

/* The cells of a table's line. Starts as zeros, ends with pack_row_release. */
typedef struct pack_row {
    char **cells;    /* [count], into the line; owned */
    size_t count;    /* may be larger than `capacity`: those that follow were not kept */
    size_t capacity; /* of cells */
} pack_row;

/* Make room for so many cells. Returns 0 or LS_ENOMEM. */
int pack_row_reserve(pack_row *r, size_t cells);

void pack_row_release(pack_row *r);

/*
 * What divides the cells of a line: a tab, a semicolon or a comma, the one that makes `columns` cells of it, or else
 * the most frequent; within quotes none counts. A comma where there is none of them.
 */
char pack_row_separator(const char *line, size_t columns);

/* How many cells a separator makes of a line, whether its quotes are right or not. */
size_t pack_row_count(const char *line, char separator);

/* Whether a line is empty, but for blanks. Tabs that divide cells are none of these, but a row of empty ones. */
bool pack_row_is_blank(const char *line, char separator);

/*
 * Cut a line into cells: blanks around them and quotes are taken off, a doubled quote within quotes is one. The line is
 * changed. Returns NULL, or what is wrong with it (static).
 */
const char *pack_row_cut(pack_row *r, char *line, char separator);

/* Whether a cell is a decimal number, and which. "nan", "inf" and "0x1" are none. */
bool pack_cell_number(double *out, const char *cell);

#endif
