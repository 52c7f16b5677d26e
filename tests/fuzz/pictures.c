#include "pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

#include "fuzz.h"
#include "pictures_more.h"

#include "base/random.h"

/* Larger than two blocks of a subsampled JPEG and not a multiple of one. */
enum { WIDTH = 19, HEIGHT = 18, MOST_SAMPLES = 4 };

/* Colour as often as brightness; half as often across and down (4:2:0); half as often across (4:2:2). */
typedef enum sampling { FULL, HALF, HALF_ACROSS } sampling;

/* What is decoded together: all components; each in a scan of its own; each bit by bit, over many scans. */
typedef enum scans { TOGETHER, APART, PROGRESSIVE } scans;

/* An Exif block that says only how the picture is to be turned. */
enum { EXIF_NAME = 6, EXIF_TAG_AT = EXIF_NAME + 19 };
static const uint8_t exif[EXIF_NAME + 26] = {'E', 'x', 'i', 'f', 0, 0,    'M', 'M', 0, 42, 0, 0,
                                             0,   8,   0,   1,   1, 0x12, 0,   3,   0, 0,  0, 1};

typedef struct jpeg_kind {
    int components;
    J_COLOR_SPACE from, stored;
    int quality;
    sampling sampling;
    scans scans;
    int restart, arithmetic, optimized, adobe;
    uint8_t orientation;
} jpeg_kind;

static const jpeg_kind jpegs[] = {
    {3, JCS_RGB, JCS_YCbCr, 75, .sampling = HALF},
    {3, JCS_RGB, JCS_YCbCr, 95, .optimized = 1},
    {3, JCS_RGB, JCS_YCbCr, 30, .sampling = HALF, .scans = PROGRESSIVE},
    {3, JCS_RGB, JCS_YCbCr, 50, .sampling = HALF, .restart = 1},
    {3, JCS_RGB, JCS_RGB, 60, .restart = 1, .scans = PROGRESSIVE},
    {3, JCS_RGB, JCS_YCbCr, 60, .arithmetic = 1},
    {3, JCS_RGB, JCS_YCbCr, 60, .arithmetic = 1, .scans = PROGRESSIVE, .sampling = HALF},
    {1, JCS_GRAYSCALE, JCS_GRAYSCALE, 75, .optimized = 1},
    {1, JCS_GRAYSCALE, JCS_GRAYSCALE, 75, .scans = PROGRESSIVE},
    {4, JCS_CMYK, JCS_CMYK, 75, .adobe = 1},
    {4, JCS_CMYK, JCS_YCCK, 75, .sampling = HALF, .scans = PROGRESSIVE},
    {3, JCS_RGB, JCS_YCbCr, 80, .sampling = HALF_ACROSS},
    {3, JCS_RGB, JCS_YCbCr, 80, .sampling = HALF_ACROSS, .scans = PROGRESSIVE},
    {3, JCS_RGB, JCS_YCbCr, 80, .scans = PROGRESSIVE},
    {3, JCS_RGB, JCS_YCbCr, 75, .sampling = HALF, .scans = APART},
    {3, JCS_RGB, JCS_YCbCr, 75, .sampling = HALF_ACROSS, .scans = APART, .restart = 2},
    {4, JCS_CMYK, JCS_CMYK, 60, .scans = APART},
    {1, JCS_GRAYSCALE, JCS_GRAYSCALE, 90, .restart = 2},
    {1, JCS_GRAYSCALE, JCS_GRAYSCALE, 60, .arithmetic = 1, .restart = 2},
    {3, JCS_RGB, JCS_YCbCr, 60, .arithmetic = 1, .scans = APART},
    {3, JCS_RGB, JCS_YCbCr, 50, .sampling = HALF, .orientation = 6},
};

typedef struct png_kind {
    int depth, colour, interlace, level;
    int transparent, chunks;
    uint8_t orientation;
} png_kind;

static const png_kind pngs[] = {
    {1, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, 9, 0, 0, 0},
    {2, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_ADAM7, 9, 0, 0, 0},
    {4, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, 9, 1, 0, 0},
    {8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_ADAM7, 0, 1, 0, 0},
    {16, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, 9, 1, 0, 0},
    {1, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE, 9, 0, 0, 0},
    {4, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_ADAM7, 9, 1, 0, 0},
    {8, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE, 0, 1, 1, 0},
    {8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, 9, 0, 1, 0},
    {8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_ADAM7, 9, 1, 0, 0},
    {16, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_ADAM7, 9, 1, 1, 0},
    {8, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_INTERLACE_NONE, 9, 0, 0, 0},
    {16, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_INTERLACE_ADAM7, 9, 0, 0, 0},
    {8, PNG_COLOR_TYPE_RGB_ALPHA, PNG_INTERLACE_ADAM7, 9, 0, 0, 0},
    {16, PNG_COLOR_TYPE_RGB_ALPHA, PNG_INTERLACE_NONE, 9, 0, 0, 0},
    {8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, 9, 0, 0, 7},
};

enum { JPEGS = sizeof jpegs / sizeof jpegs[0], PNGS = sizeof pngs / sizeof pngs[0] };

/* Slopes and some noise: what compresses to little and still fills the tables. */
static void paint(uint8_t *line, size_t bytes, size_t y)
{
    for (size_t i = 0; i < bytes; i++) {
        line[i] = (uint8_t)(5 * i + 9 * y + (random_bits(1, RANDOM_TEST, y * bytes + i) & 15));
    }
}

