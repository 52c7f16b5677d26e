#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include "base/error.h"
#include "data/image.h"

typedef struct jpeg_encoder {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf escape;
    unsigned char *bytes; /* where libjpeg writes: memory that it was given, or its own by malloc */
    unsigned long size;
    int code;
} jpeg_encoder;

_Noreturn static void fail(j_common_ptr common)
{
    char text[JMSG_LENGTH_MAX];
    jpeg_encoder *e = common->client_data;
    e->errors.format_message(common, text);
    e->code = error_set(LS_ERROR, "cannot write a JPEG: %s", text);
    longjmp(e->escape, 1);
}

/* Warnings have nobody to read them. */
static void say_nothing(j_common_ptr common)
{
    (void)common;
}

static void encode(jpeg_encoder *e, const uint8_t *pixels, size_t width, size_t height, int quality)
{
    struct jpeg_compress_struct *jpeg = &e->jpeg;
    jpeg_mem_dest(jpeg, &e->bytes, &e->size);
    jpeg->image_width = (JDIMENSION)width;
    jpeg->image_height = (JDIMENSION)height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    jpeg->dct_method = JDCT_ISLOW; /* the one that gives the same bits on every processor */
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = (JSAMPROW)(pixels + (size_t)jpeg->next_scanline * width * 3); /* which is only read */
        (void)jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

/* The caller owns e, so that what it holds is certain after a longjmp. */
static void encode_guarded(jpeg_encoder *e, const uint8_t *pixels, size_t width, size_t height, int quality)
{
    if (setjmp(e->escape) == 0) {
        jpeg_create_compress(&e->jpeg);
        encode(e, pixels, width, height, quality);
    }
}

/* More than a file of so many pixels takes, so that libjpeg need not look for memory of its own. */
static size_t room_for(size_t width, size_t height)
{
    return 4096 + 4 * (width + 16) * (height + 16);
}

int image_encode_jpeg(uint8_t **out, size_t *out_size, const uint8_t *pixels, size_t width, size_t height, int quality)
{
    *out = NULL;
    *out_size = 0;
    if (width == 0 || height == 0 || width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE ||
        width * height > IMAGE_MAX_PIXELS) {
        return error_set(LS_EUSAGE, "cannot write a JPEG of %zu x %zu pixels", width, height);
    }
    const size_t room = room_for(width, height);
    uint8_t *memory = malloc(room);
    if (memory == NULL) {
        return error_set(LS_ENOMEM, "no memory to write a JPEG of %zu x %zu pixels", width, height);
    }
    jpeg_encoder e = {.bytes = memory, .size = room, .code = LS_OK};
    e.jpeg.err = jpeg_std_error(&e.errors);
    e.jpeg.client_data = &e;
    e.errors.error_exit = fail;
    e.errors.output_message = say_nothing;
    encode_guarded(&e, pixels, width, height, quality);
    jpeg_destroy_compress(&e.jpeg);
    if (e.code != LS_OK) {
        free(memory);
        return e.code;
    }
    if (e.bytes != memory) {
        free(memory);
        *out = e.bytes;
    } else {
        uint8_t *fitted = realloc(memory, e.size);
        *out = fitted != NULL ? fitted : memory;
    }
    *out_size = e.size;
    return LS_OK;
}
