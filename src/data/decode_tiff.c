#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "data/decode_tiff_private.h"
#include "data/orientation.h"

/*
 * The first page of a TIFF file. libtiff unpacks strips or tiles, one row of them at a time, and makes 8-bit colours of
 * most that there is. A strip may be as large as the picture, so limits are checked before the first one.
 */

/* Most bytes of a pixel, and in one piece of memory that libtiff takes for what a file claims. */
enum { MOST_OF_PIXEL = 16, MOST_MEMORY = 1 << 30 };

/* By which a tile may be larger than the picture, in pixels a side. */
enum { TILE_EXCESS = 1024 };

typedef struct reader {
    const uint8_t *bytes;
    size_t size;
    size_t at;
    TIFF *file;
    tiff_pixels pixels;
    bool begun; /* pixels is libtiff's to free */
    uint32_t *band;
    uint8_t *row;
    bool drawing;
    char error[IMAGE_NOTE_SIZE], warning[IMAGE_NOTE_SIZE]; /* the first ones; warnings while drawing */
    char fields[IMAGE_NOTE_SIZE];                          /* what is wrong with a field that matters, or "" */
} reader;

static tmsize_t read_bytes(thandle_t handle, void *out, tmsize_t n)
{
    reader *r = handle;
    const size_t left = r->at < r->size ? r->size - r->at : 0;
    const size_t count = n < 0 ? 0 : (size_t)n < left ? (size_t)n : left;
    memcpy(out, r->bytes + (count > 0 ? r->at : 0), count);
    r->at += count;
    return (tmsize_t)count;
}

static tmsize_t write_bytes(thandle_t handle, void *bytes, tmsize_t n)
{
    (void)handle;
    (void)bytes;
    (void)n;
    return 0;
}

static toff_t seek(thandle_t handle, toff_t to, int whence)
{
    reader *r = handle;
    const toff_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? r->at : r->size;
    r->at = (size_t)(base + to);
    return r->at;
}

static int close_file(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle)
{
    return ((reader *)handle)->size;
}

/* Not only faster: without it libtiff 4.5 refuses plain tiles whose size is no multiple of 1024 bytes. */
static int map(thandle_t handle, void **base, toff_t *size)
{
    const reader *r = handle;
    *base = (void *)r->bytes; /* libtiff does not write there */
    *size = r->size;
    return 1;
}

static void unmap(thandle_t handle, void *base, toff_t size)
{
    (void)handle;
    (void)base;
    (void)size;
}

static void keep_first(char *out, const char *format, va_list values)
{
    if (out[0] == '\0') {
        (void)vsnprintf(out, IMAGE_NOTE_SIZE, format, values);
    }
}

static int note_error(TIFF *file, void *context, const char *module, const char *format, va_list values)
{
    (void)file;
    (void)module;
    keep_first(((reader *)context)->error, format, values);
    return 1; /* nobody else is told */
}

/* Fields without which libtiff goes on, with other pixels. */
static bool lost_field(const reader *r)
{
    static const char *const names[] = {"ColorMap", "Colormap",  "BitsPerSample",       "SampleFormat", "ExtraSamples",
                                        "YCbCr",    "Predictor", "ReferenceBlackWhite", "FillOrder",    "InkSet"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strstr(r->fields, names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Most of what is said of fields does not matter. */
static int note_warning(TIFF *file, void *context, const char *module, const char *format, va_list values)
{
    reader *r = context;
    (void)file;
    (void)module;
    if (r->drawing) {
        keep_first(r->warning, format, values);
        return 1;
    }
    keep_first(r->fields, format, values);
    if (!lost_field(r)) {
        r->fields[0] = '\0';
    }
    return 1;
}

static int damaged(const reader *r)
{
    return error_set(LS_EFORMAT, "damaged TIFF: %s", r->error[0] != '\0' ? r->error : "it ends early");
}

static int open_file(reader *r)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (options != NULL) {
        TIFFOpenOptionsSetMaxSingleMemAlloc(options, MOST_MEMORY);
        TIFFOpenOptionsSetErrorHandlerExtR(options, note_error, r);
        TIFFOpenOptionsSetWarningHandlerExtR(options, note_warning, r);
        r->file = TIFFClientOpenExt("picture", "r", r, read_bytes, write_bytes, seek, close_file, size_of, map, unmap,
                                    options);
        TIFFOpenOptionsFree(options);
    }
    return r->file != NULL ? LS_OK : damaged(r);
}

static uint16_t small_field(const reader *r, uint32_t tag)
{
    uint16_t value = 0;
    return TIFFGetFieldDefaulted(r->file, tag, &value) ? value : 0;
}

/* Sizes: of the picture, of a pixel, and of a tile, of which one may be larger than the picture, but not by much. */
static int check_size(const reader *r)
{
    uint32_t width = 0;
    uint32_t height = 0;
    (void)TIFFGetField(r->file, TIFFTAG_IMAGEWIDTH, &width);
    (void)TIFFGetField(r->file, TIFFTAG_IMAGELENGTH, &height);
    int code = image_check_size(width, height);
    uint32_t across = 0;
    uint32_t down = 0;
    if (code == LS_OK && TIFFIsTiled(r->file) && TIFFGetField(r->file, TIFFTAG_TILEWIDTH, &across) &&
        TIFFGetField(r->file, TIFFTAG_TILELENGTH, &down) &&
        (across > width + TILE_EXCESS || down > height + TILE_EXCESS)) {
        code = error_set(LS_EFORMAT, "a TIFF of %u x %u pixels with tiles of %u x %u", width, height, across, down);
    }
    const unsigned bits = (unsigned)small_field(r, TIFFTAG_BITSPERSAMPLE) * small_field(r, TIFFTAG_SAMPLESPERPIXEL);
    if (code == LS_OK && bits > 8 * MOST_OF_PIXEL) {
        code = error_set(LS_EFORMAT, "a TIFF of %u bits a pixel; at most %d are read", bits, 8 * MOST_OF_PIXEL);
    }
    return code;
}

static bool colours_known(const reader *r)
{
    static const uint16_t known[] = {PHOTOMETRIC_MINISWHITE, PHOTOMETRIC_MINISBLACK, PHOTOMETRIC_RGB,
                                     PHOTOMETRIC_PALETTE,    PHOTOMETRIC_SEPARATED,  PHOTOMETRIC_YCBCR};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (r->pixels.rgba.photometric == known[i]) {
            return true;
        }
    }
    return false;
}

static int begin(reader *r)
{
    char why[1024] = "";
    uint16_t extras = 0;
    const uint16_t *kinds = NULL;
    const uint16_t format = small_field(r, TIFFTAG_SAMPLEFORMAT);
    if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) {
        return error_set(LS_EFORMAT, "a TIFF whose samples are no unsigned whole numbers, which are not read");
    }
    if (!TIFFRGBAImageOK(r->file, why) || !TIFFRGBAImageBegin(&r->pixels.rgba, r->file, 1, why)) {
        return r->error[0] != '\0' ? damaged(r) : error_set(LS_EFORMAT, "TIFF: %.*s", IMAGE_NOTE_SIZE, why);
    }
    r->begun = true;
    if (lost_field(r)) {
        return error_set(LS_EFORMAT, "damaged TIFF: %s", r->fields);
    }
    if (!colours_known(r)) {
        return error_set(LS_EFORMAT, "a TIFF of colours that are not read (photometric interpretation %u)",
                         (unsigned)r->pixels.rgba.photometric);
    }
    (void)TIFFGetFieldDefaulted(r->file, TIFFTAG_EXTRASAMPLES, &extras, &kinds);
    r->pixels.extra = extras > 0 ? kinds[0] : -1;
    r->pixels.rgba.orientation = ORIENTATION_TOPLEFT; /* turning is not its job */
    r->pixels.rgba.req_orientation = ORIENTATION_TOPLEFT;
    tiff_pixels_choose(&r->pixels);
    return LS_OK;
}

