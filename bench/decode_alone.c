/*
 * decode_alone THREADS FOLDER [FILE]: what libjpeg-turbo alone takes to see that all JPEG files of a folder can be
 * decoded. The files are read and decoded to RGB, and nothing is done with the pixels; FILE gets the files' bytes, one
 * behind the other, and is synced to disk. Prints their number.
 */
#include <fcntl.h>
#include <fts.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jpeglib.h>

enum { MOST = 1 << 20 };

static char *paths[MOST];
static size_t count;
static atomic_size_t next_path, decoded;
static int copy = -1; /* the descriptor of FILE */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf escape;
    unsigned char *file, *pixels;
    size_t file_room, pixels_room;
} decoder;

_Noreturn static void give_up(j_common_ptr common)
{
    longjmp(((decoder *)common->client_data)->escape, 1);
}

static void say_nothing(j_common_ptr common)
{
    (void)common;
}

static unsigned char *room(unsigned char **memory, size_t *has, size_t needs)
{
    if (*has < needs) {
        free(*memory);
        *memory = malloc(needs);
        *has = *memory != NULL ? needs : 0;
    }
    return *memory;
}

static int read_file(decoder *d, const char *path, size_t *size)
{
    struct stat info;
    const int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &info) != 0 || room(&d->file, &d->file_room, (size_t)info.st_size) == NULL ||
        read(fd, d->file, (size_t)info.st_size) != info.st_size) {
        (void)close(fd);
        return -1;
    }
    *size = (size_t)info.st_size;
    return close(fd);
}

static void decode(decoder *d, size_t size)
{
    if (setjmp(d->escape) != 0) {
        jpeg_abort_decompress(&d->jpeg);
        return;
    }
    jpeg_mem_src(&d->jpeg, d->file, size);
    (void)jpeg_read_header(&d->jpeg, TRUE);
    d->jpeg.out_color_space = JCS_RGB;
    (void)jpeg_start_decompress(&d->jpeg);
    const size_t line = (size_t)d->jpeg.output_width * 3;
    if (room(&d->pixels, &d->pixels_room, line * d->jpeg.output_height) == NULL) {
        longjmp(d->escape, 1);
    }
    while (d->jpeg.output_scanline < d->jpeg.output_height) {
        JSAMPROW row = d->pixels + d->jpeg.output_scanline * line;
        (void)jpeg_read_scanlines(&d->jpeg, &row, 1);
    }
    (void)jpeg_finish_decompress(&d->jpeg);
    decoded++;
}

static void write_copy(const decoder *d, size_t size)
{
    (void)pthread_mutex_lock(&lock);
    if (write(copy, d->file, size) != (ssize_t)size) {
        perror("decode_alone");
        exit(1);
    }
    (void)pthread_mutex_unlock(&lock);
}

static void *work(void *nothing)
{
    decoder d = {0};
    size_t size = 0;
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.jpeg.client_data = &d;
    d.errors.error_exit = give_up;
    d.errors.output_message = say_nothing;
    jpeg_create_decompress(&d.jpeg);
    for (size_t i = next_path++; i < count; i = next_path++) {
        if (read_file(&d, paths[i], &size) == 0) {
            decode(&d, size);
            if (copy >= 0) {
                write_copy(&d, size);
            }
        }
    }
    jpeg_destroy_decompress(&d.jpeg);
    free(d.file);
    free(d.pixels);
    return nothing;
}

static int list(char *folder)
{
    FTS *files = fts_open((char *[]){folder, NULL}, FTS_PHYSICAL, NULL);
    for (FTSENT *f = NULL; files != NULL && count < MOST && (f = fts_read(files)) != NULL;) {
        if (f->fts_info == FTS_F) {
            paths[count++] = strdup(f->fts_path);
        }
    }
    return files == NULL ? -1 : fts_close(files);
}

int main(int argc, char **argv)
{
    pthread_t threads[256];
    const int n = argc == 3 || argc == 4 ? atoi(argv[1]) : 0;
    if (n < 1 || n > 256 || list(argv[2]) != 0) {
        fprintf(stderr, "usage: decode_alone THREADS FOLDER [FILE]\n");
        return 2;
    }
    copy = argc == 4 ? open(argv[3], O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    if (argc == 4 && copy < 0) {
        perror(argv[3]);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        if (pthread_create(&threads[i], NULL, work, NULL) != 0) {
            return 1;
        }
    }
    for (int i = 0; i < n; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    if (copy >= 0 && (fsync(copy) != 0 || close(copy) != 0)) {
        perror(argv[3]);
        return 1;
    }
    printf("%zu of %zu files decoded\n", (size_t)decoded, count);
    return 0;
}
