#ifndef LOCKSTEP_DATA_PACK_HEADER_H
#define LOCKSTEP_DATA_PACK_HEADER_H

#include "data/pack.h"
#include "data/pack_row.h"

/* What the first line of a table says. */
typedef struct pack_columns {
    bool header;  /* it is one, and no row */
    size_t label; /* the label's column, from 0 */
} pack_columns;

/*
 * Decide by the first line that is not empty: as many cells as the row can hold. path and line: for messages. Returns
 * 0 or LS_EFORMAT: it could be a header or a row, or the label's column is not clear; the message names the option.
 */
int pack_columns_find(pack_columns *out, const pack_row *first, const pack_csv_options *options, const char *path,
                      size_t line);

/*
 * The label's column alone, of a first line that is known to be a header or not (out->header). label: as
 * pack_csv_options has it. Returns 0, LS_EFORMAT, or LS_EUSAGE where there is no such column.
 */
int pack_label_column(pack_columns *out, const pack_row *first, const char *label, const char *path, size_t line);

#endif