/* As many rows as are packed together. */
static uint32_t rows_at_once(const reader *r, size_t height)
{
    uint32_t rows = 0;
    (void)TIFFGetFieldDefaulted(r->file, TIFFIsTiled(r->file) ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP, &rows);
    return rows == 0 || rows > height ? (uint32_t)height : rows;
}

static int draw_band(reader *r, const image *out, size_t first, uint32_t rows)
{
    r->pixels.rgba.row_offset = (int)first;
    if (!TIFFRGBAImageGet(&r->pixels.rgba, r->band, (uint32_t)out->width, rows)) {
        return damaged(r);
    }
    for (uint32_t y = 0; y < rows; y++) {
        tiff_pixels_unpack(&r->pixels, r->row, r->band + y * out->width, out->width);
        image_lay(out->pixels + (first + y) * out->width * 3, r->row, out->width, out->background);
    }
    return LS_OK;
}

static int draw(reader *r, image *out)
{
    const uint32_t most = rows_at_once(r, out->height);
    r->band = malloc((size_t)most * out->width * sizeof *r->band);
    r->row = malloc(out->width * 4);
    if (r->band == NULL || r->row == NULL) {
        return error_set(LS_ENOMEM, "no memory to decode a TIFF");
    }
    r->drawing = true;
    int code = LS_OK;
    for (size_t y = 0; code == LS_OK && y < out->height; y += most) {
        code = draw_band(r, out, y, out->height - y < most ? (uint32_t)(out->height - y) : most);
    }
    /* Fax codes make lines up where they end. */
    if (code == LS_OK && (r->error[0] != '\0' || strstr(r->warning, "Premature EO") != NULL)) {
        code = damaged(r);
    }
    return code;
}

static void write_note(reader *r, image *out)
{
    if (r->warning[0] != '\0') {
        (void)snprintf(out->note, sizeof out->note, "%s", r->warning);
    } else if (!TIFFLastDirectory(r->file)) {
        (void)snprintf(out->note, sizeof out->note, "it has several pages, of which only the first is used");
    }
}

static int decode(reader *r, image *out)
{
    int code = open_file(r);
    if (code == LS_OK) {
        code = check_size(r);
    }
    if (code == LS_OK) {
        code = begin(r);
    }
    if (code == LS_OK) {
        code = image_reserve(out, r->pixels.rgba.width, r->pixels.rgba.height);
    }
    if (code == LS_OK) {
        code = draw(r, out);
    }
    if (code == LS_OK) {
        const uint16_t orientation = small_field(r, TIFFTAG_ORIENTATION);
        out->orientation = orientation <= ORIENTATION_LAST ? orientation : ORIENTATION_UPRIGHT;
        write_note(r, out);
    }
    return code;
}

int decode_tiff(image *out, const uint8_t *bytes, size_t size)
{
    reader r = {.bytes = bytes, .size = size};
    const int code = decode(&r, out);
    if (r.begun) {
        TIFFRGBAImageEnd(&r.pixels.rgba);
    }
    if (r.file != NULL) {
        TIFFClose(r.file);
    }
    free(r.band);
    free(r.row);
    return code;
}
