#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/pictures.h"

/* Make room for one more byte than there are, up to limit + 1. */
static int grow(dataset_buffer *buffer, size_t size, size_t limit, const char *path)
{
    if (size < buffer->capacity) {
        return LS_OK;
    }
    if (size > limit) {
        return error_set(LS_EFORMAT, "%s: larger than %zu bytes", path, limit);
    }
    const size_t twice = buffer->capacity < 65536 ? 65536 : 2 * buffer->capacity;
    const size_t capacity = twice < limit + 1 ? twice : limit + 1;
    uint8_t *bytes = realloc(buffer->bytes, capacity);
    if (bytes == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory for %zu bytes", path, capacity);
    }
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return LS_OK;
}

static int read_stream(dataset_buffer *buffer, size_t *size, int file, const char *path, size_t limit)
{
    int code = LS_OK;
    *size = 0;
    for (;;) {
        code = grow(buffer, *size, limit, path);
        if (code != LS_OK) {
            return code;
        }
        const ssize_t n = read(file, buffer->bytes + *size, buffer->capacity - *size);
        if (n == 0) {
            return *size <= limit ? LS_OK : error_set(LS_EFORMAT, "%s: larger than %zu bytes", path, limit);
        }
        if (n < 0 && errno != EINTR) {
            return error_set(LS_EIO, "%s: cannot be read: %m", path);
        }
        *size += n > 0 ? (size_t)n : 0;
    }
}

int pictures_read(dataset_buffer *buffer, size_t *size, const char *path, size_t limit)
{
    if (strcmp(path, "-") == 0) {
        return read_stream(buffer, size, STDIN_FILENO, "standard input", limit);
    }
    const int file = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (file < 0) {
        return error_set(LS_EIO, "%s: cannot be opened: %m", path);
    }
    const int code = read_stream(buffer, size, file, path, limit);
    (void)close(file);
    return code;
}
