#include "kernels/pack.h"

#include <string.h>

#include "base/size.h"
#include "kernels/kernels.h"

enum { B = KERNEL_BLOCK };

/* Channels of a block that exist. */
static size_t lanes_of(size_t block, size_t channels)
{
    return channels - block * B < B ? channels - block * B : B;
}

/* One block of up to 8 columns of the kernel. Whole blocks have a loop of their own, with copies of a known size. */
static void pack_block(real *restrict out, const real *restrict kernel, size_t rows, size_t cout, size_t lanes)
{
    if (lanes == B) {
        for (size_t i = 0; i < rows; i++) {
            memcpy(out + i * B, kernel + i * cout, B * sizeof *out);
        }
        return;
    }
    memset(out, 0, rows * B * sizeof *out);
    for (size_t i = 0; i < rows; i++) {
        memcpy(out + i * B, kernel + i * cout, lanes * sizeof *out);
    }
}

void pack_matrix(real *out, const real *kernel, size_t cin, size_t cout, size_t padded_in)
{
    const size_t blocks = (cout + B - 1) / B;
    for (size_t block = 0; block < blocks; block++) {
        real *first = out + block * padded_in * B;
        pack_block(first, kernel + block * B, cin, cout, lanes_of(block, cout));
        memset(first + cin * B, 0, (padded_in - cin) * B * sizeof *out);
    }
}

void unpack_matrix(real *kernel, const real *packed, size_t cin, size_t cout, size_t padded_in, size_t first,
                   size_t end)
{
    for (size_t block = first; block < end; block++) {
        const size_t lanes = lanes_of(block, cout);
        const real *restrict from = packed + block * padded_in * B;
        real *restrict to = kernel + block * B;
        for (size_t i = 0; lanes == B && i < cin; i++) {
            memcpy(to + i * cout, from + i * B, B * sizeof *to);
        }
        for (size_t i = 0; lanes < B && i < cin; i++) {
            memcpy(to + i * cout, from + i * B, lanes * sizeof *to);
        }
    }
}

/* One block of up to 8 rows of the kernel; rows that do not exist become zeros. */
static void transpose_block(real *restrict out, const real *restrict kernel, size_t cout, size_t lanes)
{
    if (lanes == B) {
        for (size_t o = 0; o < cout; o++) {
            for (size_t lane = 0; lane < B; lane++) {
                out[o * B + lane] = kernel[lane * cout + o];
            }
        }
        return;
    }
    memset(out, 0, cout * B * sizeof *out);
    for (size_t lane = 0; lane < lanes; lane++) {
        for (size_t o = 0; o < cout; o++) {
            out[o * B + lane] = kernel[lane * cout + o];
        }
    }
}

void pack_matrix_transposed(real *out, const real *kernel, size_t cin, size_t cout)
{
    const size_t rows = size_round_up(cout, B);
    const size_t blocks = (cin + B - 1) / B;
    for (size_t block = 0; block < blocks; block++) {
        real *first = out + block * rows * B;
        transpose_block(first, kernel + block * B * cout, cout, lanes_of(block, cin));
        memset(first + cout * B, 0, (rows - cout) * B * sizeof *out);
    }
}

void pack_depthwise(real *out, const real *kernel, size_t channels)
{
    memset(out, 0, size_round_up(channels, B) * 9 * sizeof *out);
    for (size_t tap = 0; tap < 9; tap++) {
        for (size_t c = 0; c < channels; c++) {
            out[((c / B) * 9 + tap) * B + c % B] = kernel[tap * channels + c];
        }
    }
}

void unpack_depthwise(real *kernel, const real *packed, size_t channels)
{
    for (size_t tap = 0; tap < 9; tap++) {
        for (size_t c = 0; c < channels; c++) {
            kernel[tap * channels + c] = packed[((c / B) * 9 + tap) * B + c % B];
        }
    }
}
