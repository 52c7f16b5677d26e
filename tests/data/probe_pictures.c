/* probe_pictures FILE...: a line a file, tab-separated: name, then width, height and mean red, green, blue, or `error`.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "data/dataset.h"
#include "data/image.h"

enum { LARGEST = 1 << 26 };

static void print_means(const image *picture)
{
    const size_t pixels = picture->width * picture->height;
    double sums[3] = {0};
    for (size_t i = 0; i < 3 * pixels; i++) {
        sums[i % 3] += picture->pixels[i];
    }
    printf("\t%zu\t%zu", picture->width, picture->height);
    for (int c = 0; c < 3; c++) {
        printf("\t%.3f", sums[c] / (double)pixels);
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    dataset_buffer file = {0};
    image picture = {0};
    for (int i = 1; i < argc; i++) {
        size_t size = 0;
        int code = dataset_read_file(&file, &size, argv[i], LARGEST);
        code = code != LS_OK ? code : image_decode(&picture, file.bytes, size);
        printf("%s", argv[i]);
        if (code == LS_OK) {
            print_means(&picture);
        } else {
            printf("\terror\t%s\n", error_message());
        }
    }
    free(file.bytes);
    image_release(&picture);
    return EXIT_SUCCESS;
}
