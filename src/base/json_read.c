#include "base/json_read.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

enum { MOST_DEPTH = 16, NUMBER_SIZE = 64 };

typedef struct source {
    const char *bytes;
    size_t size, at;
} source;

static int wrong(const source *s, const char *what)
{
    return error_set(LS_EFORMAT, "byte %zu: %s", s->at + 1, what);
}

/* The next byte; 0 at the end, as for a zero. */
static char next(const source *s)
{
    return (char)(s->at < s->size ? s->bytes[s->at] : '\0');
}

static void skip_space(source *s)
{
    while (s->at < s->size && strchr(" \t\r\n", s->bytes[s->at]) != NULL && s->bytes[s->at] != '\0') {
        s->at++;
    }
}

static int expect(source *s, char c, const char *what)
{
    skip_space(s);
    if (next(s) != c) {
        return wrong(s, what);
    }
    s->at++;
    return LS_OK;
}

/* --- Texts -------------------------------------------------------------------------------------------------------- */

typedef struct sink {
    char *out; /* NULL: nobody wants it */
    size_t size, at;
    bool full;
} sink;

/* A whole character or none of it. */
static void put(sink *to, const char *bytes, size_t n)
{
    if (to->out == NULL || to->full || to->at + n >= to->size) {
        to->full = true;
        return;
    }
    memcpy(to->out + to->at, bytes, n);
    to->at += n;
}

static void put_character(sink *to, uint32_t c)
{
    char bytes[4];
    size_t n = 1;
    if (c < 0x80) {
        bytes[0] = (char)c;
    } else if (c < 0x800) {
        bytes[0] = (char)(0xc0 | c >> 6);
        bytes[1] = (char)(0x80 | (c & 0x3f));
        n = 2;
    } else if (c < 0x10000) {
        bytes[0] = (char)(0xe0 | c >> 12);
        bytes[1] = (char)(0x80 | (c >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (c & 0x3f));
        n = 3;
    } else {
        bytes[0] = (char)(0xf0 | c >> 18);
        bytes[1] = (char)(0x80 | (c >> 12 & 0x3f));
        bytes[2] = (char)(0x80 | (c >> 6 & 0x3f));
        bytes[3] = (char)(0x80 | (c & 0x3f));
        n = 4;
    }
    put(to, bytes, n);
}

/* Four digits, behind "\u". */
static int read_unit(source *s, uint32_t *out)
{
    static const char digits[] = "0123456789abcdef";
    *out = 0;
    for (int i = 0; i < 4; i++) {
        const char c = next(s);
        const char lower = (char)(c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c);
        const char *found = lower == '\0' ? NULL : strchr(digits, lower);
        if (found == NULL) {
            return wrong(s, "no number of a character");
        }
        *out = *out << 4 | (uint32_t)(found - digits);
        s->at++;
    }
    return LS_OK;
}

static int read_number_of_character(source *s, sink *to)
{
    uint32_t c = 0;
    uint32_t low = 0;
    int code = read_unit(s, &c);
    if (code == LS_OK && c >= 0xd800 && c < 0xdc00 && s->at + 1 < s->size && s->bytes[s->at] == '\\' &&
        s->bytes[s->at + 1] == 'u') {
        s->at += 2;
        code = read_unit(s, &low);
        c = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
    }
    if (code == LS_OK) {
        put_character(to, c == 0 || (c >= 0xd800 && c < 0xe000) ? 0xfffd : c);
    }
    return code;
}

static int read_escape(source *s, sink *to)
{
    static const char from[] = "\"\\/bfnrt";
    static const char into[] = "\"\\/\b\f\n\r\t";
    const char c = next(s);
    s->at += s->at < s->size;
    if (c == 'u') {
        return read_number_of_character(s, to);
    }
    const char *found = c == '\0' ? NULL : strchr(from, c);
    if (found == NULL) {
        return wrong(s, "an unknown escape");
    }
    put(to, &into[found - from], 1);
    return LS_OK;
}

/* A text at the opening quotation mark; out NULL: only past it. */
static int read_text(source *s, char *out, size_t size)
{
    sink to = {.out = out, .size = size};
    int code = expect(s, '"', "no text");
    while (code == LS_OK && next(s) != '"') {
        uint32_t c = 0;
        if (s->at >= s->size) {
            return wrong(s, "the text does not end");
        }
        if ((unsigned char)s->bytes[s->at] < 0x20) {
            return wrong(s, "a control character in a text");
        }
        if (s->bytes[s->at] == '\\') {
            s->at++;
            code = read_escape(s, &to);
            continue;
        }
        /* text_decode must not look past the end */
        char around[5] = "";
        memcpy(around, s->bytes + s->at, s->size - s->at < 4 ? s->size - s->at : 4);
        const size_t n = text_decode(around, &c);
        if (n == 0) {
            return wrong(s, "no UTF-8");
        }
        put(&to, around, n);
        s->at += n;
    }
    s->at += code == LS_OK;
    if (out != NULL) {
        out[to.at] = '\0';
    }
    return code;
}

/* --- Values ------------------------------------------------------------------------------------------------------- */

static size_t count_digits(const char *at)
{
    return strspn(at, "0123456789");
}

/* Whether a text is a number as JSON has them. */
static bool is_number(const char *at)
{
    at += *at == '-';
    const size_t whole = count_digits(at);
    if (whole == 0 || (*at == '0' && whole > 1)) {
        return false;
    }
    at += whole;
    if (*at == '.') {
        const size_t digits = count_digits(at + 1);
        if (digits == 0) {
            return false;
        }
        at += 1 + digits;
    }
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '+' || at[1] == '-');
        const size_t digits = count_digits(at);
        if (digits == 0) {
            return false;
        }
        at += digits;
    }
    return *at == '\0';
}

