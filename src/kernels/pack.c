#include "kernels/pack.h"

#include <string.h>

#include "base/size.h"
#include "kernels/kernels.h"

enum { B = KERNEL_BLOCK };

void pack_matrix(real *out, const real *kernel, size_t cin, size_t cout, size_t padded_in)
{
    const size_t blocks = (cout + B - 1) / B;
    memset(out, 0, blocks * padded_in * B * sizeof *out);
    for (size_t block = 0; block < blocks; block++) {
        const size_t lanes = cout - block * B < B ? cout - block * B : B;
        for (size_t i = 0; i < cin; i++) {
            memcpy(out + (block * padded_in + i) * B, kernel + i * cout + block * B, lanes * sizeof *out);
        }
    }
}

void unpack_matrix(real *kernel, const real *packed, size_t cin, size_t cout, size_t padded_in)
{
    const size_t blocks = (cout + B - 1) / B;
    for (size_t block = 0; block < blocks; block++) {
        const size_t lanes = cout - block * B < B ? cout - block * B : B;
        for (size_t i = 0; i < cin; i++) {
            memcpy(kernel + i * cout + block * B, packed + (block * padded_in + i) * B, lanes * sizeof *kernel);
        }
    }
}

void pack_matrix_transposed(real *out, const real *kernel, size_t cin, size_t cout)
{
    const size_t rows = size_round_up(cout, B);
    const size_t blocks = (cin + B - 1) / B;
    memset(out, 0, blocks * rows * B * sizeof *out);
    for (size_t i = 0; i < cin; i++) {
        real *column = out + (i / B) * rows * B + i % B;
        for (size_t o = 0; o < cout; o++) {
            column[o * B] = kernel[i * cout + o];
        }
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
