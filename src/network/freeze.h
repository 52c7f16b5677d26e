#ifndef LOCKSTEP_NETWORK_FREEZE_H
#define LOCKSTEP_NETWORK_FREEZE_H

#include "network/graph.h"
#include "tensor/table.h"

/*
 * Which layers are not trained, as a text:
 *
 *   none
 *   backbone          all but the dense layers
 *   until:LAYER       all up to this one
 *   layers:PATTERN    those that one of some patterns fits, with commas between, as a shell's: `block1*,conv2d`
 *
 * A layer is called as Keras does (`conv2d_3`), or by its block (`block2.expand`, `block2`), where no layer has that
 * name.
 */

/* What is wrong with the form of such a text; NULL: nothing. */
const char *freeze_problem(const char *what);

/* Whether it freezes nothing. NULL: it does not. */
int freeze_is_none(const char *what);

/*
 * Freeze the layers of g's variables, of which t is the table, and no others; the layers' BatchNorm is a layer of its
 * own. LS_EUSAGE where the text is malformed, no layer is called so, or none would be left to train.
 */
int freeze_apply(tensor_table *t, const graph *g, const char *what);

/*
 * Each tensor's rate, from the depth of its block: that of the last layer is 1, that of each block before it times
 * `decay`; the stem and each convolution outside of a bottleneck count as a block.
 */
void freeze_set_rates(tensor_table *t, const graph *g, double decay);

#endif
