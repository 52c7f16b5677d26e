/*
 * decode_pictures BACKGROUND: for check_pictures. Of each file named by a line of standard input, on standard output a
 * line `ok WIDTH HEIGHT ORIENTATION NOTE` and its pixels, or a line `error CODE REASON`. BACKGROUND is 0 (alpha is
 * dropped) to 3, as image_background.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "data/dataset.h"
#include "data/image.h"

enum { LARGEST = 1 << 28 };

static int answer(image *picture, dataset_buffer *file, const char *path)
{
    size_t size = 0;
    int code = dataset_read_file(file, &size, path, LARGEST);
    if (code != LS_OK) {
        return printf("error %d %s\n", code, error_message());
    }
    uint8_t *exact = malloc(size + (size == 0)); /* of the file's size, so that a read past its end is seen */
    if (exact == NULL) {
        return printf("error %d no memory\n", LS_ENOMEM);
    }
    memcpy(exact, file->bytes, size);
    code = image_decode(picture, exact, size);
    free(exact);
    if (code != LS_OK) {
        return printf("error %d %s\n", code, error_message());
    }
    printf("ok %zu %zu %d %s\n", picture->width, picture->height, picture->orientation, picture->note);
    return (int)fwrite(picture->pixels, picture->width * 3, picture->height, stdout);
}

int main(int argc, char **argv)
{
    char path[4096];
    dataset_buffer file = {0};
    image picture = {.background = argc > 1 ? (image_background)(argv[1][0] - '0') : IMAGE_ALPHA_DROPPED};
    while (fgets(path, sizeof path, stdin) != NULL) {
        path[strcspn(path, "\n")] = '\0';
        (void)answer(&picture, &file, path);
        (void)fflush(stdout);
    }
    free(file.bytes);
    image_release(&picture);
    return EXIT_SUCCESS;
}
