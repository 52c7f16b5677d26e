#include "config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

void value_digits(char *out, size_t size, double x)
{
    if (x == floor(x) && fabs(x) < 1e9) { /* "1000", where the shortest form would be "1e+03" */
        (void)snprintf(out, size, "%.0f", x);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(out, size, "%.*g", digits, x);
        if (strtod(out, NULL) == x)
            return;
    }
}

void value_allowed(FILE *out, const config_key *key)
{
    char low[32], high[32];
    switch (key->kind) {
    case KEY_BOOL: fputs("true, false", out); break;
    case KEY_INT:
        if (key->step == 1) {
            fprintf(out, "%" PRId64 " to %" PRId64, key->min, key->max);
            break;
        }
        for (int64_t v = key->min; v <= key->max; v += key->step)
            fprintf(out, "%s%" PRId64, v == key->min ? "" : ", ", v);
        break;
    case KEY_REAL:
        value_digits(low, sizeof low, key->low);
        value_digits(high, sizeof high, key->high);
        fprintf(out, key->above ? "above %s up to %s" : "%s to %s", low, high);
        break;
    case KEY_TEXT: fputs(key->plain_name ? "a name without slashes" : "a text on one line", out); break;
    case KEY_CHOICE:
        for (uint32_t i = 0; i < key->choice_count; i++)
            fprintf(out, "%s%s", i ? ", " : "", key->choices[i].str);
        break;
    }
}

static const char *check_int(const config_key *key, const char *text, char **normalized)
{
    const char *digits = text + (*text == '-' || *text == '+');
    if (!*digits || digits[strspn(digits, "0123456789")])
        return "not a whole number";
    errno = 0;
    const long long v = strtoll(text, NULL, 10);
    if (errno || v < key->min || v > key->max || (v - key->min) % key->step)
        return "out of range";
    char room[32];
    (void)snprintf(room, sizeof room, "%lld", v); /* "010" would be eight to libcyaml */
    *normalized = strdup(room);
    return NULL;
}

static const char *check_real(const config_key *key, const char *text, char **normalized)
{
    char *end;
    if (!*text || text[strspn(text, "0123456789+-.eE")])
        return "not a number";
    errno = 0;
    const double v = strtod(text, &end);
    if (end == text || *end)
        return "not a number";
    if ((errno && fabs(v) > 1) || !(v >= key->low && v <= key->high) || (key->above && !(v > key->low)))
        return "out of range";
    if (errno)
        return "too small to be told from 0";
    char room[32];
    value_digits(room, sizeof room, v);
    *normalized = strdup(room);
    return NULL;
}

/* Length of the UTF-8 character at s, 0 when it is none or one that does not print. */
static size_t character(const char *s)
{
    uint32_t c = 0;
    const size_t n = text_decode(s, &c);
    /* Not characters, or ends of lines, to YAML. */
    const bool odd = c == 0xfffe || c == 0xffff || c == 0xfeff || c == 0x2028 || c == 0x2029;
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || odd ? 0 : n;
}

/* "~/data.h5" as a shell would have it; in YAML and after --set=, no shell does that. */
static char *expand_home(const char *text)
{
    char *path = NULL;
    const char *home = getenv("HOME");
    if (home == NULL || text[0] != '~' || (text[1] != '/' && text[1] != '\0'))
        return strdup(text);
    return asprintf(&path, "%s%s", home, text + 1) < 0 ? NULL : path;
}

static const char *check_text(const config_key *key, const char *text, char **normalized)
{
    enum { LONGEST = 4000 }; /* bytes; a path may have 4,095 */
    if (!*text && !key->may_be_empty)
        return "empty";
    if (strlen(text) > LONGEST)
        return "too long";
    for (const char *s = text; *s;) {
        const size_t n = character(s);
        if (n == 0)
            return "not printable UTF-8 on one line";
        s += n;
    }
    if (key->plain_name && (strchr(text, '/') || *text == '.' || *text == '-' || strlen(text) > 200))
        return "not a plain file name (no slash, no leading dot or dash, at most 200 bytes)";
    *normalized = key->is_path ? expand_home(text) : strdup(text);
    return NULL;
}

