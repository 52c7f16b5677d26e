#include "base/json.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <string.h>

enum { LINES_TO_DEPTH = JSON_ONE_LINE - 1, INDENT = 2 };

static void write_text(json *j, const char *text)
{
    (void)fputc('"', j->to);
    for (const char *at = text; *at != '\0'; at++) {
        const unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\') {
            (void)fprintf(j->to, "\\%c", c);
        } else if (c < 0x20 || c == 0x7f) {
            (void)fprintf(j->to, "\\u%04x", c);
        } else if (c == 0xc2 && (unsigned char)at[1] >= 0x80 && (unsigned char)at[1] <= 0x9f) { /* U+0080 to U+009F */
            (void)fprintf(j->to, "\\u%04x", (unsigned char)at[1]);
            at++;
        } else {
            (void)fputc(c, j->to);
        }
    }
    (void)fputc('"', j->to);
}

/* What stands before an element, or before the bracket that closes: a line of its own in the outer containers. */
static void space(json *j)
{
    if (j->depth <= LINES_TO_DEPTH) {
        (void)fprintf(j->to, "\n%*s", j->depth * INDENT, "");
    }
}

static void begin(json *j, const char *key)
{
    if (j->began) {
        (void)fputs(j->depth <= LINES_TO_DEPTH ? "," : ", ", j->to);
    }
    if (j->depth > 0) {
        space(j);
    }
    if (key != NULL) {
        write_text(j, key);
        (void)fputs(": ", j->to);
    }
    j->began = 1;
}

void json_open(json *j, const char *key, char bracket)
{
    begin(j, key);
    (void)fputc(bracket, j->to);
    j->depth++;
    j->began = 0;
}

void json_close(json *j, char bracket)
{
    j->depth--;
    if (j->began && j->depth < LINES_TO_DEPTH) {
        space(j);
    }
    (void)fputc(bracket, j->to);
    j->began = 1;
    if (j->depth == 0) {
        (void)fputc('\n', j->to);
    }
}

void json_text(json *j, const char *key, const char *value)
{
    begin(j, key);
    write_text(j, value);
}

void json_number(json *j, const char *key, double value)
{
    char digits[64];
    begin(j, key);
    if (!isfinite(value)) {
        (void)fputs("null", j->to);
        return;
    }
    (void)snprintf(digits, sizeof digits, "%.9g", value);
    const char *point = localeconv()->decimal_point;
    char *found = strstr(digits, point);
    if (found != NULL && strcmp(point, ".") != 0) {
        *found = '.';
        memmove(found + 1, found + strlen(point), strlen(found + strlen(point)) + 1);
    }
    (void)fputs(digits, j->to);
}

void json_whole(json *j, const char *key, int64_t value)
{
    begin(j, key);
    (void)fprintf(j->to, "%" PRId64, value);
}

void json_thousandths(json *j, const char *key, int64_t value)
{
    const uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    begin(j, key);
    (void)fprintf(j->to, "%s%" PRIu64 ".%03" PRIu64, value < 0 ? "-" : "", size / 1000, size % 1000);
}
