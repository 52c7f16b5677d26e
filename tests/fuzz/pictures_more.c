#include "pictures_more.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#ifdef LOCKSTEP_GIF
#include <gif_lib.h>
#endif
#ifdef LOCKSTEP_WEBP
#include <webp/encode.h>
#endif
#ifdef LOCKSTEP_TIFF
#include <tiffio.h>
#endif
#ifdef LOCKSTEP_AVIF
#include <avif/avif.h>
#endif

enum { W = MORE_WIDTH, H = MORE_HEIGHT };

/* A file under way. */
typedef struct sink {
    uint8_t *bytes;
    size_t room, size, at;
} sink;

typedef struct kind {
    void (*make)(sink *out, const struct kind *kind);
    more_about about;
    int first, second; /* what the function makes of them */
} kind;

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

static void put(sink *s, const void *bytes, size_t n)
{
    FUZZ_CHECK(s->at <= s->room && n <= s->room - s->at);
    if (n > 0) {
        memcpy(s->bytes + s->at, bytes, n);
    }
    s->at += n;
    s->size = s->at > s->size ? s->at : s->size;
}

static void put_number(sink *s, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        put(s, &(uint8_t){i < 4 ? (uint8_t)(value >> (8 * i)) : 0}, 1);
    }
}

static void put_colours(sink *s)
{
    for (unsigned i = 0; i < 16; i++) {
        uint8_t rgb[3];
        more_palette(rgb, i);
        put(s, (uint8_t[4]){rgb[2], rgb[1], rgb[0], 0}, 4);
    }
}

static void put_line(sink *s, size_t y, int bits)
{
    const size_t start = s->at;
    for (size_t x = 0; x < W; x++) {
        uint8_t c[4];
        more_colours(c, x, y);
        switch (bits) {
        case 4: put_number(s, more_index(x, y) << 4 | (x + 1 < W ? more_index(x + 1, y) : 0), 1), x++; break;
        case 8: put_number(s, more_index(x, y), 1); break;
        case 16: put_number(s, (uint32_t)(c[0] >> 3) << 11 | (uint32_t)(c[1] >> 2) << 5 | c[2] >> 3, 2); break;
        case 24: put(s, (uint8_t[3]){c[2], c[1], c[0]}, 3); break;
        default: put(s, (uint8_t[4]){c[2], c[1], c[0], c[3]}, 4);
        }
    }
    put_number(s, 0, (4 - (s->at - start) % 4) % 4);
}

/* Each line as runs of four, and the last of them pixel by pixel. */
static void put_runs(sink *s)
{
    for (size_t y = H; y-- > 0;) {
        for (size_t x = 0; x < 16; x += 4) {
            put(s, (uint8_t[2]){4, (uint8_t)more_index(x, y)}, 2);
        }
        put(s,
            (uint8_t[6]){0, 3, (uint8_t)more_index(16, y), (uint8_t)more_index(17, y), (uint8_t)more_index(18, y), 0},
            6);
        put(s, (uint8_t[2]){0, y == 0}, 2);
    }
}

/* first: bits; second: compression. */
static void make_bmp(sink *s, const kind *k)
{
    const bool masks = k->second == 3;
    const uint32_t header = masks ? 56 : 40;
    const size_t colours = k->first <= 8 ? 16 : 0;
    put(s, "BM", 2);
    put_number(s, 0, 8);
    put_number(s, (uint32_t)(14 + header + 4 * colours), 4);
    put_number(s, header, 4);
    put_number(s, W, 4);
    put_number(s, masks ? (uint32_t)-H : H, 4);
    put_number(s, 1, 2);
    put_number(s, (uint32_t)k->first, 2);
    put_number(s, (uint32_t)k->second, 4);
    put_number(s, 0, 12);
    put_number(s, (uint32_t)colours, 4);
    put_number(s, 0, 4);
    if (masks && k->first == 16) {
        put(s, "\0\xf8\0\0\xe0\x07\0\0\x1f\0\0\0\0\0\0\0", 16);
    } else if (masks) {
        put(s, "\0\0\xff\0\0\xff\0\0\xff\0\0\0\0\0\0\xff", 16);
    }
    if (colours > 0) {
        put_colours(s);
    }
    if (k->second == 1) {
        put_runs(s);
        return;
    }
    for (size_t y = 0; y < H; y++) {
        put_line(s, masks ? y : H - 1 - y, k->first);
    }
}

#ifdef LOCKSTEP_GIF
static int write_gif(GifFileType *gif, const GifByteType *bytes, int n)
{
    put(gif->UserData, bytes, (size_t)n);
    return n;
}

