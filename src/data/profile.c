#include "data/profile.h"

#include <stdbool.h>
#include <string.h>

#include <zlib.h>

#include "data/image.h"

/* Of a profile: its header, then a table of tags, which stand behind it. */
enum { TABLE = 128, TAG = 12, MOST_TAGS = 100, MOST_OF_TAG = 1024 };

/* How much of a profile that is packed, as in a PNG, is unpacked: descriptions stand at the beginning. */
enum { UNPACKED = 8192 };

static uint32_t number_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Whether a word is in a description, in ASCII or in the upper half of UTF-16. */
static bool has_word(const uint8_t *text, size_t size, const char *word)
{
    const size_t n = strlen(word);
    for (size_t step = 1; step <= 2; step++) {
        for (size_t at = 0; at + step * (n - 1) < size; at++) {
            size_t same = 0;
            while (same < n && text[at + step * same] == (uint8_t)word[same]) {
                same++;
            }
            if (same == n) {
                return true;
            }
        }
    }
    return false;
}

profile_kind profile_of_icc(const uint8_t *icc, size_t size)
{
    static const char *const words[] = {"sRGB", "uRGB", "IEC61966-2", "IEC 61966-2"};
    if (size < TABLE + 4 || memcmp(icc + 36, "acsp", 4) != 0) {
        return PROFILE_NONE;
    }
    const size_t count = number_at(icc + TABLE);
    for (size_t i = 0; i < count && i < MOST_TAGS && TABLE + 4 + TAG * (i + 1) <= size; i++) {
        const uint8_t *tag = icc + TABLE + 4 + TAG * i;
        const size_t at = number_at(tag + 4);
        if (memcmp(tag, "desc", 4) != 0 || at >= size) {
            continue;
        }
        const size_t left = size - at;
        const size_t length = number_at(tag + 8) < left ? number_at(tag + 8) : left;
        for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
            if (has_word(icc + at, length < MOST_OF_TAG ? length : MOST_OF_TAG, words[w])) {
                return PROFILE_SRGB;
            }
        }
    }
    return PROFILE_OTHER;
}

/* The first of its markers is enough: it has the description. */
static profile_kind of_jpeg(const uint8_t *bytes, size_t size)
{
    static const char name[12] = "ICC_PROFILE"; /* and a zero; then number and count of the parts */
    for (size_t at = 2; at + 4 <= size && bytes[at] == 0xff && bytes[at + 1] != 0xda;) {
        const size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        const size_t end = at + 2 + length;
        if (length < 2 || end > size) {
            break;
        }
        if (bytes[at + 1] == 0xe2 && length >= 16 && memcmp(bytes + at + 4, name, sizeof name) == 0) {
            return profile_of_icc(bytes + at + 18, length - 16);
        }
        at = end;
    }
    return PROFILE_NONE;
}

/* A PNG's profile: a name, a zero, the number of the packing, and what is packed. */
static profile_kind unpack(const uint8_t *chunk, size_t size)
{
    uint8_t out[UNPACKED];
    const uint8_t *end = memchr(chunk, 0, size);
    const size_t start = end == NULL ? size : (size_t)(end - chunk) + 2;
    if (start >= size) {
        return PROFILE_NONE;
    }
    z_stream z = {
        .next_in = (Bytef *)chunk + start, .avail_in = (uInt)(size - start), .next_out = out, .avail_out = UNPACKED};
    if (inflateInit(&z) != Z_OK) {
        return PROFILE_NONE;
    }
    (void)inflate(&z, Z_SYNC_FLUSH);
    const size_t got = UNPACKED - z.avail_out;
    (void)inflateEnd(&z);
    return profile_of_icc(out, got);
}

/* Chunks before the image data: a length, a name, the content and a checksum. A chunk that says sRGB goes first. */
static profile_kind of_png(const uint8_t *bytes, size_t size)
{
    for (size_t at = 8; at + 12 <= size && memcmp(bytes + at + 4, "IDAT", 4) != 0;) {
        const size_t length = number_at(bytes + at);
        if (length > size - at - 12) {
            break;
        }
        if (memcmp(bytes + at + 4, "sRGB", 4) == 0) {
            return PROFILE_SRGB;
        }
        if (memcmp(bytes + at + 4, "iCCP", 4) == 0) {
            return unpack(bytes + at + 8, length);
        }
        at += 12 + length;
    }
    return PROFILE_NONE;
}

static profile_kind of_webp(const uint8_t *bytes, size_t size)
{
    for (size_t at = 12; at + 8 <= size;) {
        const uint8_t *chunk = bytes + at;
        const size_t length = chunk[4] | (size_t)chunk[5] << 8 | (size_t)chunk[6] << 16 | (size_t)chunk[7] << 24;
        if (length > size - at - 8) {
            break;
        }
        if (memcmp(chunk, "ICCP", 4) == 0) {
            return profile_of_icc(chunk + 8, length);
        }
        at += 8 + length + length % 2;
    }
    return PROFILE_NONE;
}

profile_kind profile_of(const uint8_t *bytes, size_t size)
{
    switch (image_kind_of(bytes, size)) {
    case IMAGE_JPEG: return of_jpeg(bytes, size);
    case IMAGE_PNG: return of_png(bytes, size);
    case IMAGE_WEBP: return of_webp(bytes, size);
    default: return PROFILE_NONE;
    }
}
