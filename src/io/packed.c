#include "io/packed.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

enum { PIECE = 1 << 16 };

struct packed {
    struct archive *a;
    int descriptor;
    char *path;
    bool empty;
};

static int damaged(const packed *p)
{
    const char *why = archive_error_string(p->a);
    return error_set(LS_EFORMAT, "%s: what is packed in it is damaged: %s", p->path,
                     why != NULL ? why : "it cannot be read");
}

static bool support(struct archive *a)
{
    return archive_read_support_format_raw(a) == ARCHIVE_OK && archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
           archive_read_support_filter_bzip2(a) == ARCHIVE_OK && archive_read_support_filter_xz(a) == ARCHIVE_OK &&
           archive_read_support_filter_zstd(a) == ARCHIVE_OK;
}

static int begin(packed *p)
{
    struct archive_entry *entry = NULL;
    if (p->empty) {
        return LS_OK;
    }
    if (!support(p->a) || archive_read_open_fd(p->a, p->descriptor, PIECE) != ARCHIVE_OK) {
        return damaged(p);
    }
    const int status = archive_read_next_header(p->a, &entry);
    p->empty = status == ARCHIVE_EOF;
    return status == ARCHIVE_OK || status == ARCHIVE_EOF ? LS_OK : damaged(p);
}

int packed_open(packed **out, const char *path)
{
    uint64_t size = 0;
    *out = NULL;
    packed *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory to read it", path);
    }
    p->descriptor = -1;
    p->path = strdup(path);
    p->a = archive_read_new();
    int code = p->path == NULL || p->a == NULL ? error_set(LS_ENOMEM, "%s: no memory to read it", path)
                                               : file_open_regular(&p->descriptor, &size, path);
    if (code == LS_OK) {
        p->empty = size == 0;
        code = begin(p);
    }
    if (code != LS_OK) {
        packed_close(p);
        return code;
    }
    *out = p;
    return LS_OK;
}

void packed_close(packed *p)
{
    if (p == NULL) {
        return;
    }
    (void)archive_read_free(p->a);
    if (p->descriptor >= 0) {
        (void)close(p->descriptor);
    }
    free(p->path);
    free(p);
}

int packed_read(packed *p, void *out, size_t n, size_t *got)
{
    *got = 0;
    while (!p->empty && *got < n) {
        const la_ssize_t read = archive_read_data(p->a, (char *)out + *got, n - *got);
        if (read < 0) {
            return damaged(p);
        }
        if (read == 0) {
            break;
        }
        *got += (size_t)read;
    }
    return LS_OK;
}

int packed_read_all(packed *p, void *out, size_t n, const char *what)
{
    size_t got = 0;
    const int code = packed_read(p, out, n, &got);
    return code != LS_OK || got == n ? code : error_set(LS_EFORMAT, "%s: ends before %s", p->path, what);
}
