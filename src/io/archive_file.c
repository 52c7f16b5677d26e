#include "io/archive_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

enum { PIECE = 1 << 16 };

int archive_file_open(archive_file *f, const char *path)
{
    *f = (archive_file){.descriptor = -1, .path = strdup(path)};
    const int code = f->path == NULL ? LS_ENOMEM : file_open_regular(&f->descriptor, &f->size, path);
    if (code != LS_OK && code != LS_ENOMEM) {
        f->descriptor = -1;
        return code;
    }
    f->a = code == LS_OK ? archive_read_new() : NULL;
    return f->a != NULL ? LS_OK : error_set(LS_ENOMEM, "%s: no memory to read it", path);
}

bool archive_file_filter(archive_file *f)
{
    return archive_read_support_filter_gzip(f->a) == ARCHIVE_OK &&
           archive_read_support_filter_bzip2(f->a) == ARCHIVE_OK &&
           archive_read_support_filter_xz(f->a) == ARCHIVE_OK && archive_read_support_filter_zstd(f->a) == ARCHIVE_OK;
}

int archive_file_begin(archive_file *f, bool supported, const char *what)
{
    return supported && archive_read_open_fd(f->a, f->descriptor, PIECE) == ARCHIVE_OK ? LS_OK
                                                                                       : archive_file_damaged(f, what);
}

int archive_file_damaged(const archive_file *f, const char *what)
{
    const char *why = archive_error_string(f->a);
    return error_set(LS_EFORMAT, "%s: %s is damaged: %s", f->path, what, why != NULL ? why : "it cannot be read");
}

void archive_file_close(archive_file *f)
{
    (void)archive_read_free(f->a);
    if (f->descriptor >= 0) {
        (void)close(f->descriptor);
    }
    free(f->path);
    *f = (archive_file){.descriptor = -1};
}
