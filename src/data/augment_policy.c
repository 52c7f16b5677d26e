#include "data/augment_policy.h"

#include "data/augment_affine.h"
#include "data/augment_ops.h"

enum { LAST_BIN = AUGMENT_BINS - 1 };

static bool has_sign(augment_kind kind)
{
    return kind >= AUGMENT_SHEAR_X && kind <= AUGMENT_SHARPNESS;
}

/* Bits that a posterized picture keeps: from 8 down by `most`, to the nearest number; no bin is half way. */
static int bits_of(int bin, int most)
{
    return 8 - (2 * bin * most + LAST_BIN) / (2 * LAST_BIN);
}

double augment_magnitude(augment_policy policy, augment_kind kind, int bin, size_t width, size_t height)
{
    const bool wide = policy == AUGMENT_TRIVIAL;
    const double share = (double)bin / LAST_BIN;
    switch (kind) {
    case AUGMENT_SHEAR_X:
    case AUGMENT_SHEAR_Y: return share * (wide ? 0.99 : 0.3);
    case AUGMENT_TRANSLATE_X: return share * (wide ? 32 : 150.0 / 331 * (double)width);
    case AUGMENT_TRANSLATE_Y: return share * (wide ? 32 : 150.0 / 331 * (double)height);
    case AUGMENT_ROTATE: return share * (wide ? 135 : 30);
    case AUGMENT_BRIGHTNESS:
    case AUGMENT_COLOUR:
    case AUGMENT_CONTRAST:
    case AUGMENT_SHARPNESS: return share * (wide ? 0.99 : 0.9);
    case AUGMENT_POSTERIZE: return bits_of(bin, wide ? 6 : 4);
    case AUGMENT_SOLARIZE: return (double)(LAST_BIN - bin) / LAST_BIN;
    default: return 0;
    }
}

augment_operation augment_policy_draw(const augment_options *options, size_t width, size_t height, chance *c)
{
    augment_operation o = {.kind = (augment_kind)chance_below(c, AUGMENT_LISTED)};
    const int drawn = (int)chance_below(c, AUGMENT_BINS);
    const int bin = options->policy == AUGMENT_TRIVIAL ? drawn : options->magnitude;
    const bool negative = chance_happens(c, 0.5);
    o.magnitude = augment_magnitude(options->policy, o.kind, bin, width, height);
    o.magnitude = negative && has_sign(o.kind) ? -o.magnitude : o.magnitude;
    return o;
}

static void exchange(image *a, image *b)
{
    const image kept = *a;
    *a = *b;
    *b = kept;
}

/* Those that read other places than they write; false: it is none of them. */
static bool move_pixels(image *out, const image *in, augment_operation o)
{
    switch (o.kind) {
    case AUGMENT_SHEAR_X: augment_shear_x(out, in, o.magnitude); return true;
    case AUGMENT_SHEAR_Y: augment_shear_y(out, in, o.magnitude); return true;
    case AUGMENT_TRANSLATE_X: augment_translate(out, in, (int)o.magnitude, 0); return true;
    case AUGMENT_TRANSLATE_Y: augment_translate(out, in, 0, (int)o.magnitude); return true;
    case AUGMENT_ROTATE: augment_rotate(out, in, o.magnitude); return true;
    case AUGMENT_SHARPNESS: augment_sharpness(out, in, 1 + o.magnitude); return true;
    default: return false;
    }
}

void augment_apply(image *picture, image *spare, augment_operation operation)
{
    const double magnitude = operation.magnitude;
    switch (operation.kind) {
    case AUGMENT_BRIGHTNESS: augment_brightness(picture, 1 + magnitude); break;
    case AUGMENT_COLOUR: augment_saturation(picture, 1 + magnitude); break;
    case AUGMENT_CONTRAST: augment_contrast(picture, 1 + magnitude); break;
    case AUGMENT_POSTERIZE: augment_posterize(picture, (int)magnitude); break;
    case AUGMENT_SOLARIZE: augment_solarize(picture, 255 * magnitude); break;
    case AUGMENT_AUTOCONTRAST: augment_autocontrast(picture); break;
    case AUGMENT_EQUALIZE: augment_equalize(picture); break;
    case AUGMENT_INVERT: augment_invert(picture); break;
    default:
        spare->width = picture->width;
        spare->height = picture->height;
        if (move_pixels(spare, picture, operation)) {
            exchange(picture, spare);
        }
    }
}

void augment_policy_apply(image *picture, image *spare, const augment_options *options, chance_place at)
{
    const int count = options->policy == AUGMENT_RAND ? options->operations : options->policy != AUGMENT_NO_POLICY;
    chance c = chance_start(&at, CHANCE_POLICY);
    for (int i = 0; i < count; i++) {
        augment_apply(picture, spare, augment_policy_draw(options, picture->width, picture->height, &c));
    }
}