static int read_number(source *s, json_member *m)
{
    char text[NUMBER_SIZE];
    size_t n = 0;
    while (s->at + n < s->size && s->bytes[s->at + n] != '\0' &&
           strchr("+-.0123456789eE", s->bytes[s->at + n]) != NULL) {
        n++;
    }
    if (n == 0 || n >= sizeof text) {
        return wrong(s, n == 0 ? "no value" : "a number of too many digits");
    }
    memcpy(text, s->bytes + s->at, n);
    text[n] = '\0';
    if (!is_number(text)) {
        return wrong(s, "no number");
    }
    m->number = strtod(text, NULL); /* of the C locale: the program sets no other */
    m->whole = count_digits(text) == n;
    s->at += n;
    return LS_OK;
}

static bool take_word(source *s, const char *word)
{
    const size_t n = strlen(word);
    if (s->size - s->at < n || memcmp(s->bytes + s->at, word, n) != 0) {
        return false;
    }
    s->at += n;
    return true;
}

/*
 * Past an array or an object: brackets are counted, texts read, and what else is between them not looked at, as
 * nobody uses it.
 */
static int skip_container(source *s)
{
    int depth = 0;
    do {
        skip_space(s);
        const char c = next(s);
        if (s->at >= s->size) {
            return wrong(s, "a bracket is not closed");
        }
        if (c == '"') {
            const int code = read_text(s, NULL, 0);
            if (code != LS_OK) {
                return code;
            }
            continue;
        }
        depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
        s->at++;
        if (depth > MOST_DEPTH) {
            return wrong(s, "too many brackets within each other");
        }
    } while (depth > 0);
    return LS_OK;
}

static int read_container(source *s, json_member *m)
{
    m->kind = JSON_OTHER;
    m->bytes = s->bytes + s->at;
    const size_t start = s->at;
    const int code = skip_container(s);
    m->size = s->at - start;
    return code;
}

static int read_value(source *s, json_member *m)
{
    skip_space(s);
    m->number = 0;
    m->whole = false;
    m->text[0] = '\0';
    m->bytes = NULL;
    m->size = 0;
    switch (next(s)) {
    case '"': m->kind = JSON_TEXT; return read_text(s, m->text, sizeof m->text);
    case '[':
    case '{': return read_container(s, m);
    default: break;
    }
    if (take_word(s, "null")) {
        m->kind = JSON_NULL;
        return LS_OK;
    }
    m->kind = JSON_BOOL;
    if (take_word(s, "true")) {
        m->number = 1;
        return LS_OK;
    }
    if (take_word(s, "false")) {
        return LS_OK;
    }
    m->kind = JSON_NUMBER;
    return read_number(s, m);
}

static int read_member(source *s, json_member *m)
{
    skip_space(s);
    int code = read_text(s, m->key, sizeof m->key);
    if (code == LS_OK) {
        code = expect(s, ':', "no colon");
    }
    return code == LS_OK ? read_value(s, m) : code;
}

static int read_element(source *s, json_member *m)
{
    m->key[0] = '\0';
    return read_value(s, m);
}

/* All of an array or an object between these brackets, of what `element` reads. */
static int read_all(source *s, const char brackets[2], const char *const wrongs[2],
                    int (*element)(source *s, json_member *m), void (*take)(void *context, const json_member *m),
                    void *context)
{
    json_member m;
    int code = expect(s, brackets[0], wrongs[0]);
    skip_space(s);
    if (code == LS_OK && next(s) == brackets[1]) {
        s->at++;
    } else {
        bool more = true;
        while (code == LS_OK && more) {
            code = element(s, &m);
            if (code == LS_OK) {
                take(context, &m);
                skip_space(s);
                more = next(s) == ',';
                s->at += more;
            }
        }
        code = code == LS_OK ? expect(s, brackets[1], wrongs[1]) : code;
    }
    skip_space(s);
    return code;
}

int json_read_object(const char *bytes, size_t n, void (*take)(void *context, const json_member *m), void *context)
{
    static const char *const wrongs[2] = {"no object", "the object is not closed"};
    source s = {.bytes = bytes, .size = n};
    const int code = read_all(&s, "{}", wrongs, read_member, take, context);
    return code == LS_OK && s.at < s.size ? wrong(&s, "something behind the object") : code;
}

int json_read_array(const char *bytes, size_t n, void (*take)(void *context, const json_member *m), void *context)
{
    static const char *const wrongs[2] = {"no array", "the array is not closed"};
    source s = {.bytes = bytes, .size = n};
    const int code = read_all(&s, "[]", wrongs, read_element, take, context);
    return code == LS_OK && s.at < s.size ? wrong(&s, "something behind the array") : code;
}
