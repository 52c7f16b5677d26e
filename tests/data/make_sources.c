/*
 * make_sources FOLDER: the same kind of pictures in each form that `lockstep pack` takes, of two classes, 46 to train
 * and 10 to validate (images-VAL beside the others where a form has no place for these):
 *
 *   tree/{train,val}/{a,b}/N.{jpg,png}      class folders; JPEG files are large, PNG files small
 *   web/{train,val}/N.{jpg,png} and N.cls   to be put into archives
 *   {train,t10k}-images-idx3-ubyte, ...-labels-idx1-ubyte
 *   {train,test}.bin                        as CIFAR-10
 *   {train,val}.tfrecord
 *   npz/{x,y}_{train,val}.npy               to be put into a .npz
 *   table.csv                               8x8, the last 10 rows to validate
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/protobuf.h"
#include "base/random.h"
#include "data/image.h"
#include "example_record.h"

enum { TRAIN = 46, VAL = 10, ALL = TRAIN + VAL, MOST = 256 * 196 * 3 };

static const char *folder;

_Noreturn static void give_up(const char *what)
{
    (void)fprintf(stderr, "make_sources: %s: %s\n", what, error_message());
    exit(EXIT_FAILURE);
}

static FILE *open_file(const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (f == NULL) {
        give_up(path);
    }
    return f;
}

static void put(FILE *f, const void *bytes, size_t size)
{
    if (fwrite(bytes, 1, size, f) != size) {
        give_up("a file");
    }
}

static void end_file(FILE *f)
{
    if (fclose(f) != 0) {
        give_up("a file");
    }
}

static void make_folder(const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (mkdir(path, 0777) != 0) {
        give_up(path);
    }
}

/* Slopes and some noise, another of each number. */
static void paint(uint8_t *out, size_t width, size_t height, size_t channels, uint64_t number)
{
    for (size_t i = 0; i < width * height * channels; i++) {
        const size_t x = i / channels % width;
        const size_t y = i / channels / width;
        const uint64_t slope = (number * 37 + (number % 3 + 1) * x * 90 / width + (number % 5) * y * 60 / height) % 200;
        out[i] = (uint8_t)(slope + random_bits(number, RANDOM_TEST, i) % 40);
    }
}

/* Picture k as a file: three of four are JPEGs. *name: its ending. For free(). */
static uint8_t *encode(size_t *size, const char **ending, size_t k)
{
    static uint8_t pixels[MOST];
    uint8_t *bytes = NULL;
    const bool jpeg = k % 4 != 3;
    const size_t width = jpeg ? 200 + k : 20 + k % 7;
    const size_t height = jpeg ? 140 + k : 30 - k % 5;
    paint(pixels, width, height, 3, k);
    *ending = jpeg ? "jpg" : "png";
    const int code = jpeg ? image_encode_jpeg(&bytes, size, pixels, width, height, 85)
                          : image_encode_png(&bytes, size, pixels, width, height, 3);
    if (code != LS_OK) {
        give_up("a picture");
    }
    return bytes;
}

static const char *split_of(size_t k)
{
    return k < TRAIN ? "train" : "val";
}

static void make_trees(void)
{
    static const char *const folders[] = {"tree",       "tree/train", "tree/train/a", "tree/train/b", "tree/val",
                                          "tree/val/a", "tree/val/b", "web",          "web/train",    "web/val"};
    char name[64];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        make_folder(folders[i]);
    }
    for (size_t k = 0; k < ALL; k++) {
        const char *ending = NULL;
        size_t size = 0;
        uint8_t *bytes = encode(&size, &ending, k);
        (void)snprintf(name, sizeof name, "tree/%s/%s/%02zu.%s", split_of(k), k % 2 == 0 ? "a" : "b", k, ending);
        FILE *f = open_file(name);
        put(f, bytes, size);
        end_file(f);
        (void)snprintf(name, sizeof name, "web/%s/%02zu.%s", split_of(k), k, ending);
        f = open_file(name);
        put(f, bytes, size);
        end_file(f);
        (void)snprintf(name, sizeof name, "web/%s/%02zu.cls", split_of(k), k);
        f = open_file(name);
        (void)fprintf(f, "%zu", k % 2);
        end_file(f);
        free(bytes);
    }
}

static void make_idx(const char *name, size_t first, size_t count)
{
    enum { SIDE = 28 };
    static uint8_t pixels[SIDE * SIDE];
    char path[64];
    const uint8_t head[16] = {0, 0, 8, 3, 0, 0, 0, (uint8_t)count, 0, 0, 0, SIDE, 0, 0, 0, SIDE};
    const uint8_t labels[8] = {0, 0, 8, 1, 0, 0, 0, (uint8_t)count};
    (void)snprintf(path, sizeof path, "%s-images-idx3-ubyte", name);
    FILE *pictures = open_file(path);
    (void)snprintf(path, sizeof path, "%s-labels-idx1-ubyte", name);
    FILE *numbers = open_file(path);
    put(pictures, head, sizeof head);
    put(numbers, labels, sizeof labels);
    for (size_t k = first; k < first + count; k++) {
        const uint8_t label = (uint8_t)(k % 2);
        paint(pixels, SIDE, SIDE, 1, k);
        put(pictures, pixels, sizeof pixels);
        put(numbers, &label, 1);
    }
    end_file(pictures);
    end_file(numbers);
}

