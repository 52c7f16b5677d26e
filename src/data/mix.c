#include "data/mix.h"

#include <math.h>
#include <string.h>

#include "base/elementary.h"
#include "base/random.h"

/* Counters of a batch's stream. */
enum { DRAW_KIND, DRAW_X, DRAW_Y, DRAW_SHARE };

/* Jöhnk 1964: for U^(1/α), V^(1/α) whose sum is at most 1, the first over the sum is Beta(α, α). */
static double beta(double alpha, uint64_t seed, uint64_t stream)
{
    for (uint64_t at = DRAW_SHARE;; at += 2) {
        const double x = elementary_pow(random_unit(seed, stream, at), 1 / alpha);
        const double y = elementary_pow(random_unit(seed, stream, at + 1), 1 / alpha);
        if (x + y <= 1 && x + y > 0) {
            return x / (x + y);
        }
    }
}

/* From the centre so far to either side, within 0 and size. */
static void span(size_t *first, size_t *end, size_t centre, double half, size_t size)
{
    const size_t reach = (size_t)half;
    *first = centre > reach ? centre - reach : 0;
    *end = centre + reach < size ? centre + reach : size;
}

mix mix_draw(const mix_options *o, size_t width, size_t height, uint64_t seed, uint64_t epoch, uint64_t step)
{
    const uint64_t stream = random_stream(RANDOM_MIX, epoch, step);
    mix m = {.share = 1};
    if (o->mixup == 0 && o->cutmix == 0) {
        return m;
    }
    const bool both = o->mixup > 0 && o->cutmix > 0;
    m.cut = both ? (random_bits(seed, stream, DRAW_KIND) & 1) != 0 : o->cutmix > 0;
    m.share = beta(m.cut ? o->cutmix : o->mixup, seed, stream);
    if (m.cut) {
        const double half = 0.5 * sqrt(1 - m.share);
        const size_t x = (size_t)random_below(seed, stream, DRAW_X, width);
        const size_t y = (size_t)random_below(seed, stream, DRAW_Y, height);
        span(&m.left, &m.right, x, half * (double)width, width);
        span(&m.top, &m.bottom, y, half * (double)height, height);
        m.share = 1 - (double)((m.right - m.left) * (m.bottom - m.top)) / (double)(width * height);
    }
    return m;
}

void mix_picture(const mix *m, real *picture, const real *before, size_t width, size_t height)
{
    const size_t line = 3 * width;
    const real own = (real)m->share;
    const real rest = (real)(1 - m->share);
    if (m->cut) {
        for (size_t y = m->top; y < m->bottom; y++) {
            const size_t at = y * line + 3 * m->left;
            memcpy(picture + at, before + at, 3 * (m->right - m->left) * sizeof *picture);
        }
        return;
    }
    for (size_t i = 0; i < height * line; i++) {
        picture[i] = own * picture[i] + rest * before[i];
    }
}