static void put_picture(GifFileType *gif, bool interlace)
{
    static const size_t starts[] = {0, 4, 2, 1};
    static const size_t steps[] = {8, 8, 4, 2};
    FUZZ_CHECK(EGifPutImageDesc(gif, 0, 0, W, H, interlace, NULL) == GIF_OK);
    for (size_t pass = 0; pass < (interlace ? 4 : 1); pass++) {
        for (size_t y = interlace ? starts[pass] : 0; y < H; y += interlace ? steps[pass] : 1) {
            GifPixelType line[W];
            for (size_t x = 0; x < W; x++) {
                line[x] = (GifPixelType)more_index(x, y);
            }
            FUZZ_CHECK(EGifPutLine(gif, line, W) == GIF_OK);
        }
    }
}

/* first: interlaced; second: pictures. */
static void make_gif(sink *s, const kind *k)
{
    int error = 0;
    GifColorType colours[16];
    GifFileType *gif = EGifOpen(s, write_gif, &error);
    for (unsigned i = 0; i < 16; i++) {
        uint8_t rgb[3];
        more_palette(rgb, i);
        colours[i] = (GifColorType){rgb[0], rgb[1], rgb[2]};
    }
    ColorMapObject *map = GifMakeMapObject(16, colours);
    FUZZ_CHECK(gif != NULL && map != NULL);
    EGifSetGifVersion(gif, true);
    FUZZ_CHECK(EGifPutScreenDesc(gif, W, H, 4, 0, map) == GIF_OK);
    for (int i = 0; i < k->second; i++) {
        GifByteType control[4];
        const GraphicsControlBlock block = {.DelayTime = 5,
                                            .TransparentColor = k->about.clear ? 3 : NO_TRANSPARENT_COLOR};
        FUZZ_CHECK(EGifGCBToExtension(&block, control) == 4);
        FUZZ_CHECK(EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, control) == GIF_OK);
        put_picture(gif, k->first != 0);
    }
    FUZZ_CHECK(EGifCloseFile(gif, &error) == GIF_OK);
    GifFreeMapObject(map);
}
#endif

static void paint(uint8_t *out, size_t samples)
{
    for (size_t i = 0; i < (size_t)W * H; i++) {
        uint8_t rgba[4];
        more_colours(rgba, i % W, i / W);
        memcpy(out + samples * i, rgba, samples);
    }
}

#ifdef LOCKSTEP_WEBP
/* Frames that are all the same, around the data of a file that has one (RFC 9649, 2.7). */
static void put_animation(sink *s, const uint8_t *still, size_t size)
{
    put(s, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0", 24);
    put_number(s, W + 3, 3); /* less 1: a canvas that is larger */
    put_number(s, H + 1, 3);
    put(s, "ANIM\x06\0\0\0\0\0\0\0\0\0", 14);
    for (int i = 0; i < 2; i++) {
        put(s, "ANMF", 4);
        put_number(s, (uint32_t)(size - 12 + 16), 4);
        put_number(s, 1, 3); /* two pixels to the right */
        put_number(s, 0, 3);
        put_number(s, W - 1, 3);
        put_number(s, H - 1, 3);
        put_number(s, 50, 4);
        put(s, still + 12, size - 12);
    }
    const size_t end = s->at;
    s->at = 4;
    put_number(s, (uint32_t)(end - 8), 4);
    s->at = end;
}

/* first: with loss; second: an animation. */
static void make_webp(sink *s, const kind *k)
{
    uint8_t pixels[W * H * 4];
    uint8_t *still = NULL;
    const size_t samples = k->about.clear ? 4 : 3;
    const int stride = W * (int)samples;
    paint(pixels, samples);
    const size_t size = k->about.clear ? WebPEncodeRGBA(pixels, W, H, stride, 70, &still)
                        : k->first     ? WebPEncodeRGB(pixels, W, H, stride, 70, &still)
                                       : WebPEncodeLosslessRGB(pixels, W, H, stride, &still);
    FUZZ_CHECK(size > 0);
    if (k->second) {
        put_animation(s, still, size);
    } else {
        put(s, still, size);
    }
    WebPFree(still);
}
#endif

#ifdef LOCKSTEP_TIFF
static tmsize_t tiff_read(thandle_t s, void *out, tmsize_t n)
{
    sink *from = s;
    const size_t left = from->at < from->size ? from->size - from->at : 0;
    const size_t count = (size_t)n < left ? (size_t)n : left;
    memcpy(out, from->bytes + from->at, count);
    from->at += count;
    return (tmsize_t)count;
}

static tmsize_t tiff_write(thandle_t s, void *bytes, tmsize_t n)
{
    put(s, bytes, (size_t)n);
    return n;
}

static toff_t tiff_seek(thandle_t s, toff_t to, int whence)
{
    sink *at = s;
    at->at = (size_t)(whence == SEEK_SET ? to : whence == SEEK_CUR ? at->at + to : at->size + to);
    return at->at;
}

static int tiff_close(thandle_t s)
{
    (void)s;
    return 0;
}

static toff_t tiff_size(thandle_t s)
{
    return ((sink *)s)->size;
}

static void set_page(TIFF *t, const kind *k)
{
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, W);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, H);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, k->about.clear ? 4 : 3);
    TIFFSetField(t, TIFFTAG_COMPRESSION, k->first);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
    TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(t, TIFFTAG_ORIENTATION, k->about.clear ? 6 : 1);
    TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 5);
    if (k->about.clear) {
        TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, &(uint16_t){EXTRASAMPLE_UNASSALPHA});
    }
}

