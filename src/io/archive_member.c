#include "io/archive_member.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "io/archive_file.h"

enum { PIECE = 1 << 16, MOST_MEMBERS = 1000, MOST_RATIO = 1024 };

typedef struct zip {
    archive_file file;
    int members; /* so far */
} zip;

static int damaged(const zip *z)
{
    return archive_file_damaged(&z->file, "the zip file");
}

static int zip_open(zip *z, const char *path)
{
    *z = (zip){0};
    const int code = archive_file_open(&z->file, path);
    return code != LS_OK
               ? code
               : archive_file_begin(&z->file, archive_read_support_format_zip_seekable(z->file.a) == ARCHIVE_OK,
                                    "the zip file");
}

static void zip_close(zip *z)
{
    archive_file_close(&z->file);
}

/* The next member; NULL: there is none, or (*code) something failed. */
static struct archive_entry *next(zip *z, int *code)
{
    struct archive_entry *entry = NULL;
    const int status = archive_read_next_header(z->file.a, &entry);
    if ((status == ARCHIVE_OK || status == ARCHIVE_WARN) && z->members++ < MOST_MEMBERS) {
        return entry;
    }
    if (z->members > MOST_MEMBERS) {
        *code = error_set(LS_EFORMAT, "%s: the zip file has more than %d files in it", z->file.path, (int)MOST_MEMBERS);
        return NULL;
    }
    *code = status == ARCHIVE_EOF ? LS_OK : damaged(z);
    return NULL;
}

static const char *name_of(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry);
    return name != NULL ? name : "";
}

int archive_member_any(bool *out, const char *path, archive_member_wanted *wanted)
{
    zip z;
    *out = false;
    int code = zip_open(&z, path);
    struct archive_entry *entry = NULL;
    while (code == LS_OK && !*out && (entry = next(&z, &code)) != NULL) {
        *out = wanted(name_of(entry));
    }
    zip_close(&z);
    return code;
}

/* A member of this name is there once at most. */
static int check_once(const char *path, const char *member)
{
    zip z;
    size_t count = 0;
    struct archive_entry *entry = NULL;
    int code = zip_open(&z, path);
    while (code == LS_OK && (entry = next(&z, &code)) != NULL) {
        count += strcmp(name_of(entry), member) == 0;
    }
    zip_close(&z);
    return code == LS_OK && count > 1 ? error_set(LS_EFORMAT, "%s: %s is in it twice", path, member) : code;
}

/* Go to the member; its data comes next. */
static int find(zip *z, const char *member)
{
    int code = check_once(z->file.path, member);
    struct archive_entry *entry = NULL;
    while (code == LS_OK && (entry = next(z, &code)) != NULL) {
        if (strcmp(name_of(entry), member) == 0 && archive_entry_filetype(entry) == AE_IFREG) {
            return archive_entry_is_encrypted(entry)
                       ? error_set(LS_EFORMAT, "%s: %s in it is encrypted", z->file.path, member)
                       : LS_OK;
        }
    }
    return code != LS_OK ? code : error_set(LS_ENOTFOUND, "%s: there is no %s in it", z->file.path, member);
}

/* Hand the member's bytes on, in pieces. */
static int unpack(zip *z, const char *member, uint64_t most, int (*put)(void *context, const char *bytes, size_t n),
                  void *context)
{
    char piece[PIECE];
    uint64_t total = 0;
    const uint64_t limit = z->file.size > most / MOST_RATIO ? most : z->file.size * MOST_RATIO;
    for (;;) {
        const la_ssize_t n = archive_read_data(z->file.a, piece, sizeof piece);
        if (n < 0) {
            return damaged(z);
        }
        total += (uint64_t)n;
        if (total > limit) {
            return error_set(LS_EFORMAT, "%s: %s in it is too large", z->file.path, member);
        }
        if (n == 0) {
            return LS_OK;
        }
        const int code = put(context, piece, (size_t)n);
        if (code != LS_OK) {
            return code;
        }
    }
}

static int put_text(void *context, const char *bytes, size_t n)
{
    text_builder *out = context;
    text_add_bytes(out, bytes, n);
    return out->failed ? error_set(LS_ENOMEM, "out of memory for a file in a zip file") : LS_OK;
}

int archive_member_text(text_builder *out, const char *path, const char *member, uint64_t most)
{
    zip z;
    int code = zip_open(&z, path);
    if (code == LS_OK) {
        code = find(&z, member);
    }
    if (code == LS_OK) {
        code = unpack(&z, member, most, put_text, out);
    }
    zip_close(&z);
    return code;
}

static int put_file(void *context, const char *bytes, size_t n)
{
    return file_write(*(const int *)context, bytes, n) == 0
               ? LS_OK
               : error_set(LS_EIO, "a temporary file cannot be written: %m; name a folder with room in TMPDIR");
}

/* A file without a name. */
static int make_temporary(int *out)
{
    char name[PATH_MAX];
    const char *folder = getenv("TMPDIR");
    (void)snprintf(name, sizeof name, "%s/lockstep-XXXXXX", folder != NULL && *folder != '\0' ? folder : "/tmp");
    *out = mkostemp(name, O_CLOEXEC);
    if (*out < 0) {
        return error_set(LS_EIO, "%s: a temporary file cannot be made: %m; name a folder for it in TMPDIR", name);
    }
    (void)unlink(name);
    return LS_OK;
}

int archive_member_file(int *descriptor, const char *path, const char *member, uint64_t most)
{
    zip z;
    *descriptor = -1;
    int code = zip_open(&z, path);
    if (code == LS_OK) {
        code = find(&z, member);
    }
    if (code == LS_OK) {
        code = make_temporary(descriptor);
    }
    if (code == LS_OK) {
        code = unpack(&z, member, most, put_file, descriptor);
    }
    if (code != LS_OK && *descriptor >= 0) {
        (void)close(*descriptor);
        *descriptor = -1;
    }
    zip_close(&z);
    return code;
}
