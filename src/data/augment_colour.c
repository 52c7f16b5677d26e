/* Operations that look at a pixel's three values, at all pixels, or at neighbours. */
#include "data/augment_ops.h"

/* a·b + c as a fused multiply-add of float32 rounds it, but for a few sums in 2^29 that are rounded twice. */
static float fused(float a, float b, float c)
{
    return (float)((double)a * (double)b + (double)c);
}

static uint8_t to_byte(float v)
{
    return v <= 0 ? 0 : v < 255 ? (uint8_t)v : 255;
}

/* v·factor + other·(1 - factor) */
static uint8_t blend(float v, float other, double factor)
{
    return to_byte(fused(other, (float)(1 - factor), v * (float)factor));
}

static unsigned gray_of(const uint8_t *pixel)
{
    const float red = (float)pixel[0] * 0.2989f;
    return (unsigned)fused(pixel[2], 0.114f, fused(pixel[1], 0.587f, red));
}

void augment_contrast(image *picture, double factor)
{
    const size_t count = picture->width * picture->height;
    uint8_t table[256];
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += gray_of(picture->pixels + 3 * i);
    }
    const float mean = (float)((double)sum / (double)count);
    for (int v = 0; v < 256; v++) {
        table[v] = blend((float)v, mean, factor);
    }
    for (size_t i = 0; i < 3 * count; i++) {
        picture->pixels[i] = table[picture->pixels[i]];
    }
}

void augment_saturation(image *picture, double factor)
{
    const size_t count = picture->width * picture->height;
    for (size_t i = 0; i < count; i++) {
        uint8_t *const pixel = picture->pixels + 3 * i;
        const float gray = (float)gray_of(pixel);
        for (size_t c = 0; c < 3; c++) {
            pixel[c] = blend(pixel[c], gray, factor);
        }
    }
}

/* The mean of a pixel and its eight neighbours, where it counts five times. Never half way between two numbers. */
static int smooth_of(const uint8_t *at, size_t line)
{
    const uint8_t *const above = at - line;
    const uint8_t *const below = at + line;
    const int around = above[-3] + above[0] + above[3] + at[-3] + at[3] + below[-3] + below[0] + below[3];
    return (2 * (around + 5 * at[0]) + 13) / 26;
}

void augment_sharpness(image *out, const image *in, double factor)
{
    const size_t line = 3 * in->width;
    const float toward = (float)(1 - factor);
    for (size_t i = 0; i < line * in->height; i++) {
        out->pixels[i] = in->pixels[i];
    }
    for (size_t y = 1; y + 1 < in->height; y++) {
        for (size_t i = 3; i + 3 < line; i++) {
            const uint8_t *const at = in->pixels + y * line + i;
            const int away = smooth_of(at, line) - at[0];
            out->pixels[y * line + i] = to_byte(fused((float)away, toward, at[0]));
        }
    }
}

typedef struct hsv {
    float hue, saturation, value; /* 0..1 */
} hsv;

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* The fractional part of v, from -1 to below 2. */
static float turn_of(float v)
{
    return v < 0 ? v + 1 : v < 1 ? v : v - 1;
}

static hsv hsv_of(const float rgb[3])
{
    const float most = larger(rgb[0], larger(rgb[1], rgb[2]));
    const float range = most + larger(-rgb[0], larger(-rgb[1], -rgb[2]));
    if (range == 0) {
        return (hsv){0, 0, most};
    }
    const float r = (most - rgb[0]) / range;
    const float g = (most - rgb[1]) / range;
    const float b = (most - rgb[2]) / range;
    const float sixths = most == rgb[0] ? b - g : most == rgb[1] ? r + 2.0f - b : g + 4.0f - r;
    return (hsv){turn_of(sixths * (float)(1.0 / 6) + 1), range / most, most};
}

static float unit(float v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

static void rgb_of(float rgb[3], hsv from)
{
    static const uint8_t places[6][3] = {{0, 3, 1}, {2, 0, 1}, {1, 0, 3}, {1, 2, 0}, {3, 1, 0}, {0, 1, 2}};
    const float sixths = from.hue * 6;
    const int whole = (int)sixths;
    const float part = from.saturation * (sixths - (float)whole);
    const float rest = 1 - from.saturation;
    const float values[4] = {from.value, unit(rest * from.value), unit((1 - part) * from.value),
                             unit((part + rest) * from.value)};
    const uint8_t *const place = places[whole % 6];
    for (int c = 0; c < 3; c++) {
        rgb[c] = values[place[c]];
    }
}

void augment_hue(image *picture, double turns)
{
    const size_t count = picture->width * picture->height;
    for (size_t i = 0; i < count; i++) {
        uint8_t *const pixel = picture->pixels + 3 * i;
        float rgb[3];
        for (int c = 0; c < 3; c++) {
            rgb[c] = (float)pixel[c] * (float)(1.0 / 255);
        }
        hsv colour = hsv_of(rgb);
        colour.hue = turn_of(colour.hue + (float)turns);
        rgb_of(rgb, colour);
        for (int c = 0; c < 3; c++) {
            pixel[c] = to_byte(rgb[c] * (float)(256 - 1e-3));
        }
    }
}
