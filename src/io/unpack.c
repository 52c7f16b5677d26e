#include "io/unpack.h"

#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "io/archive_file.h"

enum { PIECE = 1 << 16 }; /* room to begin with */

struct unpack {
    archive_file file;
};

static const char what[] = "the archive";

bool unpack_is_archive(const char *path)
{
    static const struct {
        size_t at, size;
        const char *bytes;
    } marks[] = {
        {0, 4, "PK\3\4"},   /* zip */
        {0, 4, "PK\5\6"},   /* an empty one */
        {0, 2, "\x1f\x8b"}, /* gzip */
        {0, 3, "BZh"},      /* bzip2 */
        {0, 6,
         "\xfd"
         "7zXZ\0"},                 /* xz */
        {0, 4, "\x28\xb5\x2f\xfd"}, /* zstd */
        {257, 5, "ustar"},          /* tar */
    };
    char bytes[262];
    int descriptor = -1;
    uint64_t size = 0;
    bool found = false;
    if (file_open_regular(&descriptor, &size, path) != LS_OK) {
        return false;
    }
    const size_t n = size < sizeof bytes ? (size_t)size : sizeof bytes;
    const bool read = file_read_at(descriptor, bytes, n, 0, path) == LS_OK;
    (void)close(descriptor);
    for (size_t i = 0; read && !found && i < sizeof marks / sizeof *marks; i++) {
        found = marks[i].at + marks[i].size <= n && memcmp(bytes + marks[i].at, marks[i].bytes, marks[i].size) == 0;
    }
    return found;
}

int unpack_open(unpack **out, const char *path)
{
    *out = NULL;
    unpack *u = calloc(1, sizeof *u);
    if (u == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory to unpack it", path);
    }
    int code = archive_file_open(&u->file, path);
    if (code == LS_OK) {
        struct archive *a = u->file.a;
        const bool supported = archive_read_support_format_tar(a) == ARCHIVE_OK &&
                               archive_read_support_format_zip_seekable(a) == ARCHIVE_OK &&
                               archive_file_filter(&u->file);
        code = archive_file_begin(&u->file, supported, what);
    }
    if (code != LS_OK) {
        unpack_close(u);
        return code;
    }
    *out = u;
    return LS_OK;
}

void unpack_close(unpack *u)
{
    if (u != NULL) {
        archive_file_close(&u->file);
        free(u);
    }
}

static unpack_kind kind_of(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry) != NULL) {
        return UNPACK_OTHER;
    }
    return archive_entry_filetype(entry) == AE_IFREG   ? UNPACK_FILE
           : archive_entry_filetype(entry) == AE_IFDIR ? UNPACK_FOLDER
                                                       : UNPACK_OTHER;
}

int unpack_next(unpack *u, const char **name, unpack_kind *kind)
{
    struct archive_entry *entry = NULL;
    const int status = archive_read_next_header(u->file.a, &entry);
    if (status == ARCHIVE_EOF) {
        return 0;
    }
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
        return archive_file_damaged(&u->file, what);
    }
    /* Without a locale the one is missing where names are in UTF-8, the other where they are not. */
    *name = archive_entry_pathname_utf8(entry);
    *name = *name != NULL ? *name : archive_entry_pathname(entry);
    if (*name == NULL) {
        return error_set(LS_EFORMAT, "%s: the archive is damaged: a name in it cannot be read", u->file.path);
    }
    *kind = kind_of(entry);
    return 1;
}

int unpack_read(unpack *u, uint8_t **bytes, size_t *capacity, size_t *size, size_t limit)
{
    *size = 0;
    for (;;) {
        if (*size == *capacity) {
            const size_t room = *capacity == 0 ? PIECE : 2 * *capacity;
            uint8_t *more = realloc(*bytes, room);
            if (more == NULL) {
                return error_set(LS_ENOMEM, "%s: no memory for %zu bytes", u->file.path, room);
            }
            *bytes = more;
            *capacity = room;
        }
        const la_ssize_t n = archive_read_data(u->file.a, *bytes + *size, *capacity - *size);
        if (n < 0) {
            const char *why = archive_error_string(u->file.a);
            return error_set(LS_EFORMAT, "it is damaged: %s", why != NULL ? why : "it cannot be read");
        }
        if (n == 0) {
            return LS_OK;
        }
        *size += (size_t)n;
        if (*size > limit) {
            return error_set(LS_EUSAGE, "larger than %zu bytes", limit);
        }
    }
}
