#include "data/augment_jitter.h"

#include "data/augment_ops.h"

static double most_of(const augment_options *o, augment_jitter_part part)
{
    switch (part) {
    case JITTER_BRIGHTNESS: return o->brightness;
    case JITTER_CONTRAST: return o->contrast;
    case JITTER_SATURATION: return o->saturation;
    default: return o->hue;
    }
}

bool augment_jitter_wanted(const augment_options *options)
{
    return options->brightness > 0 || options->contrast > 0 || options->saturation > 0 || options->hue > 0;
}

augment_jitter augment_jitter_draw(const augment_options *options, chance_place at)
{
    augment_jitter j = {0};
    chance c = chance_start(&at, CHANCE_JITTER);
    for (int i = 0; i < JITTER_PARTS; i++) {
        const uint64_t place = chance_below(&c, (uint64_t)i + 1);
        j.order[i] = j.order[place];
        j.order[place] = (augment_jitter_part)i;
    }
    for (int i = 0; i < JITTER_PARTS; i++) {
        const double most = most_of(options, (augment_jitter_part)i);
        const double centre = i == JITTER_HUE ? 0 : 1;
        const double least = i != JITTER_HUE && most > 1 ? 0 : centre - most;
        j.amounts[i] = chance_between(&c, least, centre + most);
    }
    return j;
}

void augment_jitter_apply(image *picture, const augment_options *options, chance_place at)
{
    const augment_jitter j = augment_jitter_draw(options, at);
    for (int i = 0; i < JITTER_PARTS; i++) {
        const augment_jitter_part part = j.order[i];
        if (most_of(options, part) == 0) {
            continue;
        }
        switch (part) {
        case JITTER_BRIGHTNESS: augment_brightness(picture, j.amounts[part]); break;
        case JITTER_CONTRAST: augment_contrast(picture, j.amounts[part]); break;
        case JITTER_SATURATION: augment_saturation(picture, j.amounts[part]); break;
        default: augment_hue(picture, j.amounts[part]); break;
        }
    }
}
