#ifndef LOCKSTEP_PAGE_MATRIX_H
#define LOCKSTEP_PAGE_MATRIX_H

#include "page/figure.h"

/*
 * Counts of pairs, such as a confusion matrix: a square for each, darker the larger its share of the row, those on the
 * diagonal in another colour, and a table behind it.
 */
typedef struct matrix {
    const char *name, *title, *says; /* as in page/figure.h */
    const char *row_label, *column_label;
    const char *const *names; /* [count], of rows and of columns; not owned, as cells */
    const size_t *cells;      /* [count][count] */
    size_t count;             /* 2 to MATRIX_MOST */
} matrix;

enum { MATRIX_MOST = 20 };

void matrix_add(page *p, const matrix *m);

#endif
