#include "tensor/histogram.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { LOWEST = -26, PER_OCTAVE = 8, MANTISSA_BITS = 52, EXPONENT_BIAS = 1023 };
/* Powers of the eighth root of two. */
static const double steps[PER_OCTAVE] = {1.0,
                                         1.0905077326652577,
                                         1.189207115002721,
                                         1.2968395546510096,
                                         1.4142135623730951,
                                         1.5422108254079407,
                                         1.681792830507429,
                                         1.8340080864093424};

double histogram_edge(size_t i)
{
    return ldexp(steps[i % PER_OCTAVE], (int)(i / PER_OCTAVE) + LOWEST);
}

size_t histogram_bin(double weight)
{
    uint64_t bits = 0;
    const double magnitude = fabs(weight);
    const double highest = 64; /* 2^6 */
    const double lowest = 1.0 / (1 << 26);
    if (!(magnitude < highest)) {
        return HISTOGRAM_BINS - 1;
    }
    if (magnitude < lowest) {
        return 0;
    }
    memcpy(&bits, &magnitude, sizeof bits);
    const int power = (int)(bits >> MANTISSA_BITS) - EXPONENT_BIAS;
    bits = (bits & (((uint64_t)1 << MANTISSA_BITS) - 1)) | (uint64_t)EXPONENT_BIAS << MANTISSA_BITS;
    double mantissa = 1; /* magnitude / 2^power */
    memcpy(&mantissa, &bits, sizeof mantissa);
    size_t step = mantissa >= steps[4] ? 4 : 0;
    step += mantissa >= steps[step + 2] ? 2 : 0;
    step += mantissa >= steps[step + 1] ? 1 : 0;
    return PER_OCTAVE * (size_t)(power - LOWEST) + step;
}

void histogram_of(double out[HISTOGRAM_BINS], const tensor_table *t, const real *weights)
{
    size_t counts[HISTOGRAM_BINS] = {0};
    for (size_t i = 0; i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        for (size_t k = 0; info->decays && k < info->size; k++) {
            counts[histogram_bin((double)weights[info->offset + k])]++;
        }
    }
    for (size_t i = 0; i < HISTOGRAM_BINS; i++) {
        out[i] = (double)counts[i];
    }
}
