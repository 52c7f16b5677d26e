#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>
#include <zlib.h>

#include "base/error.h"
#include "data/image.h"
#include "data/orientation.h"

/* Bytes that one ancillary chunk may unpack to, and how many are kept: none is looked at, so this is a second lock. */
enum { MAX_CHUNK = 8000000, MAX_CHUNKS = 128 };

/* Largest side that libpng knows: the limits are ours to check, as its own message would not name them. */
enum { LARGEST_SIDE = 0x7fffffff };

/* What may be read for the last line besides its pixels: libpng's buffer, and names and checksums of chunks. */
enum { BESIDES_LINE = 1 << 15 };

/* Of a chunk: a length, a name, the content and a checksum (PNG specification, 5.3). */
enum { SIGNATURE = 8, NAME_AT = 4, CONTENT_AT = 8, AROUND = 12 };

typedef struct reader {
    const uint8_t *bytes;
    size_t size;
    size_t at;
    png_structp png;
    png_infop info;
    bool in_last_line;
    size_t for_last_line; /* bytes that may still be read for it */
    bool drawn;           /* all lines are in the picture */
    int oddities;         /* warnings; the first is the picture's note */
    image *out;           /* not owned */
    uint8_t *rgba;        /* all lines, or NULL where alpha is dropped */
    jmp_buf escape;
    int code;
} reader;

_Noreturn static void fail(png_structp png, png_const_charp text)
{
    reader *r = png_get_error_ptr(png);
    r->code = error_set(LS_EFORMAT, "damaged PNG: %s", text);
    longjmp(r->escape, 1);
}

static void warn(png_structp png, png_const_charp text)
{
    reader *r = png_get_error_ptr(png);
    if (r->oddities++ == 0) {
        (void)snprintf(r->out->note, sizeof r->out->note, "%s", text);
    }
}

/*
 * A file that is over before its end chunk has all pixels where they are drawn. libpng unpacks what follows them, to
 * throw it away: a thousand bytes for each byte of a file that is made for it.
 */
static void read_bytes(png_structp png, png_bytep out, size_t n)
{
    reader *r = png_get_io_ptr(png);
    if (n > r->size - r->at) {
        if (!r->drawn) {
            fail(png, "it ends early");
        }
        warn(png, "no end chunk, but all of the picture is there");
        r->code = LS_OK;
        longjmp(r->escape, 1);
    }
    if (r->in_last_line && n > r->for_last_line) {
        fail(png, "it has far more data than pixels");
    }
    r->for_last_line -= r->in_last_line ? n : 0;
    memcpy(out, r->bytes + r->at, n);
    r->at += n;
}

static uint32_t number_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The tag of the first undamaged Exif chunk. libpng is set to pass over these, as over all that is not needed. */
static int read_orientation(const uint8_t *bytes, size_t size)
{
    size_t at = SIGNATURE;
    while (size >= AROUND && at <= size - AROUND) {
        const uint8_t *chunk = bytes + at;
        const size_t length = number_at(chunk);
        if (length > size - at - AROUND) {
            break;
        }
        if (memcmp(chunk + NAME_AT, "eXIf", 4) == 0 &&
            crc32(0, chunk + NAME_AT, (uInt)length + 4) == number_at(chunk + CONTENT_AT + length)) {
            return orientation_of_exif(chunk + CONTENT_AT, length);
        }
        at += AROUND + length;
    }
    return ORIENTATION_UPRIGHT;
}

/* Chunks that pixels do not depend on are skipped unread: they may unpack to a thousand times their size. */
static void set_limits(png_structp png)
{
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_user_limits(png, LARGEST_SIDE, LARGEST_SIDE);
    png_set_chunk_malloc_max(png, MAX_CHUNK);
    png_set_chunk_cache_max(png, MAX_CHUNKS);
}

/* Whatever the file holds, ask for 8-bit RGB, with alpha or without. Returns how often its lines are gone over. */
static int ask_for_rgb(png_structp png, bool alpha)
{
    png_set_palette_to_rgb(png);
    png_set_expand_gray_1_2_4_to_8(png);
    png_set_scale_16(png); /* value / 257, rounded */
    if (alpha) {
        png_set_tRNS_to_alpha(png);
        png_set_add_alpha(png, 255, PNG_FILLER_AFTER);
    } else {
        png_set_strip_alpha(png);
    }
    png_set_gray_to_rgb(png);
    return png_set_interlace_handling(png);
}

static bool may_be_transparent(const reader *r)
{
    return (png_get_color_type(r->png, r->info) & PNG_COLOR_MASK_ALPHA) != 0 ||
           png_get_valid(r->png, r->info, PNG_INFO_tRNS) != 0;
}

static void draw(reader *r, int passes)
{
    const image *out = r->out;
    uint8_t *lines = r->rgba != NULL ? r->rgba : out->pixels;
    const size_t each = out->width * (r->rgba != NULL ? 4 : 3);
    for (int pass = 0; pass < passes; pass++) {
        for (size_t y = 0; y < out->height; y++) {
            r->in_last_line = pass == passes - 1 && y == out->height - 1;
            png_read_row(r->png, lines + y * each, NULL);
        }
    }
    if (r->rgba != NULL) {
        image_lay(out->pixels, r->rgba, out->width * out->height, out->background);
    }
    r->in_last_line = false;
    r->drawn = true;
}

/* May leave by longjmp: everything that has to be freed hangs on r. */
static int decode(reader *r)
{
    image *out = r->out;
    png_set_read_fn(r->png, r, read_bytes);
    set_limits(r->png);
    png_read_info(r->png, r->info);
    const int code = image_reserve(out, png_get_image_width(r->png, r->info), png_get_image_height(r->png, r->info));
    if (code != LS_OK) {
        return code;
    }
    r->for_last_line = png_get_rowbytes(r->png, r->info) + BESIDES_LINE;
    const bool alpha = out->background != IMAGE_ALPHA_DROPPED && may_be_transparent(r);
    const int passes = ask_for_rgb(r->png, alpha);
    png_read_update_info(r->png, r->info);
    if (png_get_rowbytes(r->png, r->info) != out->width * (alpha ? 4 : 3)) {
        return error_set(LS_EFORMAT, "PNG of an unknown kind (%d channels)", png_get_channels(r->png, r->info));
    }
    r->rgba = alpha ? malloc(out->width * out->height * 4) : NULL;
    if (alpha && r->rgba == NULL) {
        return error_set(LS_ENOMEM, "no memory to decode a PNG");
    }
    draw(r, passes);
    png_read_end(r->png, NULL);
    return LS_OK;
}

/* The caller owns r, so that what it holds is certain after a longjmp. */
static void decode_guarded(reader *r)
{
    if (setjmp(r->escape) == 0) {
        r->code = decode(r);
    }
}

int decode_png(image *out, const uint8_t *bytes, size_t size)
{
    reader r = {.bytes = bytes, .size = size, .out = out, .code = LS_OK};
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, fail, warn);
    r.info = r.png == NULL ? NULL : png_create_info_struct(r.png);
    if (r.info == NULL) {
        r.code = error_set(LS_ENOMEM, "no memory to decode a PNG");
    } else {
        decode_guarded(&r);
    }
    png_destroy_read_struct(&r.png, &r.info, NULL);
    free(r.rgba);
    if (r.code == LS_OK) {
        out->orientation = read_orientation(bytes, size);
    } else {
        out->note[0] = '\0';
    }
    return r.code;
}
