/*
 * make_turned FOLDER: pictures and data sets for run_orientation. A picture of each orientation, three times: seen.png,
 * as one sees it; N.png, as it is stored with tag N; N-stored.png, the same without the tag. And four data sets of such
 * pictures: tagged.h5, stored.h5 (without tags), seen.h5, and old.h5, which is tagged.h5 in format version 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "data/dataset_writer.h"
#include "data/image.h"
#include "turned.h"

enum { WIDTH = 40, HEIGHT = 30, PICTURES = 24, TRAIN = 16, SETS = 4 };
enum { TAGGED, AS_STORED, AS_SEEN, VERSION_1 };

_Noreturn static void give_up(const char *what)
{
    fprintf(stderr, "make_turned: %s: %s\n", what, error_message());
    exit(EXIT_FAILURE);
}

/* Class 0 is bright at the top, class 1 at the left: which of the two depends on how it is turned. */
static void paint(uint8_t *pixels, uint64_t number)
{
    for (size_t y = 0; y < HEIGHT; y++) {
        for (size_t x = 0; x < WIDTH; x++) {
            const size_t slope = number % 2 == 0 ? 200 - 200 * y / HEIGHT : 200 - 200 * x / WIDTH;
            for (size_t c = 0; c < 3; c++) {
                const size_t at = 3 * (y * WIDTH + x) + c;
                pixels[at] = (uint8_t)(slope + random_bits(number, RANDOM_TEST, at) % 50);
            }
        }
    }
}

static void encode(dataset_item *out, const uint8_t *pixels, size_t width, int orientation)
{
    uint8_t *png = NULL;
    size_t size = 0;
    if (image_encode_png(&png, &size, pixels, width, WIDTH + HEIGHT - width, 3) != LS_OK) {
        give_up("a picture");
    }
    if (orientation > 1) {
        uint8_t exif[EXIF_SIZE];
        exif_make(exif, (unsigned)orientation, orientation % 2 != 0);
        uint8_t *plain = png;
        png = turned_png(plain, &size, exif);
        free(plain);
    }
    if (png == NULL) {
        give_up("memory");
    }
    out->bytes = png;
    out->size = size;
    out->hash = hash_bytes(HASH_START, png, size);
    out->turned = orientation > 1;
}

/* As it is stored for an orientation, and how wide that is. */
static size_t store(uint8_t *stored, const uint8_t *seen, int orientation)
{
    turned_pixels(stored, seen, WIDTH, HEIGHT, turned_back(orientation));
    return orientation < 5 ? WIDTH : HEIGHT;
}

static void write_picture(const char *folder, const char *name, const dataset_item *item)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(item->bytes, 1, item->size, f) != item->size || fclose(f) != 0) {
        give_up(path);
    }
}

static void write_pictures(const char *folder)
{
    uint8_t seen[WIDTH * HEIGHT * 3];
    uint8_t stored[sizeof seen];
    paint(seen, 1000);
    for (int orientation = 0; orientation <= 8; orientation++) {
        char name[32];
        dataset_item item = {0};
        const size_t width = store(stored, seen, orientation);
        encode(&item, stored, width, orientation);
        (void)snprintf(name, sizeof name, orientation == 0 ? "seen.png" : "%d.png", orientation);
        write_picture(folder, name, &item);
        free(item.bytes);
        encode(&item, stored, width, 1);
        (void)snprintf(name, sizeof name, "%d-stored.png", orientation);
        write_picture(folder, name, &item);
        free(item.bytes);
    }
}

static void write_sets(const char *folder)
{
    static const char *const classes[2] = {"a", "b"};
    static const char *const files[SETS] = {"tagged.h5", "stored.h5", "seen.h5", "old.h5"};
    static char names[PICTURES][16];
    dataset_item items[SETS][PICTURES] = {0};
    for (int k = 0; k < PICTURES; k++) {
        uint8_t seen[WIDTH * HEIGHT * 3];
        uint8_t stored[sizeof seen];
        const int orientation = 1 + k / 2 % 8;
        paint(seen, (uint64_t)k);
        const size_t width = store(stored, seen, orientation);
        (void)snprintf(names[k], sizeof names[k], "%d.png", k);
        for (int s = 0; s < SETS; s++) {
            items[s][k].name = names[k];
            items[s][k].label = k % 2;
            items[s][k].split = k < TRAIN ? DATASET_TRAIN : DATASET_VAL;
            encode(&items[s][k], s == AS_SEEN ? seen : stored, s == AS_SEEN ? (size_t)WIDTH : width,
                   s == TAGGED || s == VERSION_1 ? orientation : 1);
        }
    }
    for (int s = 0; s < SETS; s++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[s]);
        if ((s == VERSION_1 ? turned_write_version_1(path, items[s], PICTURES)
                            : dataset_write(path, items[s], PICTURES, classes, 2)) != LS_OK) {
            give_up(path);
        }
        for (int k = 0; k < PICTURES; k++) {
            free(items[s][k].bytes);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_turned FOLDER\n");
        return 2;
    }
    write_pictures(argv[1]);
    write_sets(argv[1]);
    return EXIT_SUCCESS;
}
