#include "data/augment_crop.h"

#include <math.h>

#include "base/elementary.h"

/* Width and height by drawn area and width over height. */
static resize_box size_draw(chance *c, double width, double height, const augment_rectangle *r)
{
    const double area = width * height * chance_between(c, r->scale_min, r->scale_max);
    const double ratio = elementary_exp(chance_between(c, elementary_log(r->ratio_min), elementary_log(r->ratio_max)));
    return (resize_box){0, 0, nearbyint(sqrt(area * ratio)), nearbyint(sqrt(area / ratio))};
}

static void place_draw(resize_box *box, chance *c, double width, double height)
{
    box->y = (double)chance_below(c, (uint64_t)(height - box->height) + 1);
    box->x = (double)chance_below(c, (uint64_t)(width - box->width) + 1);
}

/* The middle, made narrower or lower where the ratio is out of its limits. */
static resize_box centred(double width, double height, const augment_rectangle *r)
{
    resize_box box = {0, 0, width, height};
    if (width > height * r->ratio_max) {
        box.width = fmax(1, nearbyint(height * r->ratio_max));
    } else if (width < height * r->ratio_min) {
        box.height = fmax(1, nearbyint(width / r->ratio_min));
    }
    box.x = floor((width - box.width) / 2);
    box.y = floor((height - box.height) / 2);
    return box;
}

resize_box augment_crop_draw(size_t width, size_t height, const augment_rectangle *part, chance_place at)
{
    const double w = (double)width;
    const double h = (double)height;
    chance c = chance_start(&at, CHANCE_CROP);
    for (int try = 0; try < AUGMENT_DRAWS; try++) {
        resize_box box = size_draw(&c, w, h, part);
        if (box.width >= 1 && box.height >= 1 && box.width <= w && box.height <= h) {
            place_draw(&box, &c, w, h);
            return box;
        }
    }
    return centred(w, h, part);
}

resize_box augment_erase_draw(size_t width, size_t height, const augment_rectangle *erased, double probability,
                              chance_place at)
{
    const double w = (double)width;
    const double h = (double)height;
    chance c = chance_start(&at, CHANCE_ERASE);
    if (!chance_happens(&c, probability)) {
        return (resize_box){0};
    }
    for (int try = 0; try < AUGMENT_DRAWS; try++) {
        const resize_box lying = size_draw(&c, w, h, erased); /* this ratio is of height over width */
        resize_box box = {0, 0, lying.height, lying.width};
        if (box.width < w && box.height < h) {
            place_draw(&box, &c, w, h);
            return box;
        }
    }
    return (resize_box){0};
}

bool augment_flip_draw(double probability, chance_place at)
{
    chance c = chance_start(&at, CHANCE_FLIP);
    return chance_happens(&c, probability);
}
