#include "config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"

/* The digits of x, as few as read back to x. */
static void digits_of(char out[32], double x)
{
    enum { SIZE = 32 };
    if (x == floor(x) && fabs(x) < 1e9) { /* "1000", where the shortest form would be "1e+03" */
        (void)snprintf(out, SIZE, "%.0f", x);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(out, SIZE, "%.*g", digits, x);
        if (strtod(out, NULL) == x) {
            return;
        }
    }
}

void value_allowed(text_builder *out, const config_key *key)
{
    char low[32];
    char high[32];
    switch (key->kind) {
    case KEY_INT:
        if (key->step == 1) {
            text_add(out, "%" PRId64 " to %" PRId64, key->min, key->max);
            break;
        }
        for (int64_t v = key->min; v <= key->max; v += key->step) {
            text_add(out, "%s%" PRId64, v == key->min ? "" : ", ", v);
        }
        break;
    case KEY_REAL:
    case KEY_RGB:
        digits_of(low, key->low);
        digits_of(high, key->high);
        text_add(out, "%s", key->kind == KEY_RGB ? "three numbers with commas between, " : "");
        text_add(out, key->above ? "above %s up to %s" : "%s to %s", low, high);
        break;
    case KEY_TEXT:
        text_add(out, "%s",
                 key->plain_name ? "a name without slashes"
                 : key->is_path  ? "a path"
                                 : "a text on one line");
        break;
    case KEY_BOOL:
    case KEY_CHOICE:
        for (const config_choice *choice = key->choices; choice->name != NULL; choice++) {
            text_add(out, "%s%s", choice == key->choices ? "" : ", ", choice->name);
        }
        break;
    }
}

static void *field_of(const config_key *key, config *c)
{
    return (char *)c + key->offset;
}

/* Fields of 4 bytes and of 8 hold the same numbers, as none is negative. */
static void set_whole(const config_key *key, config *c, int64_t value)
{
    void *field = field_of(key, c);
    if (key->kind == KEY_BOOL) {
        *(bool *)field = value != 0;
    } else if (key->size == sizeof value) {
        *(int64_t *)field = value;
    } else {
        *(int *)field = (int)value;
    }
}

static const char *set_int(config *c, const config_key *key, const char *text)
{
    const char *digits = text + (*text == '-' || *text == '+');
    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0') {
        return "not a whole number";
    }
    errno = 0;
    const long long v = strtoll(text, NULL, 10);
    if (errno != 0 || v < key->min || v > key->max || (v - key->min) % key->step != 0) {
        return "out of range";
    }
    set_whole(key, c, v);
    return NULL;
}

/* One number; NULL, or what is wrong with it. */
static const char *read_real(double *out, const config_key *key, const char *text)
{
    char *end = NULL;
    if (*text == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0') {
        return "not a number";
    }
    errno = 0;
    const double v = strtod(text, &end);
    if (end == text || *end != '\0') {
        return "not a number";
    }
    if ((errno != 0 && fabs(v) > 1) || !(v >= key->low && v <= key->high) || (key->above && !(v > key->low))) {
        return "out of range";
    }
    if (errno != 0) {
        return "too small to differ from 0";
    }
    *out = v;
    return NULL;
}

static const char *set_real(config *c, const config_key *key, const char *text)
{
    return read_real(field_of(key, c), key, text);
}

static const char *set_rgb(config *c, const config_key *key, const char *text)
{
    char room[100];
    double values[3];
    char *rest = room;
    const char *reason = NULL;
    if (strlen(text) >= sizeof room) {
        return "not three numbers with commas between";
    }
    memcpy(room, text, strlen(text) + 1);
    for (int i = 0; reason == NULL && i < 3; i++) {
        char *const number = strsep(&rest, ",");
        reason = number == NULL ? "not three numbers with commas between" : read_real(&values[i], key, number);
    }
    if (reason == NULL && rest == NULL) {
        memcpy(field_of(key, c), values, sizeof values);
    }
    return reason != NULL || rest == NULL ? reason : "not three numbers with commas between";
}

