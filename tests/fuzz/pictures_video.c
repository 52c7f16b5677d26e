/* WebP, AVIF and HEIC. */
#include "pictures_more_private.h"

#ifdef LOCKSTEP_WEBP
#include <webp/encode.h>
#endif
#ifdef LOCKSTEP_AVIF
#include <avif/avif.h>
#endif

#include "fuzz.h"

#ifdef LOCKSTEP_WEBP
/* Frames that are all the same, around the data of a file that has one (RFC 9649, 2.7). */
static void put_animation(sink *s, const uint8_t *still, size_t size)
{
    sink_put(s, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0", 24);
    sink_put_number(s, W + 3, 3); /* less 1: a canvas that is larger */
    sink_put_number(s, H + 1, 3);
    sink_put(s, "ANIM\x06\0\0\0\0\0\0\0\0\0", 14);
    for (int i = 0; i < 2; i++) {
        sink_put(s, "ANMF", 4);
        sink_put_number(s, (uint32_t)(size - 12 + 16), 4);
        sink_put_number(s, 1, 3); /* two pixels to the right */
        sink_put_number(s, 0, 3);
        sink_put_number(s, W - 1, 3);
        sink_put_number(s, H - 1, 3);
        sink_put_number(s, 50, 4);
        sink_put(s, still + 12, size - 12);
    }
    const size_t end = s->at;
    s->at = 4;
    sink_put_number(s, (uint32_t)(end - 8), 4);
    s->at = end;
}

void more_make_webp(sink *s, const more_kind *k)
{
    uint8_t pixels[W * H * 4];
    uint8_t *still = NULL;
    const size_t samples = k->about.clear ? 4 : 3;
    const int stride = W * (int)samples;
    more_paint(pixels, samples);
    const size_t size = k->about.clear ? WebPEncodeRGBA(pixels, W, H, stride, 70, &still)
                        : k->first     ? WebPEncodeRGB(pixels, W, H, stride, 70, &still)
                                       : WebPEncodeLosslessRGB(pixels, W, H, stride, &still);
    FUZZ_CHECK(size > 0);
    if (k->second) {
        put_animation(s, still, size);
    } else {
        sink_put(s, still, size);
    }
    WebPFree(still);
}
#endif

#ifdef LOCKSTEP_AVIF
void more_make_avif(sink *s, const more_kind *k)
{
    uint8_t pixels[W * H * 4];
    avifRWData file = AVIF_DATA_EMPTY;
    avifEncoder *encoder = avifEncoderCreate();
    avifImage *picture = avifImageCreate(W, H, 8, k->about.clear ? AVIF_PIXEL_FORMAT_YUV444 : AVIF_PIXEL_FORMAT_YUV420);
    FUZZ_CHECK(encoder != NULL && picture != NULL);
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, picture);
    more_paint(pixels, 4);
    rgb.pixels = pixels;
    rgb.rowBytes = W * 4;
    rgb.ignoreAlpha = !k->about.clear;
    picture->transformFlags = k->first ? AVIF_TRANSFORM_IROT : AVIF_TRANSFORM_NONE;
    picture->irot.angle = (uint8_t)k->first;
    encoder->speed = AVIF_SPEED_FASTEST;
    if (avifImageRGBToYUV(picture, &rgb) == AVIF_RESULT_OK &&
        avifEncoderWrite(encoder, picture, &file) == AVIF_RESULT_OK) {
        sink_put(s, file.data, file.size);
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

void more_make_heic(sink *s, const more_kind *k)
{
    (void)k;
    sink_put(s, heic, sizeof heic);
}
#endif
