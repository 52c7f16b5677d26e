#include "data/montage.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/output.h"
#include "data/image.h"
#include "data/orientation.h"
#include "data/thumbnail.h"
#include "page/font.h"

enum { MOST_OF_CLASS = 8, ABOUT = 200, MOST_CLASSES = 256 };

/* Pixels: between pictures, between classes and around all; a class's heading. */
enum { SIDE = MONTAGE_SIDE, GAP = 4, SPACE = 16, SCALE = 2, HEADING = SCALE * FONT_HEIGHT + 4, BEFORE_COUNT = 6 };

/* Pictures beside each other, where there are many, and where there are few. */
enum { WIDE = 16, NARROW = 8, FEW = 64 };

#define PAPER 0xffffffU
#define CELL  0xeeeeeeU
#define INK   0x202020U
#define FAINT 0x808080U
#define WRONG 0xc03030U

typedef struct montage {
    dataset *d; /* not owned */
    canvas *to; /* likewise */
    montage_count *count;
    size_t per_class;
    size_t across;     /* classes beside each other */
    size_t *starts;    /* [classes + 1] owned: a class's pictures are samples[starts[c] .. starts[c + 1]) */
    uint32_t *samples; /* owned, by class, in their order */
    dataset_buffer buffer;
    image decoded, space;
} montage;

static void release(montage *m)
{
    free(m->starts);
    free(m->samples);
    free(m->buffer.bytes);
    image_release(&m->decoded);
    image_release(&m->space);
}

static int sort_samples(montage *m)
{
    const size_t n = dataset_samples(m->d);
    const size_t classes = dataset_classes(m->d);
    m->starts = calloc(classes + 2, sizeof *m->starts);
    m->samples = calloc(n + 1, sizeof *m->samples);
    if (m->starts == NULL || m->samples == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory to sort %zu pictures", dataset_path(m->d), n);
    }
    for (size_t i = 0; i < n; i++) {
        m->starts[dataset_label(m->d, i) + 2]++;
    }
    for (size_t c = 2; c < classes + 2; c++) {
        m->starts[c] += m->starts[c - 1];
    }
    for (size_t i = 0; i < n; i++) { /* a place before its own, each moves on to where it is to be */
        m->samples[m->starts[dataset_label(m->d, i) + 1]++] = (uint32_t)i;
    }
    return LS_OK;
}

static size_t pitch(void)
{
    return SIDE + GAP;
}

static size_t block_width(const montage *m)
{
    return m->per_class * pitch() - GAP;
}

static void plan(montage *m)
{
    const size_t classes = dataset_classes(m->d);
    m->count->classes = classes < MOST_CLASSES ? classes : MOST_CLASSES;
    const size_t share = ABOUT / (m->count->classes + (classes == 0));
    m->per_class = share > MOST_OF_CLASS ? MOST_OF_CLASS : share > 0 ? share : 1;
    const size_t wide = m->count->classes * m->per_class > FEW ? WIDE : NARROW;
    m->across = wide / m->per_class;
    m->across = m->across < m->count->classes ? m->across : m->count->classes;
    m->across = m->across > 0 ? m->across : 1;
}

static int create(montage *m)
{
    const size_t rows = (m->count->classes + m->across - 1) / m->across;
    return canvas_create(m->to, m->across * (block_width(m) + SPACE) + SPACE, rows * (HEADING + SIDE + SPACE) + SPACE,
                         PAPER);
}

/* Its pixels in the middle of a square. */
static int draw_pixels(montage *m, size_t x, size_t y, const image *i)
{
    uint8_t *smaller = NULL;
    const uint8_t *pixels = i->pixels;
    size_t width = i->width;
    size_t height = i->height;
    size_t scale = 1;
    int code = LS_OK;
    if (width > SIDE || height > SIDE) {
        code = thumbnail_shrink(&smaller, &width, &height, i, SIDE);
        pixels = smaller;
    } else {
        scale = SIDE / (width > height ? width : height);
    }
    if (code == LS_OK) {
        canvas_copy(m->to, x + (SIDE - scale * width) / 2, y + (SIDE - scale * height) / 2, pixels, width, height,
                    scale);
    }
    free(smaller);
    return code;
}