static const char *set_choice(config *c, const config_key *key, const char *text)
{
    for (const config_choice *choice = key->choices; choice->name != NULL; choice++) {
        if (strcmp(text, choice->name) == 0) {
            set_whole(key, c, choice->value);
            return NULL;
        }
    }
    return key->kind == KEY_BOOL ? "neither true nor false" : "not one of its values";
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

static const char *check_text(const config_key *key, const char *text)
{
    enum { LONGEST = 4000 }; /* bytes; a path may have 4,095 */
    if (*text == '\0' && !key->may_be_empty) {
        return "empty";
    }
    if (strlen(text) > LONGEST) {
        return "too long";
    }
    for (const char *s = text; *s != '\0';) {
        const size_t n = character(s);
        if (n == 0) {
            return "not printable UTF-8 on one line";
        }
        s += n;
    }
    if (key->plain_name && (strchr(text, '/') != NULL || *text == '.' || *text == '-' || strlen(text) > 200)) {
        return "not a plain file name (no slash, no leading dot or dash, at most 200 bytes)";
    }
    return NULL;
}

/* "~/data.h5" as a shell would have it; in YAML and after --set=, no shell does that. */
static char *expand_home(const char *text)
{
    char *path = NULL;
    const char *home = getenv("HOME");
    if (home == NULL || text[0] != '~' || (text[1] != '/' && text[1] != '\0')) {
        return strdup(text);
    }
    return asprintf(&path, "%s%s", home, text + 1) < 0 ? NULL : path;
}

/* A checked text. */
static int set_text(config *c, const config_key *key, const char *text)
{
    char *copy = key->is_path ? expand_home(text) : strdup(text);
    if (copy == NULL) {
        return LS_ENOMEM;
    }
    value_free(c, key);
    memcpy(field_of(key, c), &copy, sizeof copy);
    return LS_OK;
}

int value_set(config *c, const config_key *key, const char *text, bool quoted, const char **reason)
{
    *reason = NULL;
    if (quoted && key->kind != KEY_TEXT && key->kind != KEY_CHOICE && key->kind != KEY_RGB) {
        *reason = key->kind == KEY_BOOL ? "a text in quotes, not true or false" : "a text in quotes, not a number";
        return LS_EUSAGE;
    }
    switch (key->kind) {
    case KEY_INT: *reason = set_int(c, key, text); break;
    case KEY_REAL: *reason = set_real(c, key, text); break;
    case KEY_RGB: *reason = set_rgb(c, key, text); break;
    case KEY_BOOL:
    case KEY_CHOICE: *reason = set_choice(c, key, text); break;
    case KEY_TEXT: *reason = check_text(key, text); return *reason == NULL ? set_text(c, key, text) : LS_EUSAGE;
    }
    return *reason == NULL ? LS_OK : LS_EUSAGE;
}

void value_quote(text_builder *out, const char *text, size_t most)
{
    const size_t length = strlen(text);
    const size_t shown = most > 0 && length > most ? most : length;
    text_add(out, "\"");
    for (size_t i = 0; i < shown;) {
        const unsigned char c = (unsigned char)text[i];
        uint32_t wide = 0;
        const size_t n = text_decode(text + i, &wide);
        if (c == '"' || c == '\\') {
            text_add(out, "\\%c", c);
        } else if (c < 0x20 || c == 0x7f) {
            text_add(out, "\\x%02x", c);
        } else if (n > 1 && !text_is_shown(wide) && wide <= 0xffff) { /* what printing it would make a `?` of */
            text_add(out, "\\u%04x", (unsigned)wide);
        } else {
            text_add_bytes(out, text + i, n > 0 ? n : 1);
        }
        i += n > 0 ? n : 1;
    }
    text_add(out, "%s", shown < length ? "...\"" : "\"");
}

/* Whether text can stand in YAML without quotes and is read back as itself. */
static bool plain(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.-";
    return *text != '\0' && *text != '-' && *text != '.' && text[strspn(text, letters)] == '\0' &&
           strcasecmp(text, "null") != 0;
}

static const void *seen_field_of(const config_key *key, const config *c)
{
    return (const char *)c + key->offset;
}

static int64_t whole_of(const config_key *key, const config *c)
{
    const void *field = seen_field_of(key, c);
    if (key->kind == KEY_BOOL) {
        return *(const bool *)field;
    }
    return key->size == sizeof(int64_t) ? *(const int64_t *)field : *(const int *)field;
}

static double real_of(const config_key *key, const config *c)
{
    return *(const double *)seen_field_of(key, c);
}

static const double *rgb_of(const config_key *key, const config *c)
{
    return seen_field_of(key, c);
}

const char *value_text(const config_key *key, const config *c)
{
    return *(const char *const *)seen_field_of(key, c);
}

void value_free(config *c, const config_key *key)
{
    char *text = NULL;
    if (key->kind == KEY_TEXT) {
        memcpy(&text, field_of(key, c), sizeof text);
        free(text);
        memset(field_of(key, c), 0, sizeof text);
    }
}

void value_print(text_builder *out, const config_key *key, const config *c)
{
    char room[32];
    switch (key->kind) {
    case KEY_INT: text_add(out, "%" PRId64, whole_of(key, c)); break;
    case KEY_REAL:
        digits_of(room, real_of(key, c));
        text_add(out, "%s", room);
        break;
    case KEY_RGB:
        for (int i = 0; i < 3; i++) {
            digits_of(room, rgb_of(key, c)[i]);
            text_add(out, "%s%s", i == 0 ? "\"" : ",", room);
        }
        text_add(out, "\"");
        break;
    case KEY_TEXT:
        if (plain(value_text(key, c))) {
            text_add(out, "%s", value_text(key, c));
        } else {
            value_quote(out, value_text(key, c), 0);
        }
        break;
    case KEY_BOOL:
    case KEY_CHOICE:
        for (const config_choice *choice = key->choices; choice->name != NULL; choice++) {
            if (choice->value == whole_of(key, c)) {
                text_add(out, "%s", choice->name);
            }
        }
        break;
    }
}

static bool same_rgb(const double *a, const double *b)
{
    return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

bool value_equal(const config_key *key, const config *a, const config *b)
{
    switch (key->kind) {
    case KEY_REAL: return real_of(key, a) == real_of(key, b);
    case KEY_RGB: return same_rgb(rgb_of(key, a), rgb_of(key, b));
    case KEY_TEXT: return strcmp(value_text(key, a), value_text(key, b)) == 0;
    default: return whole_of(key, a) == whole_of(key, b);
    }
}
