#include "data/pack_row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

int pack_row_reserve(pack_row *r, size_t cells)
{
    r->cells = calloc(cells, sizeof *r->cells);
    r->capacity = cells;
    return r->cells == NULL ? error_set(LS_ENOMEM, "pack: no memory for %zu columns", cells) : LS_OK;
}

void pack_row_release(pack_row *r)
{
    free(r->cells);
    *r = (pack_row){0};
}

static size_t count_outside_quotes(const char *line, char wanted)
{
    size_t n = 0;
    bool quoted = false;
    for (const char *at = line; *at != '\0'; at++) {
        quoted = quoted != (*at == '"');
        n += !quoted && *at == wanted;
    }
    return n;
}

size_t pack_row_count(const char *line, char separator)
{
    return 1 + count_outside_quotes(line, separator);
}

bool pack_row_is_blank(const char *line, char separator)
{
    return line[strspn(line, separator == '\t' ? " " : " \t")] == '\0';
}

char pack_row_separator(const char *line, size_t columns)
{
    static const char separators[] = {'\t', ';', ','};
    size_t most = 0;
    char best = ',';
    for (size_t i = 0; i < sizeof separators; i++) {
        const size_t n = count_outside_quotes(line, separators[i]);
        if (n + 1 == columns && n > 0) {
            return separators[i];
        }
        if (n > most) {
            most = n;
            best = separators[i];
        }
    }
    return best;
}

static char *skip_blanks(char *at, char separator)
{
    while ((*at == ' ' || *at == '\t') && *at != separator) {
        at++;
    }
    return at;
}

/* Take the quotes off a cell that begins behind one. Returns where it ended, behind the closing quote, or NULL. */
static char *unquote(char *cell)
{
    char *to = cell;
    for (char *at = cell; *at != '\0'; at++) {
        if (*at == '"' && at[1] != '"') {
            *to = '\0';
            return at + 1;
        }
        at += *at == '"';
        *to++ = *at;
    }
    return NULL;
}

/* End a cell without quotes where its text ends. Returns where the separator, or the end of the line, is. */
static char *end_plain(char *cell, char separator, char *found)
{
    char *end = cell;
    while (*end != '\0' && *end != separator) {
        end++;
    }
    *found = *end;
    char *last = end;
    while (last > cell && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }
    *last = '\0';
    return end;
}

/* Cut off the cell that begins at *at, which moves behind it. *found: what ended it, a separator or '\0'. */
static const char *cut_cell(char **cell, char **at, char separator, char *found)
{
    *cell = skip_blanks(*at, separator);
    char *end = NULL;
    if (**cell == '"') {
        end = unquote(++*cell);
        if (end == NULL) {
            return "has a quote that is not closed";
        }
        end = skip_blanks(end, separator);
        *found = *end;
        if (*end != '\0' && *end != separator) {
            return "has text behind a closing quote";
        }
    } else {
        end = end_plain(*cell, separator, found);
    }
    *at = end + 1;
    return NULL;
}

const char *pack_row_cut(pack_row *r, char *line, char separator)
{
    char *at = line;
    char found = separator;
    r->count = 0;
    while (found != '\0') {
        char *cell = NULL;
        const char *wrong = cut_cell(&cell, &at, separator, &found);
        if (wrong != NULL) {
            return wrong;
        }
        if (r->count < r->capacity) {
            r->cells[r->count] = cell;
        }
        r->count++;
    }
    return NULL;
}

bool pack_cell_number(double *out, const char *cell)
{
    char *end = NULL;
    if (cell[0] == '\0' || cell[strspn(cell, "0123456789+-.eE")] != '\0') {
        return false;
    }
    *out = strtod(cell, &end);
    return end != cell && *end == '\0' && isfinite(*out);
}
