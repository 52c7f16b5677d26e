#include "data/image_kinds.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#ifdef LOCKSTEP_GIF
#define GIF_DECODER decode_gif
#else
#define GIF_DECODER NULL
#endif
#ifdef LOCKSTEP_WEBP
#define WEBP_DECODER decode_webp
#else
#define WEBP_DECODER NULL
#endif
#ifdef LOCKSTEP_TIFF
#define TIFF_DECODER decode_tiff
#else
#define TIFF_DECODER NULL
#endif
#ifdef LOCKSTEP_AVIF
#define AVIF_DECODER decode_avif
#else
#define AVIF_DECODER NULL
#endif
#ifdef LOCKSTEP_HEIF
#define HEIC_DECODER decode_heic
#else
#define HEIC_DECODER NULL
#endif

static int decode_whole_jpeg(image *out, const uint8_t *bytes, size_t size)
{
    return decode_jpeg(out, bytes, size, NULL);
}

static const struct {
    const char *name, *library;
    image_decoder *decode;
} kinds[IMAGE_KINDS] = {
    [IMAGE_UNKNOWN] = {"unknown", "", NULL},          [IMAGE_JPEG] = {"JPEG", "libjpeg", decode_whole_jpeg},
    [IMAGE_PNG] = {"PNG", "libpng", decode_png},      [IMAGE_BMP] = {"BMP", "", decode_bmp},
    [IMAGE_GIF] = {"GIF", "giflib", GIF_DECODER},     [IMAGE_WEBP] = {"WebP", "libwebp", WEBP_DECODER},
    [IMAGE_TIFF] = {"TIFF", "libtiff", TIFF_DECODER}, [IMAGE_AVIF] = {"AVIF", "libavif", AVIF_DECODER},
    [IMAGE_HEIC] = {"HEIC", "libheif", HEIC_DECODER}, [IMAGE_JXL] = {"JPEG XL", "", NULL},
    [IMAGE_JPEG2000] = {"JPEG 2000", "", NULL},       [IMAGE_PSD] = {"Photoshop", "", NULL},
    [IMAGE_ICO] = {"icon (ICO)", "", NULL},           [IMAGE_SVG] = {"SVG", "", NULL},
};

typedef struct opening {
    image_kind kind;
    size_t at, size;
    const char *bytes;
} opening;

/* Those that a few bytes at a fixed place tell. */
static const opening openings[] = {
    {IMAGE_JPEG, 0, 3, "\xff\xd8\xff"},
    {IMAGE_PNG, 0, 8, "\x89PNG\r\n\x1a\n"},
    {IMAGE_GIF, 0, 6, "GIF87a"},
    {IMAGE_GIF, 0, 6, "GIF89a"},
    {IMAGE_WEBP, 8, 4, "WEBP"},
    {IMAGE_TIFF, 0, 4, "II*\0"},
    {IMAGE_TIFF, 0, 4, "MM\0*"},
    {IMAGE_TIFF, 0, 4, "II+\0"},
    {IMAGE_TIFF, 0, 4, "MM\0+"},
    {IMAGE_JXL, 0, 2, "\xff\x0a"},
    {IMAGE_JXL, 4, 8, "JXL \r\n\x87\n"},
    {IMAGE_JPEG2000, 0, 4, "\xff\x4f\xff\x51"},
    {IMAGE_JPEG2000, 4, 8, "jP  \r\n\x87\n"},
    {IMAGE_PSD, 0, 4, "8BPS"},
    {IMAGE_ICO, 0, 4, "\0\0\1\0"},
    {IMAGE_SVG, 0, 4, "<svg"},
};

enum { BMP_HEADER = 14, BMP_LEAST = 12 };

static bool begins(const opening *o, const uint8_t *bytes, size_t size)
{
    return size >= o->at + o->size && memcmp(bytes + o->at, o->bytes, o->size) == 0;
}

/* Two letters are too few: the size of the second header is looked at too. */
static bool is_bmp(const uint8_t *bytes, size_t size)
{
    return size >= BMP_HEADER + 4 && memcmp(bytes, "BM", 2) == 0 && bytes[15] == 0 && bytes[16] == 0 &&
           bytes[17] == 0 && bytes[14] >= BMP_LEAST;
}

/* ISO base media: the brands in its first box (ISO/IEC 23008-12, 10). "mif1" alone may be either. */
static image_kind kind_of_media(const uint8_t *bytes, size_t size)
{
    static const char avif[2][5] = {"avif", "avis"};
    static const char heic[8][5] = {"heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"};
    if (size < 12 || memcmp(bytes + 4, "ftyp", 4) != 0) {
        return IMAGE_UNKNOWN;
    }
    const size_t box = (size_t)bytes[2] << 8 | bytes[3];
    const size_t end = bytes[0] != 0 || bytes[1] != 0 || box > size ? size : box;
    image_kind kind = IMAGE_UNKNOWN;
    for (size_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4) {
        for (size_t i = 0; i < 2; i++) {
            if (memcmp(bytes + at, avif[i], 4) == 0) {
                return IMAGE_AVIF;
            }
        }
        for (size_t i = 0; i < 8; i++) {
            kind = memcmp(bytes + at, heic[i], 4) == 0 ? IMAGE_HEIC : kind;
        }
    }
    return kind;
}

image_kind image_kind_of(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        if (begins(&openings[i], bytes, size)) {
            return openings[i].kind == IMAGE_WEBP && memcmp(bytes, "RIFF", 4) != 0 ? IMAGE_UNKNOWN : openings[i].kind;
        }
    }
    return is_bmp(bytes, size) ? IMAGE_BMP : kind_of_media(bytes, size);
}

const char *image_kind_name(image_kind kind)
{
    return kinds[kind].name;
}

const char *image_kind_lacks(image_kind kind)
{
    return kinds[kind].decode != NULL ? NULL : kinds[kind].library;
}

image_decoder *image_kind_decoder(image_kind kind)
{
    return kinds[kind].decode;
}

static char read_kinds[128];

static void list_kinds(void)
{
    size_t count = 0;
    size_t shown = 0;
    size_t at = 0;
    for (int k = 0; k < IMAGE_KINDS; k++) {
        count += kinds[k].decode != NULL;
    }
    for (int k = 0; k < IMAGE_KINDS; k++) {
        if (kinds[k].decode != NULL) {
            const char *const between = shown == 0 ? "" : shown + 1 == count ? " and " : ", ";
            at += (size_t)snprintf(read_kinds + at, sizeof read_kinds - at, "%s%s", between, kinds[k].name);
            shown++;
        }
    }
}

const char *image_kinds_read(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, list_kinds);
    return read_kinds;
}
