#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "base/error.h"
#include "data/image.h"

/* Most that one ancillary chunk (a colour profile, a comment) may unpack to, in bytes, and how many are kept. */
enum { MAX_CHUNK = 8000000, MAX_CHUNKS = 128 };

typedef struct reader {
    const uint8_t *bytes;
    size_t size;
    size_t at;
    png_structp png;
    png_infop info;
    png_bytep *rows; /* pointers into the picture, owned */
    jmp_buf escape;
    int code;
} reader;

_Noreturn static void fail(png_structp png, png_const_charp text)
{
    reader *r = png_get_error_ptr(png);
    r->code = error_set(LS_EFORMAT, "damaged PNG: %s", text);
    longjmp(r->escape, 1);
}

static void stay_silent(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void read_bytes(png_structp png, png_bytep out, size_t n)
{
    reader *r = png_get_io_ptr(png);
    if (n > r->size - r->at) {
        fail(png, "it ends early");
    }
    memcpy(out, r->bytes + r->at, n);
    r->at += n;
}

/* Whether every chunk up to the last lies within the file: libpng makes room for a chunk before it reads it, also for a
 * gigabyte that the file does not hold. A chunk is a length, a name, the content and a checksum (PNG
 * specification, 5.3). */
static int is_whole(const uint8_t *bytes, size_t size)
{
    enum { SIGNATURE = 8, AROUND = 12 };
    size_t at = SIGNATURE;
    while (size >= AROUND && at <= size - AROUND) {
        const uint8_t *c = bytes + at;
        const size_t length = (size_t)c[0] << 24 | (size_t)c[1] << 16 | (size_t)c[2] << 8 | c[3];
        if (length > size - at - AROUND) {
            return 0;
        }
        if (memcmp(c + 4, "IEND", 4) == 0) {
            return 1;
        }
        at += AROUND + length;
    }
    return 0;
}

/* Whatever the file holds, ask for 8-bit RGB. */
static void ask_for_rgb(png_structp png)
{
    png_set_palette_to_rgb(png);
    png_set_expand_gray_1_2_4_to_8(png);
    png_set_scale_16(png); /* value / 257, rounded */
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
    (void)png_set_interlace_handling(png);
}

/* May leave by longjmp: everything that has to be freed hangs on r or out. */
static int decode(reader *r, image *out)
{
    png_set_read_fn(r->png, r, read_bytes);
    png_set_user_limits(r->png, IMAGE_MAX_SIDE, IMAGE_MAX_SIDE);
    png_set_chunk_malloc_max(r->png, MAX_CHUNK);
    png_set_chunk_cache_max(r->png, MAX_CHUNKS);
    png_read_info(r->png, r->info);
    const int code = image_reserve(out, png_get_image_width(r->png, r->info), png_get_image_height(r->png, r->info));
    if (code != LS_OK) {
        return code;
    }
    ask_for_rgb(r->png);
    png_read_update_info(r->png, r->info);
    if (png_get_rowbytes(r->png, r->info) != out->width * 3) {
        return error_set(LS_EFORMAT, "PNG of an unknown kind (%d channels)", png_get_channels(r->png, r->info));
    }
    r->rows = malloc(out->height * sizeof *r->rows);
    if (r->rows == NULL) {
        return error_set(LS_ENOMEM, "no memory to decode a PNG");
    }
    for (size_t y = 0; y < out->height; y++) {
        r->rows[y] = out->pixels + y * out->width * 3;
    }
    png_read_image(r->png, r->rows);
    png_read_end(r->png, NULL);
    return LS_OK;
}

/* The caller owns r, so that what it holds is certain after a longjmp. */
static void decode_guarded(reader *r, image *out)
{
    if (setjmp(r->escape) == 0) {
        r->code = decode(r, out);
    }
}

int decode_png(image *out, const uint8_t *bytes, size_t size)
{
    if (!is_whole(bytes, size)) {
        return error_set(LS_EFORMAT, "damaged PNG: it ends early");
    }
    reader r = {.bytes = bytes, .size = size, .code = LS_OK};
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, fail, stay_silent);
    r.info = r.png == NULL ? NULL : png_create_info_struct(r.png);
    if (r.info == NULL) {
        r.code = error_set(LS_ENOMEM, "no memory to decode a PNG");
    } else {
        decode_guarded(&r, out);
    }
    png_destroy_read_struct(&r.png, &r.info, NULL);
    free(r.rows);
    return r.code;
}