static void set_scans(struct jpeg_compress_struct *jpeg, scans how, jpeg_scan_info *each)
{
    if (how == PROGRESSIVE) {
        jpeg_simple_progression(jpeg);
    }
    for (int i = 0; how == APART && i < jpeg->num_components; i++) {
        each[i] = (jpeg_scan_info){.comps_in_scan = 1, .component_index = {i}, .Se = DCTSIZE2 - 1};
        jpeg->scan_info = each;
        jpeg->num_scans = jpeg->num_components;
    }
}

static void set_sampling(struct jpeg_compress_struct *jpeg, sampling how)
{
    for (int i = 0; i < jpeg->num_components && how != HALF; i++) {
        jpeg->comp_info[i].h_samp_factor = i == 0 && how == HALF_ACROSS ? 2 : 1;
        jpeg->comp_info[i].v_samp_factor = 1;
    }
}

static size_t make_jpeg(const jpeg_kind *kind, uint8_t *out, size_t room)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg_scan_info each[MOST_SAMPLES];
    uint8_t line[WIDTH * MOST_SAMPLES];
    JSAMPROW rows[1] = {line};
    unsigned char *file = NULL;
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &file, &size);
    jpeg.image_width = WIDTH;
    jpeg.image_height = HEIGHT;
    jpeg.input_components = kind->components;
    jpeg.in_color_space = kind->from;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, kind->stored);
    jpeg_set_quality(&jpeg, kind->quality, TRUE);
    set_sampling(&jpeg, kind->sampling);
    jpeg.restart_interval = (unsigned)kind->restart;
    jpeg.arith_code = kind->arithmetic;
    jpeg.optimize_coding = kind->optimized;
    if (kind->adobe) {
        jpeg.write_Adobe_marker = TRUE;
    }
    set_scans(&jpeg, kind->scans, each);
    jpeg_start_compress(&jpeg, TRUE);
    if (kind->orientation > 0) {
        uint8_t tagged[sizeof exif];
        memcpy(tagged, exif, sizeof exif);
        tagged[EXIF_TAG_AT] = kind->orientation;
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, tagged, sizeof tagged);
    }
    while (jpeg.next_scanline < jpeg.image_height) {
        paint(line, WIDTH * (size_t)kind->components, jpeg.next_scanline);
        (void)jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    FUZZ_CHECK(size <= room);
    memcpy(out, file, size);
    free(file);
    return size;
}

static void set_transparency(png_structp png, png_infop info, const png_kind *kind)
{
    png_byte alpha[2] = {0, 128};
    png_color_16 clear = {.red = 1, .green = 2, .blue = 3, .gray = 1};
    if (kind->colour == PNG_COLOR_TYPE_PALETTE) {
        png_set_tRNS(png, info, alpha, 2, NULL);
    } else {
        png_set_tRNS(png, info, NULL, 0, &clear);
    }
}

static void set_chunks(png_structp png, png_infop info)
{
    char key[] = "Comment";
    char words[] = "text";
    png_text text = {.compression = PNG_TEXT_COMPRESSION_zTXt, .key = key, .text = words, .text_length = 4};
    png_set_text(png, info, &text, 1);
    png_set_gAMA(png, info, 0.45455);
    png_set_pHYs(png, info, 1, 1, PNG_RESOLUTION_UNKNOWN);
}

static size_t make_png(const png_kind *kind, uint8_t *out, size_t room)
{
    png_color palette[16];
    uint8_t lines[HEIGHT][WIDTH * MOST_SAMPLES * 2];
    png_bytep rows[HEIGHT];
    char *file = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&file, &size);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png == NULL ? NULL : png_create_info_struct(png);
    FUZZ_CHECK(f != NULL && info != NULL);
    for (int i = 0; i < 16; i++) {
        palette[i] = (png_color){(png_byte)(16 * i), (png_byte)(255 - 16 * i), (png_byte)(i * i)};
    }
    for (size_t y = 0; y < HEIGHT; y++) {
        paint(lines[y], sizeof lines[y], y);
        for (size_t i = 0; kind->colour == PNG_COLOR_TYPE_PALETTE && i < sizeof lines[y]; i++) {
            lines[y][i] &= kind->depth == 8 ? 0x0f : 0xff;
        }
        rows[y] = lines[y];
    }
    png_init_io(png, f);
    png_set_compression_level(png, kind->level);
    png_set_IHDR(png, info, WIDTH, HEIGHT, kind->depth, kind->colour, kind->interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (kind->colour == PNG_COLOR_TYPE_PALETTE) {
        png_set_PLTE(png, info, palette, kind->depth == 1 ? 2 : 16);
    }
    if (kind->transparent) {
        set_transparency(png, info, kind);
    }
    if (kind->chunks) {
        set_chunks(png, info);
    }
    if (kind->orientation > 0) {
        uint8_t tagged[sizeof exif];
        memcpy(tagged, exif, sizeof exif);
        tagged[EXIF_TAG_AT] = kind->orientation;
        png_set_eXIf_1(png, info, sizeof tagged - EXIF_NAME, tagged + EXIF_NAME);
    }
    png_write_info(png, info);
    png_write_image(png, rows);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    FUZZ_CHECK(fclose(f) == 0 && size <= room);
    memcpy(out, file, size);
    free(file);
    return size;
}

size_t pictures_make(size_t number, uint8_t *out, size_t room)
{
    if (number < JPEGS) {
        return make_jpeg(&jpegs[number], out, room);
    }
    number -= JPEGS;
    if (number < PNGS) {
        return make_png(&pngs[number], out, room);
    }
    more_about about;
    size_t size = 0;
    for (number -= PNGS; size == 0 && number < more_count(); number++) { /* what cannot be made is passed over */
        size = more_make(number, out, room, &about);
    }
    return size;
}
