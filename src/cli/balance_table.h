#ifndef LOCKSTEP_CLI_BALANCE_TABLE_H
#define LOCKSTEP_CLI_BALANCE_TABLE_H

#include "instrument/series.h"
#include "optim/options.h"

/*
 * Print, a line a layer, what was measured beside its prediction over the measurements of these steps, and how far the
 * two are apart. Returns 0, LS_ENOMEM, or LS_EUSAGE where there are no such measurements.
 */
int balance_table_print(const series *s, uint64_t from, uint64_t to, const optimizer_options *o);

#endif
