#include "data/augment.h"

#include <math.h>

#include "base/random.h"

static const double MAX_RATIO = 4.0 / 3.0;

/*
 * 3/4 to 4/3, as often below 1 as above, from u in [0, 1). Not by exp and log, which mathematics libraries round
 * differently: only operations whose bits are the same everywhere.
 */
static double ratio_of(double u)
{
    const double v = 2 * u - 1;
    return v >= 0 ? 1 + v * (MAX_RATIO - 1) : 1 / (1 - v * (MAX_RATIO - 1));
}

static resize_box centred(double width, double height)
{
    resize_box box = {0, 0, width, height};
    if (width > height * MAX_RATIO) {
        box.width = floor(height * MAX_RATIO + 0.5);
    } else if (height > width * MAX_RATIO) {
        box.height = floor(width * MAX_RATIO + 0.5);
    }
    box.x = floor((width - box.width) / 2);
    box.y = floor((height - box.height) / 2);
    return box;
}

resize_box augment_draw(bool *mirror, size_t width, size_t height, double min_scale, uint64_t seed, uint64_t epoch,
                        uint64_t position)
{
    const uint64_t stream = random_stream(RANDOM_AUGMENT, epoch, position);
    const double w = (double)width;
    const double h = (double)height;
    *mirror = (random_bits(seed, stream, 0) & 1) != 0;
    for (uint64_t try = 0; try < AUGMENT_TRIES; try++) {
        const uint64_t counter = 1 + 4 * try;
        const double area = w * h * (min_scale + (1 - min_scale) * random_unit(seed, stream, counter));
        const double ratio = ratio_of(random_unit(seed, stream, counter + 1));
        const double bw = floor(sqrt(area * ratio) + 0.5);
        const double bh = floor(sqrt(area / ratio) + 0.5);
        if (bw < 1 || bh < 1 || bw > w || bh > h) {
            continue;
        }
        const double x = (double)random_below(seed, stream, counter + 2, (uint64_t)(w - bw) + 1);
        const double y = (double)random_below(seed, stream, counter + 3, (uint64_t)(h - bh) + 1);
        return (resize_box){x, y, bw, bh};
    }
    return centred(w, h);
}
