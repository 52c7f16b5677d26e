#ifndef LOCKSTEP_KERNELS_PACK_H
#define LOCKSTEP_KERNELS_PACK_H

#include <stddef.h>

#include "base/real.h"

/*
 * Between Keras order and the kernels' order. Blocks are of 8; channels that do not exist become zeros when packing and
 * are skipped when unpacking.
 */

/* (cin, cout) to [cout blocks][padded_in][8]; padded_in >= cin. For 1×1 kernels, the dense kernel and the stem (cin =
 * 27). */
void pack_matrix(real *out, const real *kernel, size_t cin, size_t cout, size_t padded_in);
/* Of the cout blocks only [first, end); the pointers are as for the whole. Parts may be unpacked at the same time. */
void unpack_matrix(real *kernel, const real *packed, size_t cin, size_t cout, size_t padded_in, size_t first,
                   size_t end);

/* (cin, cout) to [cin blocks][cout rounded up to 8][8]: the transposed matrix, for data gradients. */
void pack_matrix_transposed(real *out, const real *kernel, size_t cin, size_t cout);

/* (3, 3, channels, 1) to [blocks][9][8]. */
void pack_depthwise(real *out, const real *kernel, size_t channels);
void unpack_depthwise(real *kernel, const real *packed, size_t channels);

#endif
