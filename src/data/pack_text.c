#include "data/pack_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

enum { BLOCK = 1 << 16, END = 256 /* not a character */ };

/* BLOCK bytes, fewer at the end of the file. */
static int read_block(pack_text *t, size_t *n)
{
    *n = 0;
    while (*n < BLOCK) {
        const ssize_t got = read(t->file, t->read + *n, BLOCK - *n);
        if (got < 0 && errno != EINTR) {
            return error_set(LS_EIO, "%s: cannot be read: %m", t->path);
        }
        if (got == 0) {
            break;
        }
        *n += got > 0 ? (size_t)got : 0;
    }
    return LS_OK;
}

static int damaged(const pack_text *t, const char *how)
{
    return error_set(LS_EFORMAT, "%s: the gzip data %s, at line %zu", t->path, how, t->number == 0 ? 1 : t->number);
}

/* Behind the end of a member: skip zeros, and begin with another one if there is one. */
static int begin_member(pack_text *t)
{
    z_stream *z = &t->inflate;
    while (z->avail_in > 0 && *z->next_in == 0) {
        z->next_in++;
        z->avail_in--;
        t->padded = true;
    }
    if (z->avail_in == 0) {
        return LS_OK;
    }
    if (t->padded || inflateReset(z) != Z_OK) {
        return damaged(t, "is followed by something else");
    }
    t->in_member = true;
    return LS_OK;
}

/* A step: what is in `read` is all used, and all that follows from it has been handed out. */
static bool needs_input(const pack_text *t)
{
    return t->inflate.avail_in == 0 && (!t->in_member || t->inflate.avail_out > 0);
}

/* One step of unpacking. *ended: the file has no more. */
static int unpack(pack_text *t, bool *ended)
{
    size_t n = 0;
    int code = LS_OK;
    if (needs_input(t)) {
        code = read_block(t, &n);
        *ended = n == 0;
        t->inflate.next_in = t->read;
        t->inflate.avail_in = (uInt)n;
    }
    if (code == LS_OK && *ended) {
        return t->in_member ? damaged(t, "is cut short") : LS_OK;
    }
    if (code == LS_OK && !t->in_member) {
        code = begin_member(t);
    }
    if (code != LS_OK || !t->in_member) {
        return code;
    }
    t->inflate.next_out = t->unpacked;
    t->inflate.avail_out = BLOCK;
    const int state = inflate(&t->inflate, Z_NO_FLUSH);
    if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) {
        return damaged(t, "is damaged or followed by something else");
    }
    t->in_member = state != Z_STREAM_END;
    t->at = t->unpacked;
    t->left = BLOCK - t->inflate.avail_out;
    return LS_OK;
}

/* More bytes at hand; none at the end. */
static int refill(pack_text *t)
{
    int code = LS_OK;
    bool ended = false;
    if (!t->gzip) {
        t->at = t->read;
        return read_block(t, &t->left);
    }
    while (code == LS_OK && t->left == 0 && !ended) {
        code = unpack(t, &ended);
    }
    return code;
}

/* The first block says whether it is gzip. */
static int begin(pack_text *t)
{
    size_t n = 0;
    const int code = read_block(t, &n);
    if (code != LS_OK) {
        return code;
    }
    t->at = t->read;
    t->left = n;
    if (n < 2 || t->read[0] != 0x1f || t->read[1] != 0x8b) {
        return LS_OK;
    }
    t->left = 0;
    t->unpacked = malloc(BLOCK);
    t->gzip = t->unpacked != NULL && inflateInit2(&t->inflate, MAX_WBITS + 16) == Z_OK;
    if (!t->gzip) {
        return error_set(LS_ENOMEM, "%s: no memory to unpack it", t->path);
    }
    t->in_member = true;
    t->inflate.next_in = t->read;
    t->inflate.avail_in = (uInt)n;
    t->inflate.avail_out = BLOCK;
    return refill(t);
}

static int check_mark(pack_text *t)
{
    static const unsigned char utf8[3] = {0xef, 0xbb, 0xbf};
    if (t->left >= 2 && ((t->at[0] == 0xff && t->at[1] == 0xfe) || (t->at[0] == 0xfe && t->at[1] == 0xff))) {
        return error_set(LS_EFORMAT, "%s: is text in UTF-16; save it as UTF-8", t->path);
    }
    if (t->left >= sizeof utf8 && memcmp(t->at, utf8, sizeof utf8) == 0) {
        t->at += sizeof utf8;
        t->left -= sizeof utf8;
    }
    return LS_OK;
}

int pack_text_open(pack_text *t, const char *path, size_t longest)
{
    struct stat info;
    *t = (pack_text){.path = path, .capacity = longest + 1};
    t->file = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (t->file < 0) {
        return error_set(errno == ENOENT || errno == ENOTDIR || errno == EACCES ? LS_EUSAGE : LS_EIO,
                         "%s: cannot be opened: %m", path);
    }
    if (fstat(t->file, &info) == 0 && S_ISDIR(info.st_mode)) {
        return error_set(LS_EUSAGE, "%s: is a folder, not a table (pictures in folders are packed without --csv)",
                         path);
    }
    t->read = malloc(BLOCK);
    t->line = malloc(t->capacity);
    if (t->read == NULL || t->line == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory for lines of %zu bytes", path, longest);
    }
    const int code = begin(t);
    return code != LS_OK ? code : check_mark(t);
}

static int add(pack_text *t, unsigned char c)
{
    if (c == '\0') {
        return error_set(LS_EFORMAT, "%s: line %zu holds a byte that is 0; is it a text in UTF-8?", t->path, t->number);
    }
    if (t->length + 1 == t->capacity) {
        return error_set(LS_EFORMAT, "%s: line %zu is longer than the %zu characters that its values can take", t->path,
                         t->number, t->capacity - 1);
    }
    t->line[t->length++] = (char)c;
    return LS_OK;
}

/* The next character, END, or an error. */
static int next_character(pack_text *t)
{
    if (t->left == 0) {
        const int code = refill(t);
        if (code != LS_OK) {
            return code;
        }
    }
    if (t->left == 0) {
        return END;
    }
    t->left--;
    return *t->at++;
}

int pack_text_next(pack_text *t)
{
    bool any = false;
    int c = 0;
    t->length = 0;
    t->number++;
    for (;;) {
        c = next_character(t);
        const bool rest_of_end = t->after_cr && c == '\n';
        t->after_cr = false;
        if (rest_of_end) {
            continue;
        }
        if (c < 0 || c == END || c == '\n' || c == '\r') {
            break;
        }
        any = true;
        const int code = add(t, (unsigned char)c);
        if (code != LS_OK) {
            return code;
        }
    }
    t->after_cr = c == '\r';
    t->line[t->length] = '\0';
    if (c < 0) {
        return c;
    }
    if (c == END && !any) {
        t->number--;
        return 0;
    }
    return 1;
}

bool pack_text_is_utf8(const pack_text *t)
{
    uint32_t character = 0;
    size_t n = 1;
    for (const char *at = t->line; *at != '\0' && n > 0; at += n) {
        n = text_decode(at, &character);
    }
    return n > 0;
}

void pack_text_close(pack_text *t)
{
    if (t->file >= 0) {
        (void)close(t->file);
    }
    if (t->gzip) {
        (void)inflateEnd(&t->inflate);
    }
    free(t->read);
    free(t->unpacked);
    free(t->line);
}
