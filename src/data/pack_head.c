#include "data/pack_head.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "data/pack.h"
#include "data/pack_names.h"
#include "data/pack_row.h"
#include "data/pack_text.h"

static int take_head(pack_head *head, pack_text *t)
{
    int more = pack_text_next(t);
    while (more == 1 && head->count < PACK_HEAD_LINES) {
        if (!pack_row_is_blank(t->line, '\t')) {
            head->first = head->count == 0 ? t->number : head->first;
            head->lines[head->count] = strdup(t->line);
            if (head->lines[head->count] == NULL) {
                return error_set(LS_ENOMEM, "%s: no memory for its first lines", t->path);
            }
            head->count++;
        }
        more = pack_text_next(t);
    }
    return more < 0 ? more : LS_OK;
}

int pack_head_read(pack_head *head, const char *path)
{
    pack_text t = {.file = -1};
    *head = (pack_head){0};
    int code = pack_text_open(&t, path, PACK_HEAD_LINE);
    head->utf16 = code == LS_EFORMAT && !t.gzip;
    if (code == LS_OK) {
        code = take_head(head, &t);
    }
    pack_text_close(&t);
    return code;
}

void pack_head_release(pack_head *head)
{
    for (size_t i = 0; i < head->count; i++) {
        free(head->lines[i]);
    }
    head->count = 0;
}

/* Whether all lines have as many cells as the first, and more than one. */
static bool divides(const pack_head *head, char separator)
{
    const size_t n = pack_row_count(head->lines[0], separator);
    for (size_t i = 1; i < head->count; i++) {
        if (pack_row_count(head->lines[i], separator) != n) {
            return false;
        }
    }
    return n > 1;
}

/* Whether one of a line's words is called as pictures are. */
static bool has_picture(const char *line)
{
    char word[1024];
    for (const char *at = line; *at != '\0';) {
        const size_t n = strcspn(at, " ");
        if (n < sizeof word) {
            memcpy(word, at, n);
            word[n] = '\0';
            if (pack_is_picture_name(word)) {
                return true;
            }
        }
        at += n + (at[n] == ' ');
    }
    return false;
}

char pack_head_separator(const pack_head *head)
{
    static const char separators[] = {'\t', ';', ','};
    if (head->count == 0) {
        return '\0';
    }
    for (size_t i = 0; i < sizeof separators; i++) {
        if (divides(head, separators[i])) {
            return separators[i];
        }
    }
    const char most = pack_row_separator(head->lines[0], 0);
    if (pack_row_count(head->lines[0], most) > 1) {
        return most;
    }
    return divides(head, ' ') && pack_row_count(head->lines[0], ' ') <= 3 && has_picture(head->lines[head->count - 1])
               ? ' '
               : '\0';
}

/* Text, as far as its characters go. */
static bool is_text(const char *line)
{
    uint32_t character = 0;
    size_t n = 1;
    for (; *line != '\0' && n > 0; line += n) {
        n = text_decode(line, &character);
        if (character < ' ' && character != '\t') {
            return false;
        }
    }
    return n > 0;
}

bool pack_is_manifest(const char *path)
{
    struct stat info;
    pack_head head = {0};
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
        return false;
    }
    (void)pack_head_read(&head, path); /* what is wrong further on is said when it is packed */
    const bool is = head.utf16 || (head.count > 0 && is_text(head.lines[0]) && pack_head_separator(&head) != '\0');
    pack_head_release(&head);
    return is;
}
