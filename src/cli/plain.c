#include "cli/plain.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

enum { LINE_SIZE = 4096 };

const char *plain_line(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text);
    error_make_line(out);
    return out;
}

void plain_print(const char *text)
{
    char line[LINE_SIZE];
    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");
        const size_t fits = length < sizeof line ? length : sizeof line - 1;
        memcpy(line, text, fits);
        line[fits] = '\0';
        error_make_line(line);
        (void)puts(line);
        text += length + (text[length] == '\n');
    }
}