static void make_cifar(const char *name, size_t first, size_t count)
{
    static uint8_t pixels[3 * 32 * 32];
    FILE *f = open_file(name);
    for (size_t k = first; k < first + count; k++) {
        const uint8_t label = (uint8_t)(k % 2);
        paint(pixels, 32, sizeof pixels / 32, 1, k);
        put(f, &label, 1);
        put(f, pixels, sizeof pixels);
    }
    end_file(f);
}

static void add_record(FILE *f, size_t k)
{
    text_builder features = {0};
    text_builder list = {0};
    text_builder example = {0};
    const char *ending = NULL;
    size_t size = 0;
    uint8_t head[8];
    uint8_t *bytes = encode(&size, &ending, k);
    proto_add_bytes(&list, 1, (const char *)bytes, size);
    example_add_feature(&features, "image/encoded", 1, &list);
    proto_add_number(&list, 1, k % 2);
    example_add_feature(&features, "image/class/label", 3, &list);
    proto_add_message(&example, 1, &features);
    if (example.failed) {
        give_up("memory");
    }
    for (size_t i = 0; i < sizeof head; i++) {
        head[i] = (uint8_t)((uint64_t)example.length >> (8 * i));
    }
    const uint32_t sums[2] = {crc32c_masked(head, sizeof head), crc32c_masked(example.bytes, example.length)};
    put(f, head, sizeof head);
    put(f, &sums[0], 4); /* little endian, as all machines of this program */
    put(f, example.bytes, example.length);
    put(f, &sums[1], 4);
    text_release(&example);
    free(bytes);
}

static void make_tfrecord(const char *name, size_t first, size_t count)
{
    FILE *f = open_file(name);
    for (size_t k = first; k < first + count; k++) {
        add_record(f, k);
    }
    end_file(f);
}

/* An array of version 1.0 of the format, of bytes. */
static FILE *open_array(const char *name, const char *shape)
{
    char head[128];
    char padded[129];
    FILE *f = open_file(name);
    (void)snprintf(head, sizeof head, "{'descr': '|u1', 'fortran_order': False, 'shape': (%s), }", shape);
    (void)snprintf(padded, sizeof padded, "%-117s\n", head);
    put(f, "\x93NUMPY\1\0\x76\0", 10);
    put(f, padded, 118);
    return f;
}

static void make_npz(const char *split, size_t first, size_t count)
{
    enum { SIDE = 20 };
    static uint8_t pixels[SIDE * SIDE * 3];
    char name[64];
    char shape[64];
    (void)snprintf(name, sizeof name, "npz/x_%s.npy", split);
    (void)snprintf(shape, sizeof shape, "%zu, %d, %d, 3", count, SIDE, SIDE);
    FILE *pictures = open_array(name, shape);
    (void)snprintf(name, sizeof name, "npz/y_%s.npy", split);
    (void)snprintf(shape, sizeof shape, "%zu,", count);
    FILE *numbers = open_array(name, shape);
    for (size_t k = first; k < first + count; k++) {
        const uint8_t label = (uint8_t)(k % 2);
        paint(pixels, SIDE, SIDE, 3, k);
        put(pictures, pixels, sizeof pixels);
        put(numbers, &label, 1);
    }
    end_file(pictures);
    end_file(numbers);
}

static void make_table(void)
{
    uint8_t pixels[64];
    FILE *f = open_file("table.csv");
    for (size_t k = 0; k < ALL; k++) {
        paint(pixels, 8, 8, 1, k);
        for (size_t i = 0; i < sizeof pixels; i++) {
            (void)fprintf(f, "%u,", pixels[i]);
        }
        (void)fprintf(f, "%zu\n", k % 2);
    }
    end_file(f);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: make_sources FOLDER\n");
        return 2;
    }
    folder = argv[1];
    make_trees();
    make_idx("train", 0, TRAIN);
    make_idx("t10k", TRAIN, VAL);
    make_cifar("train.bin", 0, TRAIN);
    make_cifar("test.bin", TRAIN, VAL);
    make_tfrecord("train.tfrecord", 0, TRAIN);
    make_tfrecord("val.tfrecord", TRAIN, VAL);
    make_folder("npz");
    make_npz("train", 0, TRAIN);
    make_npz("val", TRAIN, VAL);
    make_table();
    return EXIT_SUCCESS;
}