/* first: compression; second: pages. */
static void make_tiff(sink *s, const kind *k)
{
    uint8_t pixels[W * H * 4];
    const size_t samples = k->about.clear ? 4 : 3;
    paint(pixels, samples);
    TIFF *t = TIFFClientOpen("picture", "w", s, tiff_read, tiff_write, tiff_seek, tiff_close, tiff_size, NULL, NULL);
    FUZZ_CHECK(t != NULL);
    for (int page = 0; page < k->second; page++) {
        set_page(t, k);
        for (uint32_t y = 0; y < H; y++) {
            FUZZ_CHECK(TIFFWriteScanline(t, pixels + (size_t)y * W * samples, y, 0) == 1);
        }
        FUZZ_CHECK(TIFFWriteDirectory(t) == 1);
    }
    TIFFClose(t);
}
#endif

#ifdef LOCKSTEP_AVIF
/* first: quarter turns, against the clock. */
static void make_avif(sink *s, const kind *k)
{
    uint8_t pixels[W * H * 4];
    avifRWData file = AVIF_DATA_EMPTY;
    avifEncoder *encoder = avifEncoderCreate();
    avifImage *picture = avifImageCreate(W, H, 8, k->about.clear ? AVIF_PIXEL_FORMAT_YUV444 : AVIF_PIXEL_FORMAT_YUV420);
    FUZZ_CHECK(encoder != NULL && picture != NULL);
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, picture);
    paint(pixels, 4);
    rgb.pixels = pixels;
    rgb.rowBytes = W * 4;
    rgb.ignoreAlpha = !k->about.clear;
    picture->transformFlags = k->first ? AVIF_TRANSFORM_IROT : AVIF_TRANSFORM_NONE;
    picture->irot.angle = (uint8_t)k->first;
    encoder->speed = AVIF_SPEED_FASTEST;
    if (avifImageRGBToYUV(picture, &rgb) == AVIF_RESULT_OK &&
        avifEncoderWrite(encoder, picture, &file) == AVIF_RESULT_OK) {
        put(s, file.data, file.size);
    }
    avifRWDataFree(&file);
    avifImageDestroy(picture);
    avifEncoderDestroy(encoder);
}
#endif