/* LS_EFORMAT and LS_EIO: it cannot be read, and *name_it: the message does not say which picture that is. */
static int read_picture(montage *m, size_t sample, bool *name_it)
{
    const uint8_t *bytes = NULL;
    size_t size = 0;
    int code = dataset_read(m->d, sample, 1, &m->buffer, &bytes, &size);
    *name_it = code == LS_OK;
    if (code == LS_OK) {
        code = dataset_decode(m->d, &m->decoded, bytes, size, NULL);
    }
    return code == LS_OK && dataset_turns(m->d) ? orientation_turn(&m->decoded, &m->space) : code;
}

static int draw_picture(montage *m, size_t x, size_t y, size_t sample)
{
    bool name_it = false;
    canvas_fill(m->to, x, y, SIDE, SIDE, CELL);
    const int code = read_picture(m, sample, &name_it);
    if (code != LS_EFORMAT && code != LS_EIO) {
        return code != LS_OK ? code : draw_pixels(m, x, y, &m->decoded);
    }
    canvas_cross(m->to, x, y, SIDE, WRONG);
    m->count->unread++;
    if (name_it) {
        log_warn("%s: picture %zu, %s: %s; a crossed box in the montage", dataset_path(m->d), sample,
                 dataset_name(m->d, sample), error_message());
    } else {
        log_warn("%s; a crossed box in the montage", error_message());
    }
    return LS_OK;
}

/* The name, in small letters where large ones do not fit; behind it, where there is room, how many there are. */
static void draw_heading(montage *m, size_t x, size_t y, size_t class_number, size_t n)
{
    char counted[32];
    const size_t width = block_width(m);
    const char *name = dataset_class_name(m->d, class_number);
    const size_t scale = font_width(name, SCALE) <= width ? SCALE : 1;
    const size_t lower = (SCALE - scale) * FONT_LINE; /* on the same line */
    (void)snprintf(counted, sizeof counted, "%zu", n);
    const size_t behind = font_draw(m->to, x, y + lower, width, name, scale, INK) + BEFORE_COUNT;
    if (behind + font_width(counted, scale) <= width) {
        (void)font_draw(m->to, x + behind, y + lower, width - behind, counted, scale, FAINT);
    }
}

/* The i-th class that is drawn. */
static int draw_class(montage *m, size_t i)
{
    const size_t class_number = i * dataset_classes(m->d) / m->count->classes;
    const size_t start = m->starts[class_number];
    const size_t n = m->starts[class_number + 1] - start;
    const size_t shown = n < m->per_class ? n : m->per_class;
    const size_t x = SPACE + i % m->across * (block_width(m) + SPACE);
    const size_t y = SPACE + i / m->across * (HEADING + SIDE + SPACE);
    int code = LS_OK;
    draw_heading(m, x, y, class_number, n);
    for (size_t k = 0; k < shown && code == LS_OK; k++) {
        const size_t at = start + (2 * k + 1) * n / (2 * shown);
        code = draw_picture(m, x + k * pitch(), y + HEADING, m->samples[at]);
        m->count->pictures++;
    }
    return code;
}

int montage_draw(canvas *out, montage_count *count, dataset *d)
{
    montage m = {.d = d, .to = out, .count = count};
    *count = (montage_count){0};
    *out = (canvas){0};
    plan(&m);
    int code = sort_samples(&m);
    if (code == LS_OK) {
        code = create(&m);
    }
    for (size_t i = 0; i < count->classes && code == LS_OK; i++) {
        code = draw_class(&m, i);
    }
    if (code != LS_OK) {
        canvas_release(out);
    }
    release(&m);
    return code;
}

static int write_file(const char *path, const uint8_t *bytes, size_t size)
{
    output_file f = {0};
    int code = output_begin(&f, path);
    if (code == LS_OK && fwrite(bytes, 1, size, f.to) != size) {
        code = error_set(LS_EIO, "%s: cannot be written: %s", path, strerror(errno));
    }
    return output_end(&f, "a montage", code);
}

int montage_write(const char *path, montage_count *count, dataset *d)
{
    canvas sheet = {0};
    montage_count counted = {0};
    uint8_t *png = NULL;
    size_t size = 0;
    const char *const inputs[] = {dataset_path(d)};
    int code = output_refuse_inputs(path, inputs, 1);
    if (code == LS_OK) {
        code = montage_draw(&sheet, &counted, d);
    }
    if (code == LS_OK) {
        code = image_encode_png(&png, &size, sheet.pixels, sheet.width, sheet.height, 3);
    }
    if (code == LS_OK) {
        code = write_file(path, png, size);
    }
    if (code == LS_OK && count != NULL) {
        *count = counted;
    }
    free(png);
    canvas_release(&sheet);
    return code;
}
