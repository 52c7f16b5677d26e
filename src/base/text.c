#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 3629: no longer form than needed, no surrogates, nothing past U+10FFFF. */
size_t text_decode(const char *text, uint32_t *out)
{
    const unsigned char *at = (const unsigned char *)text;
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t n = at[0] < 0x80             ? 1
                     : (at[0] & 0xe0) == 0xc0 ? 2
                     : (at[0] & 0xf0) == 0xe0 ? 3
                     : (at[0] & 0xf8) == 0xf0 ? 4
                                              : 0;
    if (n <= 1) {
        *out = at[0];
        return n;
    }
    uint32_t c = at[0] & (0x7fU >> n);
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80) { /* the end of the text as well */
            return 0;
        }
        c = c << 6 | (at[i] & 0x3fU);
    }
    *out = c;
    return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : n;
}

int text_is_shown(uint32_t c)
{
    const int control = c < 0x20 || (c >= 0x7f && c <= 0x9f);
    const int layout =
        c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return !control && !layout;
}

/* East Asian wide characters and emoji, and combining marks, by the blocks that they are in. */
static size_t columns_of(uint32_t c)
{
    static const uint32_t wide[][2] = {{0x1100, 0x115f},   {0x2e80, 0xa4cf},  {0xac00, 0xd7a3}, {0xf900, 0xfaff},
                                       {0xfe30, 0xfe6f},   {0xff00, 0xff60},  {0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
                                       {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
    if ((c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200d) || (c >= 0xfe00 && c <= 0xfe0f)) {
        return 0;
    }
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        if (c >= wide[i][0] && c <= wide[i][1]) {
            return 2;
        }
    }
    return 1;
}

size_t text_columns(const char *text)
{
    size_t columns = 0;
    while (*text != '\0') {
        uint32_t c = 0;
        const size_t n = text_decode(text, &c);
        columns += n == 0 ? 1 : columns_of(c);
        text += n == 0 ? 1 : n;
    }
    return columns;
}

void text_make_plain(char *text)
{
    while (*text != '\0') {
        uint32_t c = 0;
        const size_t n = text_decode(text, &c);
        const size_t length = n == 0 ? 1 : n;
        if (n == 0 || !text_is_shown(c)) {
            memset(text, '?', length);
        }
        text += length;
    }
}

static int make_room(text_builder *t, size_t more)
{
    if (t->capacity - t->length > more) {
        return 1;
    }
    const size_t capacity = 2 * t->capacity + more + 64;
    char *bytes = realloc(t->bytes, capacity);
    if (bytes == NULL) {
        t->failed = true;
        return 0;
    }
    t->bytes = bytes;
    t->capacity = capacity;
    return 1;
}

void text_add(text_builder *t, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    const int n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && make_room(t, (size_t)n)) {
        (void)vsnprintf(t->bytes + t->length, t->capacity - t->length, format, again);
        t->length += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

char *text_room(text_builder *t, size_t n)
{
    if (!make_room(t, n)) {
        return NULL;
    }
    char *const at = t->bytes + t->length;
    t->length += n;
    t->bytes[t->length] = '\0';
    return at;
}

void text_add_bytes(text_builder *t, const char *bytes, size_t n)
{
    char *const at = text_room(t, n);
    if (at != NULL && n > 0) {
        memcpy(at, bytes, n);
    }
}

static void add_octal(text_builder *t, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        text_add(t, "\\0%03o", (unsigned)(unsigned char)bytes[i]);
    }
}

void text_add_escaped(text_builder *t, const char *text)
{
    while (*text != '\0') {
        uint32_t c = 0;
        const size_t n = text_decode(text, &c);
        const size_t length = n == 0 ? 1 : n;
        switch (c) {
        case '\\': text_add(t, "\\\\"); break;
        case '\t': text_add(t, "\\t"); break;
        case '\n': text_add(t, "\\n"); break;
        default:
            if (n == 0 || !text_is_shown(c)) {
                add_octal(t, text, length);
            } else {
                text_add(t, "%.*s", (int)length, text);
            }
        }
        text += length;
    }
}

const char *text_of(const text_builder *t)
{
    return t->bytes == NULL ? "" : t->bytes;
}

char *text_take(text_builder *t)
{
    text_add(t, "%s", ""); /* a text of its own also where nothing was added */
    char *bytes = t->bytes;
    if (t->failed) {
        free(bytes);
        bytes = NULL;
    }
    *t = (text_builder){0};
    return bytes;
}

void text_add_shape(text_builder *t, int rank, const size_t *dims)
{
    text_add(t, "(");
    for (int i = 0; i < rank; i++) {
        text_add(t, "%s%zu", i == 0 ? "" : ", ", dims[i]);
    }
    text_add(t, ")");
}

char **text_take_list(text_builder *t, size_t *count)
{
    size_t n = 0;
    for (size_t i = 0; i < t->length; i++) {
        n += t->bytes[i] == '\0';
    }
    char **list = t->failed ? NULL : malloc((n + 1) * sizeof *list + t->length);
    if (list != NULL) {
        char *at = (char *)(list + n + 1);
        if (t->length > 0) {
            memcpy(at, t->bytes, t->length);
        }
        for (size_t i = 0; i < n; i++, at += strlen(at) + 1) {
            list[i] = at;
        }
        list[n] = NULL;
    }
    if (count != NULL) {
        *count = n;
    }
    text_release(t);
    return list;
}

void text_release(text_builder *t)
{
    free(t->bytes);
    *t = (text_builder){0};
}
