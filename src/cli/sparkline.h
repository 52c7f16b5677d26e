#ifndef LOCKSTEP_CLI_SPARKLINE_H
#define LOCKSTEP_CLI_SPARKLINE_H

#include <stdbool.h>

#include "base/text.h"

/*
 * Add a curve of characters, one for each of at most `columns` parts of the values, by their means: from the lowest to
 * the highest of them in eight steps, blocks or, without UTF-8, signs of more and more ink. A blank stands for a part
 * without a finite value. Pure.
 */
void sparkline_add(text_builder *out, const double *values, size_t count, size_t columns, bool utf8);

#endif
