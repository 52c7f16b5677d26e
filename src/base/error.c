#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#undef error_set /* macros under the analyzer */
#undef error_prefix

static _Thread_local char message[ERROR_MESSAGE_SIZE];

int error_set(int code, const char *format, ...)
{
    char text[ERROR_MESSAGE_SIZE]; /* arguments may point into the old message */
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
    char context[ERROR_MESSAGE_SIZE];
    char text[2 * ERROR_MESSAGE_SIZE + 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(context, sizeof context, format, args);
    va_end(args);
    (void)snprintf(text, sizeof text, "%s: %s", context, message);
    text_make_plain(text);
    memcpy(message, text, sizeof message);
    message[ERROR_MESSAGE_SIZE - 1] = '\0';
    return code;
}

const char *error_message(void)
{
    return message;
}

void error_save(saved_error *out, int code)
{
    out->code = code;
    memcpy(out->message, message, sizeof out->message);
}

int error_restore(const saved_error *e)
{
    if (e->code != LS_OK) {
        memcpy(message, e->message, sizeof message);
    }
    return e->code;
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