#ifdef LOCKSTEP_HEIF
/* Made with libheif and x265, whose memory is not freed at the end of a process. */
static const uint8_t heic[] = {
    0,   0,   0,   24,  102, 116, 121, 112, 104, 101, 105, 99,  0,   0,   0,   0,   109, 105, 102, 49,  104, 101, 105,
    99,  0,   0,   1,   173, 109, 101, 116, 97,  0,   0,   0,   0,   0,   0,   0,   33,  104, 100, 108, 114, 0,   0,
    0,   0,   0,   0,   0,   0,   112, 105, 99,  116, 0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    0,   0,   0,   14,  112, 105, 116, 109, 0,   0,   0,   0,   0,   2,   0,   0,   0,   16,  105, 100, 97,  116, 0,
    0,   0,   0,   0,   19,  0,   18,  0,   0,   0,   56,  105, 108, 111, 99,  1,   0,   0,   0,   68,  64,  0,   2,
    0,   1,   0,   0,   0,   0,   0,   0,   1,   205, 0,   1,   0,   0,   0,   0,   0,   0,   0,   131, 0,   2,   0,
    1,   0,   0,   0,   0,   0,   0,   0,   1,   0,   0,   0,   0,   0,   0,   0,   8,   0,   0,   0,   56,  105, 105,
    110, 102, 0,   0,   0,   0,   0,   2,   0,   0,   0,   21,  105, 110, 102, 101, 2,   0,   0,   1,   0,   1,   0,
    0,   104, 118, 99,  49,  0,   0,   0,   0,   21,  105, 110, 102, 101, 2,   0,   0,   0,   0,   2,   0,   0,   103,
    114, 105, 100, 0,   0,   0,   0,   216, 105, 112, 114, 112, 0,   0,   0,   182, 105, 112, 99,  111, 0,   0,   0,
    118, 104, 118, 99,  67,  1,   3,   112, 0,   0,   0,   0,   0,   0,   0,   0,   0,   30,  240, 0,   252, 253, 248,
    248, 0,   0,   15,  3,   32,  0,   1,   0,   24,  64,  1,   12,  1,   255, 255, 3,   112, 0,   0,   3,   0,   144,
    0,   0,   3,   0,   0,   3,   0,   30,  186, 2,   64,  33,  0,   1,   0,   42,  66,  1,   1,   3,   112, 0,   0,
    3,   0,   144, 0,   0,   3,   0,   0,   3,   0,   30,  160, 32,  129, 5,   150, 234, 174, 154, 230, 224, 64,  64,
    192, 128, 0,   0,   3,   0,   128, 0,   0,   3,   0,   132, 34,  0,   1,   0,   6,   68,  1,   193, 115, 193, 137,
    0,   0,   0,   20,  105, 115, 112, 101, 0,   0,   0,   0,   0,   0,   0,   64,  0,   0,   0,   64,  0,   0,   0,
    20,  105, 115, 112, 101, 0,   0,   0,   0,   0,   0,   0,   19,  0,   0,   0,   18,  0,   0,   0,   16,  112, 105,
    120, 105, 0,   0,   0,   0,   3,   8,   8,   8,   0,   0,   0,   26,  105, 112, 109, 97,  0,   0,   0,   0,   0,
    0,   0,   2,   0,   1,   2,   129, 2,   0,   2,   2,   3,   132, 0,   0,   0,   26,  105, 114, 101, 102, 0,   0,
    0,   0,   0,   0,   0,   14,  100, 105, 109, 103, 0,   2,   0,   1,   0,   1,   0,   0,   0,   139, 109, 100, 97,
    116, 0,   0,   0,   127, 40,  1,   175, 19,  33,  225, 164, 15,  245, 40,  243, 98,  158, 51,  239, 231, 247, 247,
    194, 224, 240, 251, 241, 43,  35,  220, 90,  239, 223, 140, 102, 229, 40,  144, 120, 200, 19,  48,  113, 88,  192,
    42,  18,  143, 110, 235, 114, 61,  215, 229, 246, 251, 31,  125, 4,   254, 214, 224, 247, 196, 17,  146, 225, 78,
    234, 186, 57,  52,  102, 20,  183, 155, 89,  104, 28,  186, 250, 151, 50,  74,  151, 170, 40,  112, 19,  103, 208,
    53,  134, 246, 206, 5,   112, 1,   188, 122, 110, 210, 168, 141, 8,   229, 201, 144, 240, 48,  137, 205, 91,  42,
    65,  254, 164, 250, 102, 108, 66,  162, 210, 203, 32,  159, 99,  201, 214, 45,  156,
};

static void make_heic(sink *s, const kind *k)
{
    (void)k;
    put(s, heic, sizeof heic);
}
#endif

static const kind kinds[] = {
    {make_bmp, {.exact = true}, 24, 0},
    {make_bmp, {.exact = true, .palette = true}, 8, 0},
    {make_bmp, {.exact = true, .palette = true}, 8, 1},
    {make_bmp, {.exact = true, .palette = true}, 4, 0},
    {make_bmp, {.exact = false}, 16, 3},
    {make_bmp, {.exact = true, .clear = true}, 32, 3},
#ifdef LOCKSTEP_GIF
    {make_gif, {.exact = true, .palette = true}, 0, 1},
    {make_gif, {.exact = true, .palette = true}, 1, 1},
    {make_gif,
     {.exact = true, .palette = true, .clear = true, .note = "an animation; its first picture is taken"},
     0,
     3},
#endif
#ifdef LOCKSTEP_WEBP
    {make_webp, {.exact = true}, 0, 0},
    {make_webp, {.exact = false}, 1, 0},
    {make_webp, {.exact = false, .clear = true}, 1, 0},
    {make_webp, {.exact = false, .note = "an animation; its first picture is taken"}, 0, 1},
#endif
#ifdef LOCKSTEP_TIFF
    {make_tiff, {.exact = true}, COMPRESSION_NONE, 1},
    {make_tiff, {.exact = true}, COMPRESSION_LZW, 1},
    {make_tiff, {.exact = true, .clear = true}, COMPRESSION_ADOBE_DEFLATE, 1},
    {make_tiff, {.exact = true, .note = "it has several pages; the first one is taken"}, COMPRESSION_PACKBITS, 3},
#endif
#ifdef LOCKSTEP_AVIF
    {make_avif, {.exact = false}, 0, 0},
    {make_avif, {.exact = false, .clear = true}, 1, 0},
#endif
#ifdef LOCKSTEP_HEIF
    {make_heic, {.exact = false}, 0, 0},
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