static const char *check_word(const config_key *key, const char *text, char **normalized)
{
    if (key->kind == KEY_BOOL) {
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return "neither true nor false";
        *normalized = strdup(text);
        return NULL;
    }
    for (uint32_t i = 0; i < key->choice_count; i++)
        if (strcmp(text, key->choices[i].str) == 0) {
            *normalized = strdup(text);
            return NULL;
        }
    return "not one of its values";
}

const char *value_check(const config_key *key, const char *text, bool quoted, char **normalized)
{
    *normalized = NULL;
    if (quoted && key->kind != KEY_TEXT && key->kind != KEY_CHOICE)
        return key->kind == KEY_BOOL ? "a text in quotes, not true or false" : "a text in quotes, not a number";
    switch (key->kind) {
    case KEY_INT: return check_int(key, text, normalized);
    case KEY_REAL: return check_real(key, text, normalized);
    case KEY_TEXT: return check_text(key, text, normalized);
    default: return check_word(key, text, normalized);
    }
}

void value_quote(FILE *out, const char *text, size_t most)
{
    const size_t length = strlen(text);
    const size_t shown = most && length > most ? most : length;
    fputc('"', out);
    for (size_t i = 0; i < shown;) {
        const unsigned char c = (unsigned char)text[i];
        uint32_t wide = 0;
        const size_t n = text_decode(text + i, &wide);
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\x%02x", c);
        else if (n > 1 && !text_is_shown(wide) && wide <= 0xffff) /* what printing it would make a `?` of */
            fprintf(out, "\\u%04x", (unsigned)wide);
        else
            fwrite(text + i, 1, n > 0 ? n : 1, out);
        i += n > 0 ? n : 1;
    }
    fputs(shown < length ? "...\"" : "\"", out);
}

/* Whether text can stand in YAML without quotes and is read back as itself. */
static int plain(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.-";
    return *text && *text != '-' && *text != '.' && text[strspn(text, letters)] == '\0' &&
           strcasecmp(text, "null") != 0;
}

static int64_t int_of(const config_key *key, const config *c)
{
    const char *at = (const char *)c + key->offset;
    int64_t wide;
    int narrow;
    if (key->kind == KEY_BOOL)
        return *(const bool *)at;
    if (key->size == sizeof wide) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    memcpy(&narrow, at, sizeof narrow);
    return narrow;
}

static double real_of(const config_key *key, const config *c)
{
    double x;
    memcpy(&x, (const char *)c + key->offset, sizeof x);
    return x;
}

static const char *text_at(const config_key *key, const config *c)
{
    char *text;
    memcpy(&text, (const char *)c + key->offset, sizeof text);
    return text ? text : "";
}

void value_print(FILE *out, const config_key *key, const config *c)
{
    char room[32];
    switch (key->kind) {
    case KEY_BOOL: fputs(int_of(key, c) ? "true" : "false", out); break;
    case KEY_INT: fprintf(out, "%" PRId64, int_of(key, c)); break;
    case KEY_REAL:
        value_digits(room, sizeof room, real_of(key, c));
        fputs(room, out);
        break;
    case KEY_TEXT:
        if (plain(text_at(key, c)))
            fputs(text_at(key, c), out);
        else
            value_quote(out, text_at(key, c), 0);
        break;
    case KEY_CHOICE:
        for (uint32_t i = 0; i < key->choice_count; i++)
            if (key->choices[i].val == int_of(key, c))
                fputs(key->choices[i].str, out);
        break;
    }
}

int value_equal(const config_key *key, const config *a, const config *b)
{
    switch (key->kind) {
    case KEY_REAL: return real_of(key, a) == real_of(key, b);
    case KEY_TEXT: return strcmp(text_at(key, a), text_at(key, b)) == 0;
    default: return int_of(key, a) == int_of(key, b);
    }
}
