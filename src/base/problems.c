#include "base/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

void problems_add(problems *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (p->count < PROBLEMS_SHOWN) {
        (void)vsnprintf(p->shown[p->count], PROBLEM_SIZE, format, args);
        text_make_plain(p->shown[p->count]);
    }
    va_end(args);
    p->count++;
}

void problems_add_error(problems *p, const char *file)
{
    const char *text = error_message();
    const size_t length = strlen(file);
    if (strncmp(text, file, length) == 0 && strncmp(text + length, ": ", 2) == 0) {
        text += length + 2;
    }
    problems_add(p, "%s", text);
}

char *problems_text(char *out, size_t size, const problems *p)
{
    size_t at = 0;
    const size_t shown = p->count < PROBLEMS_SHOWN ? p->count : PROBLEMS_SHOWN;
    if (size > 0) {
        out[0] = '\0';
    }
    for (size_t i = 0; i < shown && at < size; i++) {
        const int n = snprintf(out + at, size - at, "%s%s", i == 0 ? "" : "; ", p->shown[i]);
        at += n > 0 ? (size_t)n : 0;
    }
    if (p->count > shown && at < size) {
        (void)snprintf(out + at, size - at, "; and %zu more", p->count - shown);
    }
    return out;
}
