#include "io/packed.h"

#include <archive_entry.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "io/archive_file.h"

struct packed {
    archive_file file;
    bool empty;
};

static const char what[] = "what is packed in it";

static int begin(packed *p)
{
    struct archive_entry *entry = NULL;
    p->empty = p->file.size == 0; /* which libarchive takes for no file of the kind */
    if (p->empty) {
        return LS_OK;
    }
    const bool supported = archive_read_support_format_raw(p->file.a) == ARCHIVE_OK && archive_file_filter(&p->file);
    const int code = archive_file_begin(&p->file, supported, what);
    if (code != LS_OK) {
        return code;
    }
    const int status = archive_read_next_header(p->file.a, &entry);
    p->empty = status == ARCHIVE_EOF;
    return status == ARCHIVE_OK || p->empty ? LS_OK : archive_file_damaged(&p->file, what);
}

int packed_open(packed **out, const char *path)
{
    *out = NULL;
    packed *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory to read it", path);
    }
    int code = archive_file_open(&p->file, path);
    if (code == LS_OK) {
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
    if (p != NULL) {
        archive_file_close(&p->file);
        free(p);
    }
}

int packed_read(packed *p, void *out, size_t n, size_t *got)
{
    *got = 0;
    while (!p->empty && *got < n) {
        const la_ssize_t read = archive_read_data(p->file.a, (char *)out + *got, n - *got);
        if (read < 0) {
            return archive_file_damaged(&p->file, what);
        }
        if (read == 0) {
            break;
        }
        *got += (size_t)read;
    }
    return LS_OK;
}

int packed_read_all(packed *p, void *out, size_t n, const char *missing)
{
    size_t got = 0;
    const int code = packed_read(p, out, n, &got);
    return code != LS_OK || got == n ? code : error_set(LS_EFORMAT, "%s: ends before %s", p->file.path, missing);
}
