#include "pictures_more_private.h"

#ifdef LOCKSTEP_TIFF
#include <tiffio.h>
#endif

#include <string.h>

#include "fuzz.h"

void more_colours(uint8_t rgba[4], size_t x, size_t y)
{
    rgba[0] = (uint8_t)(13 * x + 3 * y);
    rgba[1] = (uint8_t)(255 - 7 * y);
    rgba[2] = (uint8_t)(x * y);
    rgba[3] = x == y ? 0 : (uint8_t)(255 - 5 * (x % 4));
}

unsigned more_index(size_t x, size_t y)
{
    return (unsigned)(x / 4 + 2 * (y / 3)) % 16;
}

void more_palette(uint8_t rgb[3], unsigned index)
{
    rgb[0] = (uint8_t)(16 * index);
    rgb[1] = (uint8_t)(255 - 3 * index);
    rgb[2] = (uint8_t)(index ^ 0x55);
}

void sink_put(sink *s, const void *bytes, size_t n)
{
    FUZZ_CHECK(s->at <= s->room && n <= s->room - s->at);
    if (n > 0) {
        memcpy(s->bytes + s->at, bytes, n);
    }
    s->at += n;
    s->size = s->at > s->size ? s->at : s->size;
}

void sink_put_number(sink *s, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        sink_put(s, &(uint8_t){i < 4 ? (uint8_t)(value >> (8 * i)) : 0}, 1);
    }
}

void more_paint(uint8_t *out, size_t samples)
{
    for (size_t i = 0; i < (size_t)W * H; i++) {
        uint8_t rgba[4];
        more_colours(rgba, i % W, i / W);
        memcpy(out + samples * i, rgba, samples);
    }
}

static const more_kind kinds[] = {
    {more_make_bmp, {.exact = true}, 24, 0},
    {more_make_bmp, {.exact = true, .palette = true}, 8, 0},
    {more_make_bmp, {.exact = true, .palette = true}, 8, 1},
    {more_make_bmp, {.exact = true, .palette = true}, 4, 0},
    {more_make_bmp, {.exact = false}, 16, 3},
    {more_make_bmp, {.exact = true, .clear = true}, 32, 3},
#ifdef LOCKSTEP_GIF
    {more_make_gif, {.exact = true, .palette = true}, 0, 1},
    {more_make_gif, {.exact = true, .palette = true}, 1, 1},
    {more_make_gif,
     {.exact = true, .palette = true, .clear = true, .note = "an animation, of which only the first picture is used"},
     0,
     3},
#endif
#ifdef LOCKSTEP_WEBP
    {more_make_webp, {.exact = true}, 0, 0},
    {more_make_webp, {.exact = false}, 1, 0},
    {more_make_webp, {.exact = false, .clear = true}, 1, 0},
    {more_make_webp, {.exact = false, .note = "an animation, of which only the first picture is used"}, 0, 1},
#endif
#ifdef LOCKSTEP_TIFF
    {more_make_tiff, {.exact = true}, COMPRESSION_NONE, 1},
    {more_make_tiff, {.exact = true}, COMPRESSION_LZW, 1},
    {more_make_tiff, {.exact = true, .clear = true}, COMPRESSION_ADOBE_DEFLATE, 1},
    {more_make_tiff,
     {.exact = true, .note = "it has several pages, of which only the first is used"},
     COMPRESSION_PACKBITS,
     3},
#endif
#ifdef LOCKSTEP_AVIF
    {more_make_avif, {.exact = false}, 0, 0},
    {more_make_avif, {.exact = false, .clear = true}, 1, 0},
#endif
#ifdef LOCKSTEP_HEIF
    {more_make_heic, {.exact = false}, 0, 0},
#endif
};

size_t more_count(void)
{
    return sizeof kinds / sizeof *kinds;
}

size_t more_make(size_t number, uint8_t *out, size_t room, more_about *about)
{
    if (number >= more_count()) {
        return 0;
    }
    sink s = {.room = room};
    s.bytes = out;
    kinds[number].make(&s, &kinds[number]);
    *about = kinds[number].about;
    return s.size;
}
