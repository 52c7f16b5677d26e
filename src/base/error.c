#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#undef error_set /* macros under the analyzer */
#undef error_prefix

enum { MESSAGE_SIZE = 1024 };

static _Thread_local char message[MESSAGE_SIZE];

int error_set(int code, const char *format, ...)
{
    char text[MESSAGE_SIZE]; /* arguments may point into the old message */
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_make_plain(text);
    memcpy(message, text, sizeof text);
    return code;
}

int error_prefix(int code, const char *format, ...)
{
    char context[MESSAGE_SIZE];
    char text[2 * MESSAGE_SIZE + 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(context, sizeof context, format, args);
    va_end(args);
    (void)snprintf(text, sizeof text, "%s: %s", context, message);
    text_make_plain(text);
    memcpy(message, text, sizeof message);
    message[MESSAGE_SIZE - 1] = '\0';
    return code;
}

const char *error_message(void)
{
    return message;
}

int error_exit_code(int code)
{
    switch (code) {
    case LS_OK: return EXIT_DONE;
    case LS_EUSAGE: return EXIT_USAGE;
    case LS_ENUMERIC: return EXIT_NUMERIC;
    default: return EXIT_FAILED;
    }
}
